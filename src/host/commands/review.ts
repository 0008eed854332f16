import type { TrafficLab } from '../compose';

/** Shows the questions that are due, one by one. */
export async function review(trafficLab: TrafficLab): Promise<void> {
  await trafficLab.show('review');
}
