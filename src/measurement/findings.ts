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
  /**
   * Of one request, in bytes, on average. `request` and `response`: the encoded message as it travels (compressed, where it
   * is), without HTTP's or gRPC's framing; `onWire`: everything that the clients' sockets wrote and read since the first
   * request, headers and framing with it, TCP's and IP's own headers not.
   */
  readonly bytes?: { readonly request: number; readonly response: number; readonly onWire: number };
  /** From the object to its bytes and back in the client's runtime, without compression: mean of all requests, µs. */
  readonly encodeMicros?: number;
  readonly decodeMicros?: number;
  readonly typeCheck?: TypeCheck;
  /** Where a browser is the client: what its scripts tried, and in its words what came of it. */
  readonly browser?: { readonly tried: string; readonly said: string };
  /** Messages within streams, as the clients counted them. */
  readonly streamed?: { readonly streams: number; readonly toServer: number; readonly toClient: number };
  /** The same over time: those of each slot that begins `atMs` after the first request. */
  readonly streamedOverTime?: readonly {
    readonly atMs: number;
    readonly toServer: number;
    readonly toClient: number;
  }[];
}

/** What became of a message with a text where a whole number belongs. */
export interface TypeCheck {
  /** The field that was wrong. */
  readonly field: string;
  /** 'at run time': it was sent, and the server refused it; 'before sending': the client's own types did. */
  readonly caught: 'at run time' | 'before sending' | 'not at all';
  /** Who noticed: a server's id or 'client'. */
  readonly by: string;
  /** Status of the answer; null: nothing was sent. */
  readonly status: string | null;
  /** In the words of who noticed. */
  readonly text: string;
  /** What arrives in place of the wrong value when a client without types sends it; absent where the server refuses it. */
  readonly arrivesAs?: string;
}

/** What a lab may ask to be measured of a run as a whole (lab.yaml, `measures`). */
export const MEASURES = ['maxOverMean', 'availability', 'serverLatency'] as const;
export type Measure = (typeof MEASURES)[number];
