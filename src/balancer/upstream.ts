import type { Clock } from '../base/clock';
import { message } from '../base/message';
import type { Random } from '../base/random';
import type { Decision } from '../measurement/snapshot';
import { decide, observePeers } from './decision';
import { isUnavailable, recordChosen, recordFailure, recordPassed } from './health';
import type { ServerPlan, UpstreamPlan } from './plan';
import { newPickProgress, peerLists } from './policies/peerLists';
import type { Peer, Picker, PickProgress, PickRequest } from './policy';

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
  /** How the peer stands now, for tables. */
  health(peer: Peer): 'up' | 'down' | 'unavailable';
  /** The `Set-Cookie` value that binds the client to this peer; null: the policy sets none. */
  sessionCookie(peer: Peer): string | null;
}

export interface UpstreamRequest {
  /** Read only by policies that go by it. */
  readonly clientAddress: string;
  /** Value of plan.key; ''. */
  readonly key: string;
  /** Record decisions ("why this backend?"). */
  readonly traced: boolean;
  /** proxy_next_upstream_tries; 0 or absent: as many as there are peers. */
  readonly maxTries?: number;
}

/** One request's way through the peers: next(), then exactly one of succeeded/failed/released per peer, perhaps next() again. */
export interface Selection {
  /**
   * The next peer to try (in flight from now on), or null: either no tries are left, or no peer is usable (nginx logs
   * "no live upstreams"); `triesLeft` before the call tells which.
   */
  next(): { readonly peer: Peer; readonly decision: Decision | null } | null;
  /** As nginx's pc->tries: another next() is of use only while this is not 0 (or at the first one). */
  readonly triesLeft: number;
  /** stream: the connection to the peer stands. That alone passes a health check there; the peer stays in flight. */
  connected(peer: Peer): void;
  /** The peer answered; responseMs feeds latency-aware policies. */
  succeeded(peer: Peer, responseMs: number): void;
  /**
   * The peer failed in a way that counts for max_fails (nginx: NGX_PEER_FAILED): error, timeout, invalid header, and the
   * 5xx and 429 that proxy_next_upstream names. A kept-alive connection that had gone stale (`reused`) costs no try.
   */
  failed(peer: Peer, options?: { readonly reused: boolean }): void;
  /**
   * It is no longer in flight and no time is to be learnt from it: the client went away, or a 403 or 404 goes to the next
   * peer (NGX_PEER_NEXT). As in nginx, a peer on trial has then passed.
   */
  released(peer: Peer): void;
}

/** Told when a peer goes out (`unavailable`: max_fails reached) and when a trial brought it back (`up`). */
export type HealthListener = (peer: Peer, health: 'unavailable' | 'up') => void;

export type CreateUpstream = (
  plan: UpstreamPlan,
  clock: Clock,
  random: Random,
  onHealthChange?: HealthListener,
) => Upstream;

/**
 * Peers start afresh each time, also on a reload: nginx carries weights, failures and counts over only for an upstream
 * in a shared `zone`, and open source nginx not even then.
 */
export const createUpstream: CreateUpstream = (plan, clock, random, onHealthChange = () => {}) =>
  new LiveUpstream(plan, clock, random, onHealthChange);

class LiveUpstream implements Upstream {
  readonly peers: readonly Peer[];
  readonly picker: Picker;
  /** One primary, no backup. */
  readonly single: boolean;
  /** What nginx lets a request try: every peer that is not marked down, backups among them. */
  readonly tries: number;
  readonly policyName: string;
  /** Whole seconds change with the wall clock's, as nginx's do, but a stepped wall clock moves nothing. */
  readonly #wallOffsetMs: number;

  constructor(
    readonly plan: UpstreamPlan,
    readonly clock: Clock,
    random: Random,
    readonly onHealthChange: HealthListener,
  ) {
    this.peers = plan.servers.map(newPeer);
    this.picker = plan.policy.createPicker(plan.policyConfig, this.peers, random);
    this.policyName = plan.policy.nameOf?.(plan.policyConfig) ?? plan.policy.name;
    this.single = peerLists(this.peers).single;
    this.tries = this.peers.filter((peer) => !peer.down).length;
    this.#wallOffsetMs = clock.wallNow() - clock.now();
  }

  nowSeconds(): number {
    return Math.floor((this.clock.now() + this.#wallOffsetMs) / 1000);
  }

  begin(request: UpstreamRequest): Selection {
    return new LiveSelection(this, request);
  }

  health(peer: Peer): 'up' | 'down' | 'unavailable' {
    if (peer.down) return 'down';
    return !this.single && isUnavailable(peer, this.nowSeconds()) ? 'unavailable' : 'up';
  }

  sessionCookie(peer: Peer): string | null {
    const { policy, policyConfig } = this.plan;
    return policy.sessionCookie?.(policyConfig, peer, this.clock.wallNow()) ?? null;
  }
}

function newPeer(server: ServerPlan, index: number): Peer {
  return {
    index,
    address: server.address,
    serverText: server.text,
    serverId: server.lab?.serverId ?? null,
    weight: server.weight,
    maxFails: server.maxFails,
    failTimeoutSeconds: Math.floor(server.failTimeoutMs / 1000),
    maxConns: server.maxConns,
    backup: server.backup,
    down: server.down,
    currentWeight: 0,
    effectiveWeight: server.weight,
    inFlight: 0,
    fails: 0,
    accessedSeconds: 0,
    checkedSeconds: 0,
    ewmaMs: 0,
    ewmaAtMs: 0,
  };
}

const noneTried: ReadonlySet<number> = new Set();

/** The request as the policy sees it and its progress are one object: a request that succeeds at once allocates little. */
class LiveSelection implements Selection, PickRequest {
  readonly key: string;
  readonly traced: boolean;
  readonly progress: PickProgress = newPickProgress();
  nowSeconds = 0;
  nowMs = 0;
  tried: ReadonlySet<number> = noneTried;
  triesLeft: number;
  readonly #upstream: LiveUpstream;
  readonly #request: UpstreamRequest;
  #current: Peer | null = null;
  #last: Peer | null = null;
  #attempts = 0;

  constructor(upstream: LiveUpstream, request: UpstreamRequest) {
    this.#upstream = upstream;
    this.#request = request;
    this.key = request.key;
    this.traced = request.traced;
    const limit = request.maxTries ?? 0;
    this.triesLeft = limit > 0 ? Math.min(limit, upstream.tries) : upstream.tries;
  }

  get clientAddress(): string {
    return this.#request.clientAddress;
  }

  next(): { readonly peer: Peer; readonly decision: Decision | null } | null {
    if (this.#current !== null) throw new Error('The peer chosen before has not been settled yet');
    if (this.#attempts > 0 && this.triesLeft === 0) return null;
    if (this.#last !== null) this.tried = new Set(this.tried).add(this.#last.index);
    const upstream = this.#upstream;
    this.nowMs = upstream.clock.now();
    this.nowSeconds = upstream.nowSeconds();
    const observed = this.traced ? observePeers(upstream.peers, this.tried, this.nowSeconds, upstream.single) : null;
    this.#attempts += 1;
    const pick = upstream.picker.pick(this);
    if (pick === null) return null;
    const { peer } = pick;
    recordChosen(peer, this.nowSeconds);
    peer.inFlight += 1;
    this.#current = peer;
    this.#last = peer;
    const decision =
      observed &&
      decide(observed, peer, upstream.peers, {
        policy: upstream.policyName,
        upstream: upstream.plan.name,
        atMs: this.nowMs,
        attempt: this.#attempts,
        reason: pick.reason ?? message('The policy gave no reason.'),
      });
    return { peer, decision };
  }

  connected(peer: Peer): void {
    if (this.#current === peer && this.#upstream.plan.context === 'stream') this.#passed(peer);
  }

  succeeded(peer: Peer, responseMs: number): void {
    if (!this.#settle(peer)) return;
    this.#passed(peer);
    const upstream = this.#upstream;
    upstream.picker.observe?.(peer, responseMs, upstream.clock.now());
  }

  failed(peer: Peer, options?: { readonly reused: boolean }): void {
    if (!this.#settle(peer)) return;
    const upstream = this.#upstream;
    if (options?.reused === true) this.triesLeft += 1;
    // A lone peer has nothing to be held against; nginx keeps no record of its failures.
    if (upstream.single) return;
    const wasOut = peer.maxFails > 0 && peer.fails >= peer.maxFails;
    const isOut = recordFailure(peer, upstream.nowSeconds());
    if (isOut && !wasOut) upstream.onHealthChange(peer, 'unavailable');
  }

  released(peer: Peer): void {
    if (this.#settle(peer)) this.#passed(peer);
  }

  #passed(peer: Peer): void {
    if (!this.#upstream.single && recordPassed(peer)) this.#upstream.onHealthChange(peer, 'up');
  }

  /** Abort paths of a proxy may cross: the first of them counts, the others find nothing to settle. */
  #settle(peer: Peer): boolean {
    if (this.#current !== peer) return false;
    this.#current = null;
    peer.inFlight -= 1;
    if (this.#upstream.single) this.triesLeft = 0;
    else if (this.triesLeft > 0) this.triesLeft -= 1;
    return true;
  }
}
