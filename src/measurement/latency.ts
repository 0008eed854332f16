import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Latency } from './snapshot';

/** An hour in microseconds: nothing in a lab waits longer. */
const HIGHEST_US = 3_600_000_000;

/**
 * Latencies of any number of requests in constant memory: a high dynamic range histogram (HdrHistogram, Gil Tene) in
 * microseconds with 3 significant figures, so that p99 of a long run is as exact as that of a short one.
 */
export class LatencyRecorder {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: HIGHEST_US, figures: 3 });

  /** Milliseconds, with a fraction. */
  record(ms: number): void {
    this.#histogram.record(Math.min(HIGHEST_US, Math.max(1, Math.round(ms * 1000))));
  }

  /** Milliseconds; all 0 when nothing was recorded. */
  summary(): Latency {
    if (this.#histogram.count === 0) return { p50: 0, p90: 0, p99: 0, max: 0 };
    const at = (percentile: number): number => this.#histogram.percentile(percentile) / 1000;
    return { p50: at(50), p90: at(90), p99: at(99), max: this.#histogram.max / 1000 };
  }
}
