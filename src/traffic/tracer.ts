/** Requests traced per report at most. */
export const SAMPLES_PER_REPORT = 20;

/**
 * Chooses which requests are followed one by one ("why this backend?"): the first that starts in each slice of a report's
 * time, so that the sample is spread over time whatever the rate is.
 */
export class Tracer {
  readonly #sliceMs: number;
  #slice = -1;
  #count = 0;

  constructor(reportMs: number) {
    this.#sliceMs = reportMs / SAMPLES_PER_REPORT;
  }

  /** The trace id of a request that starts now, or null: it is not followed. `atMs` is ms since the run began. */
  next(atMs: number): string | null {
    const slice = Math.floor(atMs / this.#sliceMs);
    if (slice <= this.#slice) return null;
    this.#slice = slice;
    this.#count += 1;
    return `r${this.#count}`;
  }
}
