import type { Outcome } from '../measurement/snapshot';
import type { PublicKey } from './tokens';

/** Messages between whoever runs a lab and one backend worker (one thread per backend, so that killing one is real). */

export type BackendProtocol = 'rest' | 'grpc';

/** A certificate and its key, PEM. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}

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
  /** The shop's users, by id. `name`: what this one is called where there is more than one such service. */
  | { readonly kind: 'users'; readonly name?: string }
  /** Files below a folder, an absolute path. REST only. */
  | { readonly kind: 'files'; readonly root: string }
  /** Says of a request whether its token holds, for `auth_request`. REST only. */
  | { readonly kind: 'verifier' }
  /** Log in, ask who one is, keep a cart: with sessions, in the server's memory or in BackendStart.store. REST only. */
  | { readonly kind: 'sessions' }
  /** The shop's edge: answers from what it asks the services inside (BackendStart.calls). */
  | { readonly kind: 'shop' }
  /** Answers messages with themselves, and streams notes (messages.proto). */
  | { readonly kind: 'messages' };

/** What a server's service is called in findings. */
export function nameOfService(service: Service): string {
  return 'name' in service && service.name !== undefined ? service.name : service.kind;
}

/** Where servers keep what they share. */
export interface SharedStore {
  /** "redis://…", as the client library takes it. */
  readonly url: string;
  /** Every key begins with it. */
  readonly prefix: string;
}

/** Where a server finds a service that it asks itself, and how that one is spoken to. */
export interface InnerTarget {
  readonly service: Service['kind'];
  readonly protocol: BackendProtocol;
  /** Where it really is, "127.0.0.1:28990". */
  readonly address: string;
}

/** What was measured of the requests between two parts of the lab, by one of them. Counts are since its start. */
export interface HopReport {
  readonly requests: number;
  /** Read and written by the connections' sockets, headers and HTTP/2's own frames among it. */
  readonly bytes: number;
  /** From the request to its answer, ms; new since the last report. */
  readonly latenciesMs: readonly number[];
}

/** What a server that asks others has measured. */
export interface CallsReport {
  /** Of the requests it was sent. */
  readonly served: HopReport;
  readonly calls: readonly InnerCallsReport[];
}

/** What it asked of one service. `requests` are those that ended: answered or failed. */
export interface InnerCallsReport extends HopReport {
  readonly service: Service['kind'];
  readonly protocol: BackendProtocol;
  readonly connectionsOpen: number;
  /** By whom, as among the clients' outcomes: 'client' is this server, with no answer at all. */
  readonly outcomes: readonly Outcome[];
}

/** What a backend worker starts with. */
export interface BackendStart {
  readonly id: string;
  readonly service: Service;
  /** Ports as the lab's configuration declares them (0: any). Where one is taken the system gives another. */
  readonly listen: readonly BackendListen[];
  readonly capacity: Capacity;
  /** `grpc.max_connection_age_ms`; null: never. */
  readonly maxConnectionAgeMs: number | null;
  /** A store that all servers of the run share; absent or null: each keeps to itself. */
  readonly store?: SharedStore | null;
  /** Int32 counters, written with Atomics so that they outlive the thread: see COUNTER. */
  readonly counters: SharedArrayBuffer;
  readonly seed: number;
  /** Against which a verifier checks tokens; absent where the lab has none. */
  readonly tokenKey?: PublicKey;
  /** The services it may ask; absent: it asks nobody. */
  readonly calls?: readonly InnerTarget[];
}

export interface BackendListen {
  readonly protocol: BackendProtocol;
  readonly port: number;
  /** What it shows to those who connect by TLS; absent: it speaks in clear. REST only. */
  readonly tls?: TlsIdentity;
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
  /** To the shared store. */
  storeConnections: 8,
  storeConnectionsOpen: 9,
  storeCommands: 10,
  /** Requests that it sent to other servers itself, each counted before it is sent, and the connections for them. */
  callsSent: 11,
  callConnections: 12,
} as const;
export const COUNTER_BYTES = 16 * Int32Array.BYTES_PER_ELEMENT;

export type ToBackend =
  | { readonly type: 'fault'; readonly fault: Fault }
  /** Say what you measured of your own calls ('calls'). */
  | { readonly type: 'report-calls' }
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
  | { readonly type: 'calls'; readonly report: CallsReport }
  | { readonly type: 'failed'; readonly code: string; readonly text: string };

/** Header (REST) and metadata key (gRPC) by which a backend signs its answers. */
export const SERVER_HEADER = 'x-lab-server';
/**
 * On answers: "<remote port of the connection as the backend saw it>/<requests that connection had carried before this one>",
 * for example "51234/17". The port names the connection in "why this backend?".
 */
export const CONNECTION_HEADER = 'x-lab-connection';
/**
 * On answers of a server that was spoken to by TLS: the name of that TLS connection, which nobody but its two ends can
 * work out (RFC 9266). A client that finds its own there knows that nobody in between could read along.
 */
export const CHANNEL_HEADER = 'x-lab-channel';
/** For tls.TLSSocket.exportKeyingMaterial; the name is the first 16 bytes in hex. */
export const CHANNEL_EXPORT = { label: 'EXPORTER-Channel-Binding', length: 32, shown: 16 } as const;
/** On requests the client samples: the sample's id. The balancer records its decision for requests that carry it. */
export const TRACE_HEADER = 'x-lab-trace';
