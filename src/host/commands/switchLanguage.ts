import type { TrafficLab } from '../compose';

/** Shows the course in the next of its languages, and keeps to that. */
export async function switchLanguage(trafficLab: TrafficLab): Promise<void> {
  await (await trafficLab.session())?.switchLanguage();
}
