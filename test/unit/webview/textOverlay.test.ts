import { describe, expect, it } from 'vitest';
import type { MeasuredDiagram } from '../../../src/course/courseView';
import type { RunParams } from '../../../src/protocol/run';
import type { LabResult } from '../../../src/protocol/webview';
import { diagramReading, textOverlay } from '../../../webview/diagram/textOverlay';
import { l4, network, peer, server, snapshot } from './builders';

const params: RunParams = {
  requests: 10,
  concurrency: 1,
  clients: 1,
  rate: null,
  scenario: null,
  protocol: null,
  message: null,
  seed: 1,
};

function lab(over: Partial<Parameters<typeof diagramReading>[0]> = {}) {
  return { running: false, selectedArm: 'l4', params, results: {}, ...over };
}

/** A kept run of which only its last snapshot matters. */
function result(atMs: number): LabResult {
  const last = snapshot({ atMs, phase: 'done' });
  return { snapshot: last, finishedAt: atMs, prediction: null, predictionScore: null } as unknown as LabResult;
}

describe('what a diagram in the text shows', () => {
  const live = snapshot({ atMs: 5 });
  const results = { l4: result(1), 'l4@one-slow': result(2) };

  it('is nothing before its arm has run', () => {
    expect(diagramReading(lab(), 'l4', null)).toEqual({ kind: 'nothing' });
    expect(diagramReading(lab({ results }), 'l7', live)).toEqual({ kind: 'nothing' });
  });

  it('is the run of its arm while it goes on, even before the first number', () => {
    expect(diagramReading(lab({ running: true, results }), 'l4', null)).toEqual({ kind: 'running', snapshot: null });
    expect(diagramReading(lab({ running: true }), 'l4', live)).toEqual({ kind: 'running', snapshot: live });
  });

  it('is the last run of its arm while another arm runs, and afterwards', () => {
    const last = { kind: 'measured', snapshot: { atMs: 1 }, last: { finishedAt: 1 } };
    expect(diagramReading(lab({ running: true, selectedArm: 'l7', results }), 'l4', live)).toMatchObject(last);
    expect(diagramReading(lab({ results }), 'l4', null)).toMatchObject(last);
  });

  it('is of the scenario that it names only', () => {
    const under = (scenario: string) =>
      diagramReading(lab({ running: true, params: { ...params, scenario }, results }), 'l4@one-slow', live);
    expect(under('one-slow')).toMatchObject({ kind: 'running' });
    expect(under('calm')).toMatchObject({ kind: 'measured', snapshot: { atMs: 2 } });
  });
});

/** A diagram whose edge e0 leads to the balancer and whose others lead from there to each of its other nodes. */
function diagram(nodes: Readonly<Record<string, readonly string[]>>): MeasuredDiagram {
  return {
    lab: 'pinning',
    arm: 'l4',
    template: [],
    nodes: [
      { id: 'client', name: 'Client', stands: ['client'] },
      { id: 'balancer', name: 'Balancer', stands: ['balancer'] },
      ...Object.entries(nodes).map(([id, stands]) => ({ id, name: id, stands })),
    ],
    edges: [
      { id: 'e9', from: 'client', to: 'balancer' },
      ...Object.keys(nodes).map((id) => ({ id: `to-${id}`, from: 'balancer', to: id })),
    ],
  };
}

describe('the numbers of a diagram in the text', () => {
  const measured = snapshot({
    client: { ...snapshot().client, sent: 90, connectionsOpened: 8, connectionsOpen: 8 },
    balancer: l4([peer('users-a', 3, 1), peer('users-b', 1, 0), peer('orders-a', 4, 0)]),
    servers: [
      server('users-a', { requests: 30, share: 1 / 3 }),
      server('users-b', { requests: 15, share: 1 / 6 }),
      server('orders-a', { requests: 45, share: 0.5 }),
    ],
  });
  const topology = network(['users-a', 'users-b', 'orders-a']);

  it('are the lab’s, by the names of the diagram', () => {
    const { edges, nodes } = textOverlay(diagram({ second: ['users-b'] }), measured, topology);
    expect(edges.get('e9')).toMatchObject({ connections: 8, requests: 90, health: 'open' });
    expect(edges.get('to-second')).toMatchObject({ connections: 1, requests: 15, health: 'closed' });
    expect(nodes.get('second')).toEqual({ state: 'up', share: 1 / 6 });
  });

  it('are added up where a node stands for several servers', () => {
    const { edges, nodes } = textOverlay(
      diagram({ users: ['users-a', 'users-b', 'users-c'], orders: ['orders-a'] }),
      measured,
      topology,
    );
    expect(edges.get('to-users')).toEqual({
      connections: 4,
      connectionsOpen: 1,
      requests: 45,
      share: 0.5,
      health: 'open',
    });
    expect(edges.get('to-orders')).toMatchObject({ connections: 4, requests: 45 });
    expect(nodes.get('users')).toEqual({ state: 'up', share: 0.5 });
  });

  it('show a service down only when all of its servers are', () => {
    const withDead = (...dead: readonly string[]) => {
      const servers = measured.servers.map((one) => (dead.includes(one.id) ? { ...one, state: 'dead' as const } : one));
      const { edges, nodes } = textOverlay(
        diagram({ users: ['users-a', 'users-b'] }),
        { ...measured, servers },
        topology,
      );
      return [edges.get('to-users')?.health, nodes.get('users')?.state];
    };
    expect(withDead('users-b')).toEqual(['open', 'up']);
    expect(withDead('users-a', 'users-b')).toEqual(['down', 'dead']);
  });

  it('have no shares where servers ask others: each request is answered once on every tier', () => {
    const tiers = {
      nodes: [...topology.nodes, { id: 'inner', kind: 'balancer' as const, label: 'L7', detail: '' }],
      edges: [...topology.edges, { id: 'e7', from: 'orders-a', to: 'inner' }],
    };
    const { edges, nodes } = textOverlay(diagram({ users: ['users-a', 'users-b'] }), measured, tiers);
    expect(nodes.get('users')).toEqual({ state: 'up', share: null });
    expect(edges.get('to-users')).toMatchObject({ requests: 45 });
  });

  it('are idle where the reader’s configuration has no such server any more', () => {
    const { edges, nodes } = textOverlay(diagram({ gone: ['server-x'] }), measured, topology);
    expect(edges.get('to-gone')).toMatchObject({ connections: 0, requests: 0, health: 'idle' });
    expect(nodes.get('gone')).toEqual({ state: null, share: null });
  });
});
