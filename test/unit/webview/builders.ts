import type { ServerCounts, Snapshot } from '../../../src/measurement/snapshot';
import type { Topology } from '../../../src/protocol/run';

export function server(id: string, over: Partial<ServerCounts> = {}): ServerCounts {
  return {
    id,
    state: 'up',
    connections: 0,
    connectionsOpen: 0,
    requests: 0,
    received: 0,
    inFlight: 0,
    queued: 0,
    rejected: 0,
    share: 0,
    ...over,
  };
}

export function snapshot(over: Partial<Snapshot> = {}): Snapshot {
  return {
    atMs: 1000,
    phase: 'running',
    client: {
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
    },
    balancer: null,
    servers: [],
    reconciliation: { agree: true, differences: [], counts: { client: 0, balancer: null, backends: 0 } },
    samples: [],
    timeline: [],
    answeredPerSlot: [],
    ...over,
  };
}

/** A balancer in front of the servers, or the client alone before them. */
export function network(serverIds: readonly string[], balanced = true): Topology {
  const source = balanced ? 'balancer' : 'client';
  return {
    nodes: [
      { id: 'client', kind: 'client', label: 'Client', detail: '' },
      ...(balanced ? [{ id: 'balancer', kind: 'balancer' as const, label: 'Balancer', detail: '' }] : []),
      ...serverIds.map((id) => ({ id, kind: 'server' as const, label: id, detail: '' })),
    ],
    edges: [
      ...(balanced ? [{ id: 'e0', from: 'client', to: 'balancer' }] : []),
      ...serverIds.map((id, i) => ({ id: `e${i + 1}`, from: source, to: id })),
    ],
  };
}

export function peer(serverId: string, opened: number, open: number, health: 'up' | 'down' | 'unavailable' = 'up') {
  return {
    address: `127.0.0.1:${serverId.length}`,
    serverId,
    connectionsOpened: opened,
    connectionsOpen: open,
    requests: null,
    failures: 0,
    health,
  };
}

export function l4(peers: readonly ReturnType<typeof peer>[]): NonNullable<Snapshot['balancer']> {
  return {
    layer: 'l4',
    connectionsAccepted: 1,
    connectionsOpen: 1,
    requests: null,
    answeredItself: 0,
    peers: [...peers],
  };
}
