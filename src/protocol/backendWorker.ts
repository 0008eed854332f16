/** Messages between whoever runs a lab and one backend worker (one thread per backend, so that killing one is real). */

export type BackendProtocol = 'rest' | 'grpc';

/** How much a backend can do: beyond `slots` at once requests wait, beyond `queue` waiting they are refused. */
export interface Capacity {
  /** Requests served at the same time. */
  readonly slots: number;
  /** Requests that may wait for a slot; one more is answered 503 / RESOURCE_EXHAUSTED. */
  readonly queue: number;
  /** Mean service time, ms. */
  readonly serviceTimeMs: number;
  readonly distribution: 'fixed' | 'exponential';
}

/** What is wrong with a backend, set while it runs. */
export interface Fault {
  /** Multiplies the service time; 1 is healthy. */
  readonly slowFactor: number;
  /** Share of requests answered 500 / INTERNAL, 0 to 1. */
  readonly errorRate: number;
}

/**
 * What a backend does for its callers. One file in src/backends/services implements each, for the protocols it speaks.
 */
export type Service =
  /** The orders of a shop; all four gRPC call kinds. */
  | { readonly kind: 'orders' }
  /** Answers messages with themselves, and streams notes (messages.proto). */
  | { readonly kind: 'messages' };

/** What a backend worker starts with. */
export interface BackendStart {
  readonly id: string;
  readonly service: Service;
  /** Ports as the lab's configuration declares them (0: any). Where one is taken the system gives another. */
  readonly listen: readonly { readonly protocol: BackendProtocol; readonly port: number }[];
  readonly capacity: Capacity;
  /** `grpc.max_connection_age_ms`; null: never. */
  readonly maxConnectionAgeMs: number | null;
  /** Int32 counters, written with Atomics so that they outlive the thread: see COUNTER. */
  readonly counters: SharedArrayBuffer;
  readonly seed: number;
}

/** Index of each counter in BackendStart.counters (Int32Array). */
export const COUNTER = {
  connectionsAccepted: 0,
  connectionsOpen: 1,
  received: 2,
  answered: 3,
  rejected: 4,
  inFlight: 5,
  queued: 6,
  /** Requests whose client went away before the answer: received = answered + abandoned + inFlight + queued. */
  abandoned: 7,
} as const;
export const COUNTER_BYTES = 16 * Int32Array.BYTES_PER_ELEMENT;

export type ToBackend =
  | { readonly type: 'fault'; readonly fault: Fault }
  /** Refuse new connections, finish what runs, then exit. */
  | { readonly type: 'drain' }
  /**
   * Die as a killed process does: every connection is cut at once, nothing is counted any more, the thread ends. Never
   * use Worker.terminate() for this: a thread that is terminated while HTTP/2 data arrives aborts the whole process
   * (seen on Node 24; stream_base.cc: onread->IsFunction()). Terminate only a thread that did not end by itself.
   */
  | { readonly type: 'kill' }
  | { readonly type: 'close' };

export type FromBackend =
  | {
      readonly type: 'listening';
      readonly listen: readonly {
        readonly protocol: BackendProtocol;
        readonly declaredPort: number;
        readonly actualPort: number;
      }[];
    }
  | { readonly type: 'failed'; readonly code: string; readonly text: string };

/** Header (REST) and metadata key (gRPC) by which a backend signs its answers. */
export const SERVER_HEADER = 'x-lab-server';
/**
 * On answers: "<remote port of the connection as the backend saw it>/<requests that connection had carried before this one>",
 * for example "51234/17". The port names the connection in "why this backend?".
 */
export const CONNECTION_HEADER = 'x-lab-connection';
/** On requests the client samples: the sample's id. The balancer records its decision for requests that carry it. */
export const TRACE_HEADER = 'x-lab-trace';
