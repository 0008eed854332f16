import type { TrafficLab } from '../compose';

/** Runs the arm that a lens names; from the palette, the selected arm of the lab whose file is open, else of the first. */
export async function runLab(trafficLab: TrafficLab, argument?: unknown): Promise<void> {
  const { lab, arm } = (argument ?? {}) as { readonly lab?: unknown; readonly arm?: unknown };
  const session = await trafficLab.session();
  await session?.runFromEditor(typeof lab === 'string' ? lab : undefined, typeof arm === 'string' ? arm : undefined);
}
