import type { Latency } from './snapshot';

/**
 * What a run found beside the common counts. Every field is measured, and absent where the lab does not ask for it; the
 * names are those of the result object (`lab run … --json`).
 */
export interface Findings extends ClientFindings {
  /** Requests of the busiest server over the mean of all that were to serve; 1 is perfectly even. Absent without answers. */
  readonly maxOverMean?: number;
  /** Of each server's answers as the clients saw them. */
  readonly serverLatency?: readonly ({ readonly id: string } & Latency)[];
  /** Share of answers that were no error (HTTP below 500, gRPC none of the server's fault) among all requests sent, in %. */
  readonly availability?: number;
}

/** What the clients found in the answers. */
export interface ClientFindings {
  /** Share of the clients (0 to 1) that another server answers than before a server joined. Absent until one joined. */
  readonly moved?: number;
}

/** What a lab may ask to be measured of a run as a whole (lab.yaml, `measures`). */
export const MEASURES = ['maxOverMean', 'availability', 'serverLatency'] as const;
export type Measure = (typeof MEASURES)[number];
