/** Requests per second over time, from the 100 ms slots of a snapshot. No DOM. */
export interface RateSeries {
  /** Seconds since the run began, the middle of each bucket. */
  readonly seconds: readonly number[];
  readonly perSecond: readonly number[];
  readonly peak: number;
  readonly mean: number;
}

const SLOT_SECONDS = 0.1;

/**
 * Buckets of several slots, so that a point is at least 200 ms (a single slot of 40 requests jumps by a tenth from noise
 * alone) and a long run stays within `maxPoints`. The last, still filling bucket is left out while the run goes on.
 */
export function rateSeries(slots: readonly number[], running: boolean, maxPoints = 150): RateSeries {
  const size = Math.max(2, Math.ceil(slots.length / maxPoints));
  const seconds: number[] = [];
  const perSecond: number[] = [];
  let total = 0;
  for (let start = 0; start < slots.length; start += size) {
    const bucket = slots.slice(start, start + size);
    const answered = bucket.reduce((sum, n) => sum + n, 0);
    total += answered;
    if (running && bucket.length < size) break;
    seconds.push((start + bucket.length / 2) * SLOT_SECONDS);
    perSecond.push(answered / (bucket.length * SLOT_SECONDS));
  }
  return {
    seconds,
    perSecond,
    peak: perSecond.reduce((max, n) => Math.max(max, n), 0),
    mean: slots.length === 0 ? 0 : total / (slots.length * SLOT_SECONDS),
  };
}
