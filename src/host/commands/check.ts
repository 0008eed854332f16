import type { TrafficLab } from '../compose';

/** Checks the exercise that a lens names; from the palette, the one whose file is open, else one of the reader's choice. */
export async function check(trafficLab: TrafficLab, argument?: unknown): Promise<void> {
  const { lab, exercise } = (argument ?? {}) as { readonly lab?: unknown; readonly exercise?: unknown };
  const session = await trafficLab.session();
  await session?.checkFromEditor(
    typeof lab === 'string' && typeof exercise === 'string' ? { lab, exercise } : undefined,
  );
}
