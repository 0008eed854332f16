import type { TrafficLab } from '../compose';

/** Forgets what the reader did in the course, after asking. */
export async function resetProgress(trafficLab: TrafficLab): Promise<void> {
  await (await trafficLab.session())?.resetProgress();
}
