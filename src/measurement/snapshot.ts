import type { Message } from '../base/message';
import type { Findings } from './findings';

/**
 * What a run looks like at one moment: everything the page, the table and the command line show is read from here.
 * Every number is measured: by the client (traffic worker), the balancer, or the backends, never derived from the
 * configuration. Requests and connections are counted apart everywhere.
 */
export interface Snapshot {
  /** Milliseconds since the run began (the first counted request was sent). */
  readonly atMs: number;
  readonly phase: RunPhase;
  readonly client: ClientCounts;
  /** null where the arm has no balancer (client-side balancing). */
  readonly balancer: BalancerCounts | null;
  readonly servers: readonly ServerCounts[];
  readonly reconciliation: Reconciliation;
  /** Newest last; at most 50. */
  readonly samples: readonly RequestSample[];
  /** What happened, oldest first: kills, revivals, reloads, health changes. */
  readonly timeline: readonly TimelineEvent[];
  /** What the lab measures beside the counts; absent in what was kept before there were any. */
  readonly findings?: Findings;
  /** Answered requests per 100 ms slot since the start; slot i covers [i*100, (i+1)*100) ms. */
  readonly answeredPerSlot: readonly number[];
}

export type RunPhase = 'starting' | 'warming' | 'running' | 'draining' | 'done' | 'stopped' | 'failed';

export interface ClientCounts {
  readonly sent: number;
  /** Any response, a 429 or a gRPC error status among them. */
  readonly answered: number;
  /** No response: refused, reset, timed out. */
  readonly failed: number;
  readonly inFlight: number;
  /** Attempts beyond the first, of idempotent requests whose connection broke (RFC 9110, section 9.2.2). */
  readonly retried: number;
  readonly connectionsOpened: number;
  readonly connectionsOpen: number;
  readonly outcomes: readonly Outcome[];
  readonly latencyMs: Latency;
  /** A browser: it tells nothing of its connections, nor of the requests by which it asks whether it may (CORS preflights). */
  readonly isBrowser?: boolean;
  /** Of the answers of each server (or stage), by its id; absent in what was kept before this was measured. */
  readonly latencyByServer?: Readonly<Record<string, Latency>>;
  /** Answered per second over the last second (while running) or over the whole run (when done). */
  readonly requestsPerSecond: number;
}

export interface Outcome {
  /** HTTP status ("200") for REST, gRPC status code name ("OK", "UNAVAILABLE") for gRPC; "ECONNRESET" and the like for no answer. */
  readonly status: string;
  /** The id of the server that gave it, or the stage ("balancer", "client", "auth", "limit", "route"). */
  readonly by: string;
  readonly requests: number;
}

/** Milliseconds; all 0 when nothing was answered. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface BalancerCounts {
  readonly layer: 'l4' | 'l7';
  /** Connections accepted from clients. */
  readonly connectionsAccepted: number;
  readonly connectionsOpen: number;
  /** Requests taken in from clients; null on L4, which sees none. */
  readonly requests: number | null;
  /** Answered by the balancer itself (502, 404 ...). */
  readonly answeredItself: number;
  readonly peers: readonly PeerCounts[];
}

/** What the balancer knows of one upstream server. */
export interface PeerCounts {
  /** As declared in the configuration, "127.0.0.1:4311". */
  readonly address: string;
  /** The `# lab: backend <id>` of its server line. */
  readonly serverId: string | null;
  readonly connectionsOpened: number;
  readonly connectionsOpen: number;
  /** Requests forwarded; null on L4. */
  readonly requests: number | null;
  readonly failures: number;
  readonly health: 'up' | 'down' | 'unavailable' | 'draining';
}

/** One backend: its own counts, as it sees them. */
export interface ServerCounts {
  readonly id: string;
  readonly state: ServerState;
  /** Accepted in all. */
  readonly connections: number;
  readonly connectionsOpen: number;
  /** Requests it answered. */
  readonly requests: number;
  readonly received: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Refused because the queue was full, or failed on purpose. */
  readonly rejected: number;
  /** Its share of all answered requests, 0 to 1. */
  readonly share: number;
  /** As the client saw its answers; null: none yet. Absent in what was kept before this was measured. */
  readonly latencyMs?: Latency | null;
}

/** 'removed': its line left the configuration, and it ended after its last request. */
export type ServerState = 'starting' | 'up' | 'slow' | 'failing' | 'draining' | 'dead' | 'removed';

/** The counts of the three sides held against each other. A difference while requests are in flight is none. */
export interface Reconciliation {
  readonly agree: boolean;
  readonly differences: readonly Message[];
  readonly counts: {
    readonly client: number;
    readonly balancer: number | null;
    readonly backends: number;
    /** Where a browser was the client: its own questions whether it may send (CORS), in no other count. */
    readonly preflights?: number;
  };
}

/** A request the reader can click on to ask "why this backend?". */
export interface RequestSample {
  /** Unique within the run. */
  readonly id: string;
  /** Milliseconds since the run began. */
  readonly atMs: number;
  readonly server: string | null;
  readonly status: string;
  readonly latencyMs: number;
  /** The number of the client connection it went over, from 1, where the client knows it. */
  readonly clientConnection: number | null;
  readonly why: Why;
}

/** The answer to "why this backend?". */
export type Why =
  /** A balancer chose for this very request (L7), or for the connection it was the first on. */
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** No decision was taken: its connection had been bound before (L4). */
  | { readonly kind: 'bound'; readonly decision: Decision; readonly requestsBefore: number | null }
  /** The client itself chose among its own connections (gRPC client-side round_robin). */
  | { readonly kind: 'client'; readonly policy: string; readonly servers: readonly string[] }
  /** Not recorded (older than what is kept). */
  | { readonly kind: 'unknown' };

/** What a policy saw and chose, at that moment. */
export interface Decision {
  /** "round_robin", "least_conn" ... */
  readonly policy: string;
  readonly atMs: number;
  readonly upstream: string;
  readonly peers: readonly DecisionPeer[];
  /** Address of the chosen peer. */
  readonly chosen: string;
  /** Why that one, in one sentence. */
  readonly reason: Message;
  /** 1 for the first try, 2 after one failed peer ... */
  readonly attempt: number;
}

export interface DecisionPeer {
  readonly address: string;
  readonly serverId: string | null;
  readonly weight: number;
  readonly effectiveWeight: number;
  /** Smooth weighted round robin's counter, before the choice. */
  readonly currentWeight: number;
  readonly inFlight: number;
  readonly fails: number;
  readonly state: 'eligible' | 'down' | 'unavailable' | 'busy' | 'backup' | 'tried';
}

export interface TimelineEvent {
  readonly atMs: number;
  readonly kind:
    | 'kill'
    | 'revive'
    | 'add'
    | 'slow'
    | 'fail'
    | 'drain'
    | 'load'
    | 'reload'
    | 'reload-refused'
    | 'health'
    | 'note';
  readonly server: string | null;
  readonly text: Message;
}
