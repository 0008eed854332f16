import type { TrafficLab } from '../compose';

/** Opens the reader's copy of the selected arm's configuration beside the course. */
export async function openConfiguration(trafficLab: TrafficLab): Promise<void> {
  await (await trafficLab.session())?.openConfiguration();
}
