/**
 * What a run found beside the common counts. Every field is measured, and absent where the lab does not ask for it; the
 * names are those of the result object (`lab run … --json`).
 */
export interface Findings extends ClientFindings {
  /** Requests of the busiest server over the mean of all that were to serve; 1 is perfectly even. Absent without answers. */
  readonly maxOverMean?: number;
  /** Share of answers that were no error (HTTP below 500, gRPC none of the server's fault) among all requests sent, in %. */
  readonly availability?: number;
  /** Where sessions are kept: "memory" (of each server), "built-in", "redis-server 7.0.15", "redis://127.0.0.1:6379". */
  readonly store?: string;
}

/** What the clients found in the answers. */
export interface ClientFindings {
  readonly sessions?: SessionFindings;
}

/** created = kept + lost, at every moment. */
export interface SessionFindings {
  /** Logins that succeeded. */
  readonly created: number;
  /** Sessions that their clients still go on with. */
  readonly kept: number;
  /** Times a client that was logged in was answered as a stranger. */
  readonly lost: number;
}

/** What a lab may ask to be measured of a run as a whole (lab.yaml, `measures`). */
export const MEASURES = ['maxOverMean', 'availability'] as const;
export type Measure = (typeof MEASURES)[number];
