import type { TrafficLab } from '../compose';

/** Shows what the reader has read, run and answered, and what is weak. */
export async function showProgress(trafficLab: TrafficLab): Promise<void> {
  await trafficLab.show('progress');
}
