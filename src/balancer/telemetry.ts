import type { Clock, Timer } from '../base/clock';
import type { BalancerCounts, Decision, PeerCounts, Stage } from '../measurement/snapshot';
import { noStages, Pipeline } from './pipeline';
import type { Peer } from './policy';
import type { Upstream } from './upstream';

/**
 * What the balancer counts, and the decisions it remembers. Counting is adding one to a field; everything else happens
 * once per report. Counts of a server outlive a reload, as does the server.
 */

/** A decision and what it was for: a traced request (http), or a connection (stream). */
export interface DecisionRecord {
  /** Value of the trace header; null for a connection. */
  readonly request: string | null;
  /** stream: local port of the balancer's connection to the server, which that server sees as the remote port. */
  readonly upstreamPort: number | null;
  readonly decision: Decision;
}

/** A traced request that the balancer answered itself. */
export interface OwnAnswerRecord {
  /** Value of the trace header. */
  readonly request: string;
  /** Which stage did; null: none of them; no server could be reached, say. */
  readonly stage: Stage | null;
}

export interface Report {
  readonly counts: BalancerCounts;
  /** New since the last report, oldest first: of requests at most the newest DECISIONS_KEPT, of connections the first. */
  readonly decisions: readonly DecisionRecord[];
  /** New since the last report, oldest first, at most the newest DECISIONS_KEPT. */
  readonly ownAnswers: readonly OwnAnswerRecord[];
}

/** Live counters of one server, by its declared address. The proxies add to them directly. */
export interface PeerCounter {
  readonly address: string;
  serverId: string | null;
  connectionsOpened: number;
  connectionsOpen: number;
  requests: number;
  /** On behalf of requests: no client sent them. */
  subrequests: number;
  /** Requests by the stage they came from. */
  readonly from: Record<Stage, number>;
  failures: number;
}

/** Live counters of one listener, by its declared address. */
export interface ListenerCounter {
  connectionsAccepted: number;
  requests: number;
  answeredItself: number;
}

export const DECISIONS_KEPT = 200;
const REPORT_EVERY_MS = 100;

export class Telemetry {
  connectionsAccepted = 0;
  connectionsOpen = 0;
  requests = 0;
  answeredItself = 0;
  subrequests = 0;
  readonly pipeline = new Pipeline();
  /** Something was counted since the last report. */
  dirty = true;

  readonly #clock: Clock;
  readonly #onReport: (report: Report) => void;
  readonly #peers = new Map<string, PeerCounter>();
  readonly #listeners = new Map<string, ListenerCounter>();
  #layer: 'l4' | 'l7' = 'l7';
  #upstreams: readonly Upstream[] = [];
  #decisions: DecisionRecord[] = [];
  #ownAnswers: OwnAnswerRecord[] = [];
  #interval: Timer | null = null;
  #health = '';

  constructor(clock: Clock, onReport: (report: Report) => void) {
    this.#clock = clock;
    this.#onReport = onReport;
  }

  start(): void {
    this.#interval ??= this.#clock.setInterval(() => this.#reportIfChanged(), REPORT_EVERY_MS);
  }

  /** Ends the reports with a last one, if anything changed. */
  stop(): void {
    if (this.#interval === null) return;
    this.#interval.cancel();
    this.#interval = null;
    this.#reportIfChanged();
  }

  /** The configuration that new connections run on. */
  follow(layer: 'l4' | 'l7', upstreams: readonly Upstream[]): void {
    this.#layer = layer;
    this.#upstreams = upstreams;
    this.dirty = true;
  }

  listenerOf(declared: string): ListenerCounter {
    let counter = this.#listeners.get(declared);
    if (counter === undefined) {
      counter = { connectionsAccepted: 0, requests: 0, answeredItself: 0 };
      this.#listeners.set(declared, counter);
    }
    return counter;
  }

  /** A request came in on the listener. */
  tookIn(declared: string): void {
    this.requests++;
    this.listenerOf(declared).requests++;
  }

  /** The balancer itself answered one of the listener's requests. */
  answered(declared: string): void {
    this.answeredItself++;
    this.listenerOf(declared).answeredItself++;
  }

  counterOf(peer: Peer): PeerCounter {
    let counter = this.#peers.get(peer.address);
    if (counter === undefined) {
      counter = {
        address: peer.address,
        serverId: peer.serverId,
        connectionsOpened: 0,
        connectionsOpen: 0,
        requests: 0,
        subrequests: 0,
        from: noStages(),
        failures: 0,
      };
      this.#peers.set(peer.address, counter);
    }
    counter.serverId = peer.serverId ?? counter.serverId;
    return counter;
  }

  /** False: this report is full. For connections, of which none asks to be traced: the first of a report stand for them all. */
  get hasRoomForDecisions(): boolean {
    return this.#decisions.length < DECISIONS_KEPT;
  }

  decided(record: DecisionRecord): void {
    this.dirty = true;
    this.#decisions = withNewest(this.#decisions, record);
  }

  answeredTraced(record: OwnAnswerRecord): void {
    this.dirty = true;
    this.#ownAnswers = withNewest(this.#ownAnswers, record);
  }

  counts(): BalancerCounts {
    const l4 = this.#layer === 'l4';
    const peers: PeerCounts[] = [];
    const listed = new Set<PeerCounter>();
    for (const upstream of this.#upstreams) {
      for (const peer of upstream.peers) {
        const counter = this.counterOf(peer);
        if (listed.has(counter)) continue;
        listed.add(counter);
        peers.push(peerCounts(counter, upstream.health(peer), l4));
      }
    }
    // Servers of replaced configurations stay in the table while they have counts: nothing that happened disappears.
    for (const counter of this.#peers.values()) {
      if (listed.has(counter) || counter.connectionsOpened === 0) continue;
      peers.push(peerCounts(counter, counter.connectionsOpen > 0 ? 'draining' : 'down', l4));
    }
    return {
      layer: this.#layer,
      connectionsAccepted: this.connectionsAccepted,
      connectionsOpen: this.connectionsOpen,
      requests: l4 ? null : this.requests,
      answeredItself: this.answeredItself,
      ...(this.subrequests === 0 ? {} : { subrequests: this.subrequests }),
      peers,
      ...(l4 ? {} : { pipeline: this.pipeline.counts([...this.#peers.values()]) }),
      // One listener is all there is to a balancer with one.
      ...(l4 || this.#listeners.size < 2
        ? {}
        : { listeners: [...this.#listeners].map(([address, counter]) => ({ address, ...counter })) }),
    };
  }

  #reportIfChanged(): void {
    // Health comes back with time alone.
    const health = this.#upstreams.map((u) => u.peers.map((peer) => u.health(peer)).join()).join(';');
    // Neither is a bucket's level.
    const draining = this.pipeline.isDraining();
    if (!this.dirty && !draining && health === this.#health) return;
    this.dirty = false;
    this.#health = health;
    const decisions = this.#decisions.slice(-DECISIONS_KEPT);
    const ownAnswers = this.#ownAnswers.slice(-DECISIONS_KEPT);
    this.#decisions = [];
    this.#ownAnswers = [];
    this.#onReport({ counts: this.counts(), decisions, ownAnswers });
  }
}

/** Adds to the list; now and then it is halved, rather than shifted each time. */
function withNewest<T>(list: T[], record: T): T[] {
  list.push(record);
  return list.length >= 2 * DECISIONS_KEPT ? list.slice(-DECISIONS_KEPT) : list;
}

function peerCounts(counter: PeerCounter, health: PeerCounts['health'], l4: boolean): PeerCounts {
  return {
    address: counter.address,
    serverId: counter.serverId,
    connectionsOpened: counter.connectionsOpened,
    connectionsOpen: counter.connectionsOpen,
    requests: l4 ? null : counter.requests,
    ...(counter.subrequests === 0 ? {} : { subrequests: counter.subrequests }),
    failures: counter.failures,
    health,
  };
}
