import type { TrafficLab } from '../compose';

/** Shows the course; the tree passes the anchor to go to. */
export async function openCourse(trafficLab: TrafficLab, anchor?: unknown): Promise<void> {
  await trafficLab.openCourse(typeof anchor === 'string' ? anchor : undefined);
}
