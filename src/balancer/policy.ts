import type { Message } from '../base/message';
import type { Problem, Span } from '../base/problem';
import type { Random } from '../base/random';
import type { Result } from '../base/result';
import type { Directive } from '../conf/ast';

/**
 * How a server of an upstream is chosen. A policy's directive, its validation, its picker and its reason texts share
 * one file in policies/; policies/index.ts lists them. Policies hold no sockets and no timers: time comes in with the
 * request, in-flight counts and health live in the peers, outside the picker, and are shared by all policies as in
 * nginx (ngx_http_upstream_rr_peer_t). The same pickers drive the live balancer, the simulator and the traces.
 */
export interface Policy<Config = unknown> {
  /** As in traces and tables: "round_robin", "least_conn" ... */
  readonly name: string;
  /** nginx directive that selects it inside `upstream {}`; null: the default, or a policy of the lab alone. */
  readonly directive: string | null;
  /** Set where nginx has no such policy: the NAME of the comment `# lab: policy NAME;` that selects it. */
  readonly labName?: string;
  /** The first version of open source nginx that has it, where an older one is in use. */
  readonly since?: string;
  readonly contexts: readonly ('http' | 'stream')[];
  /** Whether nginx accepts `backup` on a server line below the directive. */
  readonly allowsBackup: boolean;
  /** Reads the directive (null for the default policy). All problems at once. */
  parse(directive: Directive | null): Result<Config, readonly Problem[]>;
  createPicker(config: Config, peers: readonly Peer[], random: Random): Picker;
  /** The name with its options, for traces and tables: "hash consistent". Absent: `name`. */
  nameOf?(config: Config): string;
  /** Where the policy reads a key of the request: the template the plan compiles into UpstreamPlan.key. Absent or null: no key. */
  keyArgument?(config: Config): KeyArgument | null;
  /** Where the policy binds a client to a peer: the whole `Set-Cookie` value that does so. `wallNowMs`: since the epoch. */
  sessionCookie?(config: Config, peer: Peer, wallNowMs: number): string;
  /** For a policy laid over another one (`least_conn; sticky cookie id;`): its configuration with that other one below. */
  over?(config: Config, base: Policy, baseConfig: unknown): Result<Config, readonly Problem[]>;
}

export interface KeyArgument {
  /** Template source, `$variables` in it. */
  readonly source: string;
  readonly span: Span;
}

export interface Picker {
  /** The chosen peer, or null: none is eligible. Mutates the peers' currentWeight/effectiveWeight as nginx does. */
  pick(request: PickRequest): Pick | null;
  /** A policy above has chosen this peer for the request: what that changes for others. Called in place of pick(). */
  bound?(peer: Peer, request: PickRequest): void;
  /** Learns from an answer, where the policy does. `nowMs` as in PickRequest. */
  observe?(peer: Peer, responseMs: number, nowMs: number): void;
}

/**
 * How far the choice for one request has come; kept from one attempt to the next, as nginx keeps it in its per-request
 * peer data. Made by newPickProgress(), written by pickers only.
 */
export interface PickProgress {
  /** The backups are in use; nginx does not go back to the primaries within a request. */
  onBackups: boolean;
  /** Attempts that hit an unusable peer; past 20 the hash and random policies leave the choice to round robin. */
  misses: number;
  /** ip_hash, hash: the sum so far; hash consistent: the position on the ring. -1: not begun. */
  hash: number;
  /** hash: which counter prefixes the key next; 0: none. */
  rehash: number;
}

export interface Pick {
  readonly peer: Peer;
  /** Why this one. Built only when `request.traced`, else null. */
  readonly reason: Message | null;
}

/** What a policy may know of the request (http) or connection (stream). */
export interface PickRequest {
  /** Monotonic seconds as nginx's ngx_time() counts them for fail_timeout (whole seconds). */
  readonly nowSeconds: number;
  /** Client address as text ("10.0.0.7"), after real_ip. */
  readonly clientAddress: string;
  /** Value of the `hash` key or the sticky cookie; '' where the policy has none. */
  readonly key: string;
  /** Peers already tried for this request (by index). */
  readonly tried: ReadonlySet<number>;
  readonly traced: boolean;
  /** Monotonic milliseconds, for latency-aware policies. */
  readonly nowMs: number;
  /** The same object at every attempt of one request. */
  readonly progress: PickProgress;
}

/**
 * One server of an upstream and its live state. Mutable on purpose: one object per server line, shared by picker,
 * proxies and health, as nginx shares it.
 */
export interface Peer {
  readonly index: number;
  /** As declared: "127.0.0.1:4311". What policies hash. */
  readonly address: string;
  /** Text of the server directive's first argument, as ketama hashes it. */
  readonly serverText: string;
  readonly serverId: string | null;
  readonly weight: number;
  readonly maxFails: number;
  readonly failTimeoutSeconds: number;
  /** 0: no limit. */
  readonly maxConns: number;
  readonly backup: boolean;
  readonly down: boolean;
  currentWeight: number;
  effectiveWeight: number;
  /** Requests (http) or connections (stream) on it now. */
  inFlight: number;
  fails: number;
  /** Seconds; as nginx's `accessed` and `checked`. */
  accessedSeconds: number;
  checkedSeconds: number;
  /** Moving average of response time, ms, for latency-aware policies; 0: none yet. */
  ewmaMs: number;
  /** When ewmaMs was last updated, ms. */
  ewmaAtMs: number;
}
