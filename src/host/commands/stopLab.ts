import type { TrafficLab } from '../compose';

/** Stops the lab that runs, wherever the reader is. */
export async function stopLab(trafficLab: TrafficLab): Promise<void> {
  await trafficLab.stopLab();
}
