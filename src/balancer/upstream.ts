import type { Clock } from '../base/clock';
import type { Random } from '../base/random';
import type { Decision } from '../measurement/snapshot';
import type { UpstreamPlan } from './plan';
import type { Peer } from './policy';

/**
 * One upstream at run time: its peers, their health (passive: max_fails, fail_timeout, slow recovery of the effective
 * weight, backups only when no primary lives), and the policy's picker. Proxies ask it for a peer, and tell it how it
 * went; it opens no connection itself.
 */
export interface Upstream {
  readonly plan: UpstreamPlan;
  readonly peers: readonly Peer[];
  /** Begins the choice for one request (http) or connection (stream). */
  begin(request: UpstreamRequest): Selection;
}

export interface UpstreamRequest {
  readonly clientAddress: string;
  /** Value of plan.key; ''. */
  readonly key: string;
  /** Record decisions ("why this backend?"). */
  readonly traced: boolean;
}

/** One request's way through the peers: next(), then exactly one of succeeded/failed/released per peer, perhaps next() again. */
export interface Selection {
  /** The next peer to try (in flight from now on), or null when none is left (nginx: "no live upstreams"). */
  next(): { readonly peer: Peer; readonly decision: Decision | null } | null;
  /** The peer answered; responseMs feeds latency-aware policies. */
  succeeded(peer: Peer, responseMs: number): void;
  /** The peer failed in a way that counts for max_fails (nginx: NGX_PEER_FAILED). */
  failed(peer: Peer): void;
  /** It is no longer in flight and nothing is to be learnt from it (the client went away). */
  released(peer: Peer): void;
}

export type CreateUpstream = (plan: UpstreamPlan, clock: Clock, random: Random) => Upstream;
