import type { ClientFindings, Findings, Hop } from '../measurement/findings';
import { type Ledgers, reconcile } from '../measurement/reconcile';
import type {
  BalancerCounts,
  CallCounts,
  ClientCounts,
  PeerCounts,
  ServerCounts,
  Snapshot,
  StoreState,
} from '../measurement/snapshot';
import { outcomesByStage, stageCounts } from '../measurement/stages';
import { reconcileTiers } from '../measurement/tiers';
import type { TrafficReport } from '../protocol/trafficWorker';
import { type ArmWiring, drainedIn } from './armWiring';
import type { CallLife, LabServer } from './labServer';
import type { RunHops } from './runHops';

const NO_CLIENT: ClientCounts = {
  sent: 0,
  answered: 0,
  failed: 0,
  inFlight: 0,
  retried: 0,
  connectionsOpened: 0,
  connectionsOpen: 0,
  outcomes: [],
  latencyMs: { p50: 0, p90: 0, p99: 0, max: 0 },
  requestsPerSecond: 0,
};

/** What is known of the calls of servers to each other. */
export interface InsideState {
  /** Listeners that they call, and the servers behind those. */
  readonly listeners: readonly string[];
  readonly servers: readonly string[];
  readonly hops: RunHops;
  readonly clientProtocol: Hop['protocol'];
  readonly frontProtocol: 'rest' | 'grpc';
}

/** How many were open at one moment: of clients, to each peer by address, at and from each server by id. */
interface OpenConnections {
  readonly balancer: number;
  readonly peers: ReadonlyMap<string, number>;
  readonly servers: ReadonlyMap<string, number>;
  readonly calls: ReadonlyMap<string, number>;
}

/** The latest counts of each side of a run, put together into snapshots. */
export class RunCounts {
  #client: ClientCounts = NO_CLIENT;
  #balancer: BalancerCounts | null = null;
  #findings: ClientFindings = {};
  #bytes = 0;
  #atMs = 0;
  readonly #slots: number[] = [];
  #kept: OpenConnections | null = null;

  /** The client has not reported yet. */
  get isEmpty(): boolean {
    return this.#client === NO_CLIENT;
  }

  takeClient(report: TrafficReport): void {
    this.#client = report.counts;
    this.#atMs = report.atMs;
    this.#findings = report.findings;
    this.#bytes = report.bytes;
    report.slots.answered.forEach((answered, index) => {
      this.#slots[report.slots.from + index] = answered;
    });
  }

  /** Returns the peers whose health changed since the last report. */
  takeBalancer(counts: BalancerCounts): readonly PeerCounts[] {
    const before = new Map(this.#balancer?.peers.map((peer) => [peer.address, peer.health]));
    this.#balancer = counts;
    return counts.peers.filter((peer) => {
      const was = before.get(peer.address);
      return was !== undefined && was !== peer.health;
    });
  }

  /**
   * From now on the open connections are told as they are now, when the traffic has ended: taking the run down closes
   * them. False: the two sides of a connection do not say the same yet.
   */
  keepOpen(counts: BalancerCounts, servers: readonly LabServer[], inside: InsideState | null): boolean {
    const peers = new Map(counts.peers.map(({ address, connectionsOpen }) => [address, connectionsOpen]));
    const accepted = new Map(servers.map((server) => [server.id, server.counts().connectionsOpen]));
    const calls = servers.flatMap((server): [string, number][] => {
      const lives = server.callLives();
      return inside === null || lives === null
        ? []
        : [[server.id, inside.hops.callsOf(server.id, lives).connectionsOpen]];
    });
    this.#kept = { balancer: counts.connectionsOpen, peers, servers: accepted, calls: new Map(calls) };
    const dialled = counts.peers.reduce((sum, { connectionsOpen }) => sum + connectionsOpen, 0);
    return dialled === [...accepted.values()].reduce((sum, open) => sum + open, 0);
  }

  #balancerCounts(): BalancerCounts | null {
    const [counts, kept] = [this.#balancer, this.#kept];
    if (counts === null || kept === null) return counts;
    const peers = counts.peers.map((peer) => ({
      ...peer,
      connectionsOpen: kept.peers.get(peer.address) ?? peer.connectionsOpen,
    }));
    return { ...counts, connectionsOpen: kept.balancer, peers };
  }

  snapshot(state: {
    readonly phase: Snapshot['phase'];
    readonly wiring: ArmWiring | null;
    readonly protocol: 'rest' | 'grpc';
    /** Of arms whose servers ask others; null: they ask nobody. */
    readonly inside: InsideState | null;
    readonly servers: readonly LabServer[];
    readonly store: StoreState | null;
    /** What the lab measures beside the counts. */
    measures(client: ClientCounts, servers: readonly ServerCounts[]): Findings;
    readonly samples: Snapshot['samples'];
    readonly timeline: Snapshot['timeline'];
    /** Every side has ended: the counts must be equal now, not only possible. */
    readonly final: boolean;
  }): Snapshot {
    const servers = state.servers.map((server) => ({
      id: server.id,
      state: server.state,
      deaths: server.deaths,
      counts: server.counts(),
      callLives: server.callLives(),
    }));
    const { inside } = state;
    const layer = state.wiring?.layer ?? 'l4';
    const reported = this.#balancerCounts();
    const balancer = layer === 'client-side' || reported === null ? null : { ...reported, layer };
    const asked = new Map(servers.map(({ id, counts }) => [id, this.#subrequests(id, counts.answered, state.wiring)]));
    const isAsked = (id: string): boolean => state.wiring?.pipeline?.asked.some(({ to }) => to === id) === true;
    const requestsOf = (id: string, answered: number): number => answered - (asked.get(id) ?? 0);
    const isInside = (id: string): boolean => inside?.servers.includes(id) === true;
    const answeredBeside = (id: string): number =>
      servers
        .filter((other) => isInside(other.id) === isInside(id))
        .reduce((total, other) => total + requestsOf(other.id, other.counts.answered), 0);
    const shareOf = (id: string, answered: number): number => {
      const all = answeredBeside(id);
      return all === 0 ? 0 : requestsOf(id, answered) / all;
    };
    const drained = state.wiring === null ? [] : drainedIn(state.wiring);
    const own = balancer?.pipeline?.own ?? [];
    const client =
      own.length === 0
        ? this.#client
        : { ...this.#client, outcomes: outcomesByStage(this.#client.outcomes, own, state.protocol) };
    const counted = servers.map(
      ({ id, state: serverState, counts, callLives }): ServerCounts => ({
        id,
        state: serverState,
        connections: counts.connections,
        connectionsOpen: this.#kept?.servers.get(id) ?? counts.connectionsOpen,
        requests: requestsOf(id, counts.answered),
        ...((asked.get(id) ?? 0) > 0 || isAsked(id) ? { subrequests: asked.get(id) ?? 0 } : {}),
        received: counts.received,
        inFlight: counts.inFlight,
        queued: counts.queued,
        rejected: counts.rejected,
        ...(isInside(id) ? { inside: true as const } : {}),
        ...(drained.includes(id) ? { drained: true as const } : {}),
        share: shareOf(id, counts.answered),
        latencyMs: this.#client.latencyByServer?.[id] ?? null,
        ...(state.store === null ? {} : { store: counts.store }),
        ...(inside === null || callLives === null ? {} : { calls: this.#callsOf(inside, id, callLives) }),
      }),
    );
    const ledgers: Ledgers = {
      client: this.#client,
      balancer,
      servers: servers.map(({ id, counts, deaths }) => ({
        id,
        died: deaths > 0,
        received: counts.received,
        answered: counts.answered,
        abandoned: counts.abandoned,
        inFlight: counts.inFlight,
        queued: counts.queued,
        connectionsAccepted: counts.connections,
      })),
      final: state.final,
    };
    const lives = new Map(
      servers.flatMap(({ id, callLives }) => (callLives === null ? [] : [[id, callLives] as const])),
    );
    return {
      atMs: this.#atMs,
      phase: state.phase,
      client,
      balancer,
      servers: counted,
      store: state.store,
      reconciliation:
        inside === null
          ? reconcile(ledgers)
          : reconcileTiers(ledgers, {
              client: inside.hops.client(lives),
              listeners: inside.listeners,
              servers: inside.servers,
            }),
      samples: state.samples,
      timeline: [...state.timeline],
      findings: {
        ...this.#findings,
        ...state.measures(client, counted),
        ...this.#stages(state.wiring),
        ...this.#hops(inside),
      },
      answeredPerSlot: Array.from(this.#slots, (count) => count ?? 0),
    };
  }

  #callsOf(inside: InsideState, id: string, lives: readonly CallLife[]): CallCounts {
    const calls = inside.hops.callsOf(id, lives);
    return { ...calls, connectionsOpen: this.#kept?.calls.get(id) ?? calls.connectionsOpen };
  }

  #stages(wiring: ArmWiring | null): Findings {
    const counts = this.#balancer?.pipeline;
    if (counts === undefined || wiring === null || wiring.pipeline === null) return {};
    return {
      stages: stageCounts(
        counts,
        wiring.pipeline.stages.map(({ stage }) => stage),
      ),
    };
  }

  /** How many of a server's answers were to the balancer itself. */
  #subrequests(id: string, answered: number, wiring: ArmWiring | null): number {
    // The balancer's report is a moment old: a server that nobody else asks needs none.
    if (wiring?.pipeline?.asked.some(({ to }) => to === id) === true) return answered;
    const peers = this.#balancer?.peers.filter(({ serverId }) => serverId === id) ?? [];
    return Math.min(
      answered,
      peers.reduce((sum, { subrequests }) => sum + (subrequests ?? 0), 0),
    );
  }

  #hops(inside: InsideState | null): Findings {
    if (inside === null) return {};
    const { answered, failed, latencyMs } = this.#client;
    const client = { protocol: inside.clientProtocol, requests: answered + failed, bytes: this.#bytes, latencyMs };
    const hops = inside.hops.hops(client, inside.frontProtocol);
    return hops.length === 0 ? {} : { hops };
  }
}
