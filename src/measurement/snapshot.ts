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
  /** What the servers share; null or absent: nothing. */
  readonly store?: StoreState | null;
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
  /** The id of the server that gave it, or the stage: "route", "limit", "auth", "static", else "balancer", "client". */
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
  /** Questions sent to servers on behalf of requests (auth_request), each once however often it was tried; absent: none. */
  readonly subrequests?: number;
  readonly peers: readonly PeerCounts[];
  /** The way of the requests through the balancer; absent on L4, and in what was kept before this was measured. */
  readonly pipeline?: PipelineCounts;
  /** The same counts by listener, where more than one was used; absent on L4. */
  readonly listeners?: readonly ListenerCounts[];
}

/**
 * Where in the balancer a request is. In nginx's order: `route` finds its location (and answers where that is all there
 * is to it), `limit` is limit_req and limit_conn, `auth` is auth_request, `static` answers with a file.
 */
export type Stage = 'route' | 'limit' | 'auth' | 'static';
export const STAGES: readonly Stage[] = ['route', 'limit', 'auth', 'static'];

export interface PipelineCounts {
  /** Requests that went on from one stage to the next or to a server (its id, else its address). None is in it twice. */
  readonly flows: readonly StageFlow[];
  /** What the balancer answered itself, by the stage that did. */
  readonly own: readonly OwnAnswers[];
  /** The fullest leaky bucket of each `limit_req_zone`, as it stands now. */
  readonly buckets: readonly BucketLevel[];
}

/** What a stage of a gateway did with the requests that came to it. */
export interface StageCounts {
  readonly stage: Stage;
  readonly arrived: number;
  /** Went on to the next stage or to a server; of `static`: got their file. */
  readonly through: number;
  readonly refused: number;
}

export interface StageFlow {
  readonly from: 'client' | Stage;
  readonly to: string;
  readonly requests: number;
}

export interface OwnAnswers {
  /** null: none of them; no server could be reached, say. */
  readonly stage: Stage | null;
  /** HTTP status as sent. */
  readonly status: number;
  /** The `grpc-status` field sent along; null: none. */
  readonly grpcStatus: number | null;
  readonly requests: number;
}

export interface BucketLevel {
  readonly zone: string;
  /** Requests that came earlier than the rate allows and have not run out yet, 0 to `burst`. */
  readonly level: number;
  readonly burst: number;
  /** Requests per second that run out. */
  readonly rate: number;
  /** Buckets in the zone: one for each value of its key. */
  readonly keys: number;
}

/** What came in at one listener of the balancer. */
export interface ListenerCounts {
  /** As declared in the configuration, "127.0.0.1:4300". */
  readonly address: string;
  readonly connectionsAccepted: number;
  readonly requests: number;
  readonly answeredItself: number;
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
  /** Tries of questions on behalf of requests (auth_request): no client sent them. Absent: none. */
  readonly subrequests?: number;
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
  /** Requests of clients that it answered. */
  readonly requests: number;
  /** Questions of the balancer on behalf of requests (auth_request) that it answered; absent: it gets none. */
  readonly subrequests?: number;
  readonly received: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Refused because the queue was full, or failed on purpose. */
  readonly rejected: number;
  /** Only other servers reach it, no client does. Absent: clients do. */
  readonly inside?: true;
  /** The configuration marks it `down`: it gets nothing new. Absent: it may. */
  readonly drained?: true;
  /** Its share of all answered requests, 0 to 1; of a server inside: of those that the servers inside answered. */
  readonly share: number;
  /** As the client saw its answers; null: none yet. Absent in what was kept before this was measured. */
  readonly latencyMs?: Latency | null;
  /** What it has to do with the store that the servers share. Absent where there is none. */
  readonly store?: StoreUse;
  /** What it asked of other servers itself; absent where it asks nobody. */
  readonly calls?: CallCounts;
}

/** A server's connections to the store, and the commands it sent. */
export interface StoreUse {
  readonly connections: number;
  readonly connectionsOpen: number;
  readonly commands: number;
}

/** The session store that the servers of a run share. */
export interface StoreState {
  /** "built-in", "redis-server 7.0.15", "redis://127.0.0.1:6379". */
  readonly name: string;
  readonly state: 'starting' | 'up' | 'dead';
  /** The lab started it and may kill it. */
  readonly isOurs: boolean;
}

/** Requests and connections that a server sent and opened inwards. */
export interface CallCounts {
  readonly sent: number;
  readonly connectionsOpened: number;
  readonly connectionsOpen: number;
}

/** 'removed': its line left the configuration, and it ended after its last request. */
export type ServerState = 'starting' | 'up' | 'slow' | 'failing' | 'draining' | 'dead' | 'removed';

/** The counts of the three sides held against each other. A difference while requests are in flight is none. */
export interface Reconciliation {
  readonly agree: boolean;
  readonly differences: readonly Message[];
  readonly counts: RunTotals;
}

/** Requests as each side counted them. */
export interface SideCounts {
  readonly client: number;
  readonly balancer: number | null;
  readonly backends: number;
}

export interface RunTotals extends SideCounts {
  /** Of `client`, those that the balancer answered itself. Absent: none, or no balancer that sees requests. */
  readonly answeredItself?: number;
  /** What the balancer asked the servers on behalf of requests: in no other count. Absent: nothing. */
  readonly subrequests?: number;
  /** The same of what the servers that clients reach asked inside: there they are the client. Absent: they ask nobody. */
  readonly inner?: SideCounts;
  /** Where a browser was the client: its own questions whether it may send (CORS), in no other count. */
  readonly preflights?: number;
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
  /** No server was chosen: this stage of the balancer answered; null: none of them, for want of a server. */
  | { readonly kind: 'own'; readonly stage: Stage | null }
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
  /** What the clients do from here on, where that changed. `rate`: requests per second; null: as fast as answers come. */
  readonly load?: { readonly rate: number | null } | { readonly population: 'spread' | 'nat' | 'skewed' };
}
