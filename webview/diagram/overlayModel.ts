import type { BucketLevel, ServerCounts, ServerState, Snapshot } from '../../src/measurement/snapshot';
import type { Topology, TopologyEdge, TopologyNode } from '../../src/protocol/run';

/** What a moment of a run means for the picture: per edge and per node, from measured counts only. No DOM. */
export interface Overlay {
  readonly edges: ReadonlyMap<string, EdgeOverlay>;
  readonly nodes: ReadonlyMap<string, NodeOverlay>;
}

export interface EdgeOverlay {
  /** Opened since the run began. */
  readonly connections: number;
  readonly connectionsOpen: number;
  readonly requests: number;
  /** Of the requests that left the edge's source, 0 to 1. */
  readonly share: number;
  readonly health: EdgeHealth;
  /** 'inner': without a connection to tell of, as from one stage to the next; 'asks': questions on behalf of requests; 'commands': to the store. */
  readonly kind?: 'inner' | 'asks' | 'commands';
}

/** 'idle': no connection yet; 'closed': had connections, none is open now; 'down': its server does not answer. */
export type EdgeHealth = 'idle' | 'open' | 'closed' | 'down';

export interface NodeOverlay {
  /** null: neither a server nor a store, or nothing measured yet. */
  readonly state: ServerState | null;
  /** Of all answered requests, 0 to 1; null: not a server, or nothing measured yet. */
  readonly share: number | null;
  /** Of a stage of a gateway, once something is measured. */
  readonly stage?: StageOverlay;
}

export interface StageOverlay {
  readonly through: number;
  readonly refused: number;
  /** The fullest bucket of its limits; null: it has none, or none was used yet. */
  readonly bucket: BucketLevel | null;
}

const IDLE_EDGE: EdgeOverlay = { connections: 0, connectionsOpen: 0, requests: 0, share: 0, health: 'idle' };

export function overlayOf(snapshot: Snapshot | null, topology: Topology): Overlay {
  const edges = new Map<string, EdgeOverlay>();
  const nodes = new Map<string, NodeOverlay>();
  for (const node of topology.nodes) {
    const server = snapshot?.servers.find((candidate) => candidate.id === node.id);
    const isAsked = topology.edges.some((edge) => edge.to === node.id && edge.asks === true);
    const stage = node.kind === 'stage' ? stageOf(node, snapshot) : null;
    const state = node.kind === 'store' ? snapshot?.store?.state : server?.state;
    nodes.set(node.id, {
      state: state ?? null,
      share: isAsked ? null : (server?.share ?? null),
      ...(stage === null ? {} : { stage }),
    });
  }
  for (const edge of topology.edges)
    edges.set(edge.id, snapshot === null ? IDLE_EDGE : edgeOf(edge, snapshot, topology));
  return { edges, nodes };
}

function stageOf(node: TopologyNode, snapshot: Snapshot | null): StageOverlay | null {
  const counts = snapshot?.findings?.stages?.find(({ stage }) => stage === node.id);
  if (counts === undefined) return null;
  return { through: counts.through, refused: counts.refused, bucket: bucketOf(node.id, snapshot) };
}

/** The fullest of the buckets that a stage has, for its burst. */
export function bucketOf(stage: string, snapshot: Snapshot | null): BucketLevel | null {
  const buckets = stage === 'limit' ? (snapshot?.balancer?.pipeline?.buckets ?? []) : [];
  return buckets.reduce<BucketLevel | null>(
    (fullest, bucket) => (fullest === null || fill(bucket) > fill(fullest) ? bucket : fullest),
    null,
  );
}

/** How full a bucket is, 0 to 1. */
export function fill({ level, burst }: BucketLevel): number {
  return burst === 0 ? Math.min(1, level) : Math.min(1, level / burst);
}

function edgeOf(edge: TopologyEdge, snapshot: Snapshot, topology: Topology): EdgeOverlay {
  if (topology.nodes.some((node) => node.id === edge.to && node.kind === 'store')) return storeEdge(edge, snapshot);
  const isFromStage = topology.nodes.some((node) => node.id === edge.from && node.kind === 'stage');
  if (!isFromStage) return outerEdge(edge, snapshot, topology);
  const { sent } = snapshot.client;
  const flow = snapshot.balancer?.pipeline?.flows.find(({ from, to }) => from === edge.from && to === edge.to);
  const server = snapshot.servers.find((candidate) => candidate.id === edge.to);
  const requests = edge.asks === true ? (server?.subrequests ?? 0) : (flow?.requests ?? 0);
  const share = sent === 0 ? 0 : Math.min(1, requests / sent);
  const outer = server === undefined ? IDLE_EDGE : outerEdge(edge, snapshot, topology);
  return {
    ...outer,
    requests,
    share,
    health: server === undefined ? (requests > 0 ? 'open' : 'idle') : outer.health,
    ...(edge.asks === true ? { kind: 'asks' as const } : server === undefined ? { kind: 'inner' as const } : {}),
  };
}

function outerEdge(edge: TopologyEdge, snapshot: Snapshot, topology: Topology): EdgeOverlay {
  const server = snapshot.servers.find((candidate) => candidate.id === edge.to);
  if (server === undefined) {
    const caller = snapshot.servers.find((candidate) => candidate.id === edge.from);
    if (caller !== undefined) return callsOf(caller, snapshot);
    const { connectionsOpened, connectionsOpen, sent, isBrowser } = snapshot.client;
    if (isBrowser === true) {
      // A browser shows its scripts no connections: none is not what was measured.
      return {
        ...IDLE_EDGE,
        requests: sent,
        share: sent > 0 ? 1 : 0,
        health: sent > 0 ? 'open' : 'idle',
        kind: 'inner',
      };
    }
    return {
      connections: connectionsOpened,
      connectionsOpen,
      requests: sent,
      share: sent > 0 ? 1 : 0,
      health: healthOf(connectionsOpened, connectionsOpen, false),
    };
  }
  const siblings = new Set(topology.edges.filter((other) => other.from === edge.from).map((other) => other.to));
  const total = snapshot.servers.reduce((sum, other) => sum + (siblings.has(other.id) ? other.requests : 0), 0);
  // A server may be a peer of several upstreams (REST and gRPC); its edge carries them all.
  const peers = fromBalancer(edge, topology)
    ? (snapshot.balancer?.peers.filter((peer) => peer.serverId === edge.to) ?? [])
    : [];
  const connections =
    peers.length === 0 ? server.connections : peers.reduce((sum, peer) => sum + peer.connectionsOpened, 0);
  const open = peers.length === 0 ? server.connectionsOpen : peers.reduce((sum, peer) => sum + peer.connectionsOpen, 0);
  const down = server.state === 'dead' || peers.some((peer) => peer.health === 'down' || peer.health === 'unavailable');
  return {
    connections,
    connectionsOpen: open,
    requests: server.requests,
    share: total === 0 ? 0 : server.requests / total,
    health: healthOf(connections, open, down),
  };
}

/** From a server to the store: its connections, and its commands in place of requests. */
function storeEdge(edge: TopologyEdge, snapshot: Snapshot): EdgeOverlay {
  const use = snapshot.servers.find((server) => server.id === edge.from)?.store;
  if (use === undefined) return { ...IDLE_EDGE, kind: 'commands' };
  const total = snapshot.servers.reduce((sum, server) => sum + (server.store?.commands ?? 0), 0);
  return {
    connections: use.connections,
    connectionsOpen: use.connectionsOpen,
    requests: use.commands,
    share: total === 0 ? 0 : use.commands / total,
    health: healthOf(use.connections, use.connectionsOpen, snapshot.store?.state === 'dead'),
    kind: 'commands',
  };
}

/** What a server asks of others: in no count of the client's. */
function callsOf(server: ServerCounts, snapshot: Snapshot): EdgeOverlay {
  const { sent, connectionsOpened, connectionsOpen } = server.calls ?? NO_CALLS;
  const total = snapshot.servers.reduce((sum, { calls }) => sum + (calls?.sent ?? 0), 0);
  return {
    connections: connectionsOpened,
    connectionsOpen,
    requests: sent,
    share: total === 0 ? 0 : sent / total,
    health: healthOf(connectionsOpened, connectionsOpen, server.state === 'dead'),
  };
}

const NO_CALLS = { sent: 0, connectionsOpened: 0, connectionsOpen: 0 };

function fromBalancer(edge: TopologyEdge, topology: Topology): boolean {
  return topology.nodes.some((node) => node.id === edge.from && (node.kind === 'balancer' || node.kind === 'stage'));
}

function healthOf(connections: number, open: number, down: boolean): EdgeHealth {
  if (down) return 'down';
  if (connections === 0) return 'idle';
  return open > 0 ? 'open' : 'closed';
}

/** Nodes on the longest way from the client inwards: how wide a picture of it gets. The ways of a network make no circle. */
export function columnsOf({ edges }: Topology): number {
  const from = (id: string): number =>
    1 + Math.max(0, ...edges.filter((edge) => edge.from === id).map((edge) => from(edge.to)));
  return from('client');
}

/** Most nodes that stand side by side when it is drawn from top to bottom: how wide it gets then. */
export function breadthOf({ nodes, edges }: Topology): number {
  const depth = (id: string): number =>
    Math.max(0, ...edges.filter((edge) => edge.to === id).map((edge) => 1 + depth(edge.from)));
  const ranks = nodes.map(({ id }) => depth(id));
  return Math.max(0, ...ranks.map((rank) => ranks.filter((other) => other === rank).length));
}

/** Stroke width in px: never invisible, and by area of attention rather than by log, so that 0 and 100 % differ. */
export function strokeWidth(share: number): number {
  return Math.round((1.5 + 5 * Math.min(1, Math.max(0, share))) * 10) / 10;
}
