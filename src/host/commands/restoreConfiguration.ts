import type { TrafficLab } from '../compose';

/** Puts the original configuration back, after asking. */
export async function restoreConfiguration(trafficLab: TrafficLab): Promise<void> {
  await (await trafficLab.session())?.restoreConfiguration();
}
