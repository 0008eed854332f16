import type { ServerCounts, ServerState, Snapshot } from '../../src/measurement/snapshot';
import type { Topology, TopologyEdge } from '../../src/protocol/run';

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
}

/** 'idle': no connection yet; 'closed': had connections, none is open now; 'down': its server does not answer. */
export type EdgeHealth = 'idle' | 'open' | 'closed' | 'down';

export interface NodeOverlay {
  /** null: not a server, or nothing measured yet. */
  readonly state: ServerState | null;
  /** Of all answered requests, 0 to 1; null: not a server, or nothing measured yet. */
  readonly share: number | null;
}

const IDLE_EDGE: EdgeOverlay = { connections: 0, connectionsOpen: 0, requests: 0, share: 0, health: 'idle' };

export function overlayOf(snapshot: Snapshot | null, topology: Topology): Overlay {
  const edges = new Map<string, EdgeOverlay>();
  const nodes = new Map<string, NodeOverlay>();
  for (const node of topology.nodes) {
    const server = snapshot?.servers.find((candidate) => candidate.id === node.id);
    nodes.set(node.id, { state: server?.state ?? null, share: server?.share ?? null });
  }
  for (const edge of topology.edges)
    edges.set(edge.id, snapshot === null ? IDLE_EDGE : edgeOf(edge, snapshot, topology));
  return { edges, nodes };
}

function edgeOf(edge: TopologyEdge, snapshot: Snapshot, topology: Topology): EdgeOverlay {
  const server = snapshot.servers.find((candidate) => candidate.id === edge.to);
  if (server === undefined) {
    const caller = snapshot.servers.find((candidate) => candidate.id === edge.from);
    if (caller !== undefined) return callsOf(caller, snapshot);
    const { connectionsOpened, connectionsOpen, sent } = snapshot.client;
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
  return topology.nodes.some((node) => node.id === edge.from && node.kind === 'balancer');
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

/** Stroke width in px: never invisible, and by area of attention rather than by log, so that 0 and 100 % differ. */
export function strokeWidth(share: number): number {
  return Math.round((1.5 + 5 * Math.min(1, Math.max(0, share))) * 10) / 10;
}
