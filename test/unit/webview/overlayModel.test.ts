import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breadthOf, columnsOf, overlayOf, strokeWidth } from '../../../webview/diagram/overlayModel';
import { l4, network, peer, server, snapshot } from './builders';

const client = (connectionsOpened: number, connectionsOpen: number, sent: number) => ({
  ...snapshot().client,
  connectionsOpened,
  connectionsOpen,
  sent,
});

describe('the overlay of a network', () => {
  it('is as many columns wide as its longest way has nodes', () => {
    expect(columnsOf(network(['a', 'b']))).toBe(3);
    expect(columnsOf(network(['a'], false))).toBe(2);
    expect(breadthOf(network(['a', 'b', 'c']))).toBe(3);
    expect(breadthOf({ nodes: [], edges: [] })).toBe(0);
    const edges = [...network(['a']).edges, { id: 'e8', from: 'a', to: 'inner' }, { id: 'e9', from: 'inner', to: 'x' }];
    expect(columnsOf({ nodes: [], edges })).toBe(5);
  });

  it('shows what a server asks of others on the edge that leaves it', () => {
    const overlay = overlayOf(
      snapshot({
        client: client(1, 1, 10),
        servers: [
          server('edge', { requests: 10, calls: { sent: 20, connectionsOpened: 2, connectionsOpen: 1 } }),
          server('orders', { requests: 20 }),
        ],
      }),
      {
        nodes: [
          { id: 'client', kind: 'client', label: 'client', detail: '' },
          { id: 'edge', kind: 'server', label: 'edge', detail: '' },
          { id: 'inner', kind: 'balancer', label: 'L7', detail: '' },
          { id: 'orders', kind: 'server', label: 'orders', detail: '' },
        ],
        edges: [
          { id: 'e1', from: 'client', to: 'edge' },
          { id: 'e2', from: 'edge', to: 'inner' },
          { id: 'e3', from: 'inner', to: 'orders' },
        ],
      },
    );
    expect(overlay.edges.get('e2')).toEqual({
      connections: 2,
      connectionsOpen: 1,
      requests: 20,
      share: 1,
      health: 'open',
    });
    expect(overlay.edges.get('e3')).toMatchObject({ requests: 20 });
  });

  it('tells connections and requests apart on every edge of a pinned run', () => {
    const overlay = overlayOf(
      snapshot({
        client: client(1, 1, 3000),
        balancer: l4([peer('a', 1, 1), peer('b', 0, 0)]),
        servers: [server('a', { requests: 2990, share: 1, connections: 1 }), server('b')],
      }),
      network(['a', 'b']),
    );
    expect(overlay.edges.get('e0')).toEqual({
      connections: 1,
      connectionsOpen: 1,
      requests: 3000,
      share: 1,
      health: 'open',
    });
    expect(overlay.edges.get('e1')).toEqual({
      connections: 1,
      connectionsOpen: 1,
      requests: 2990,
      share: 1,
      health: 'open',
    });
    expect(overlay.edges.get('e2')).toEqual({
      connections: 0,
      connectionsOpen: 0,
      requests: 0,
      share: 0,
      health: 'idle',
    });
    expect(overlay.nodes.get('a')).toEqual({ state: 'up', share: 1 });
  });

  it('gives each server its way to the store, in connections and commands, and the store its state', () => {
    const base = network(['a', 'b']);
    const topology = {
      nodes: [...base.nodes, { id: 'store', kind: 'store' as const, label: 'Redis', detail: 'built-in' }],
      edges: [...base.edges, { id: 's1', from: 'a', to: 'store' }, { id: 's2', from: 'b', to: 'store' }],
    };
    const servers = [
      server('a', { requests: 10, store: { connections: 2, connectionsOpen: 0, commands: 30 } }),
      server('b', { requests: 5, store: { connections: 1, connectionsOpen: 1, commands: 10 } }),
    ];
    const at = (state: 'up' | 'dead') =>
      overlayOf(snapshot({ servers, store: { name: 'built-in', state, isOurs: true } }), topology);
    expect(at('up').edges.get('s1')).toMatchObject({ connections: 2, requests: 30, share: 0.75, health: 'closed' });
    expect(at('up').edges.get('s1')?.kind).toBe('commands');
    expect(at('up').edges.get('s2')).toMatchObject({ connections: 1, requests: 10, share: 0.25, health: 'open' });
    expect(at('dead').edges.get('s2')).toMatchObject({ health: 'down' });
    expect(at('dead').nodes.get('store')).toEqual({ state: 'dead', share: null });
    expect(at('up').edges.get('e1')).toMatchObject({ requests: 10 });
  });

  it('tells no connections of a browser, which tells none', () => {
    const { client } = snapshot();
    const topology = {
      nodes: [
        { id: 'client', kind: 'client' as const, label: 'client', detail: 'REST · fetch()' },
        { id: 'balancer', kind: 'balancer' as const, label: 'L7', detail: '127.0.0.1:28690' },
      ],
      edges: [{ id: 'e1', from: 'client', to: 'balancer' }],
    };
    const over = overlayOf(snapshot({ client: { ...client, sent: 20, isBrowser: true } }), topology);
    expect(over.edges.get('e1')).toMatchObject({ requests: 20, health: 'open', kind: 'inner' });
  });

  it('adds up the peers that are one server in several upstreams', () => {
    const overlay = overlayOf(
      snapshot({ balancer: l4([peer('a', 2, 1), peer('a', 3, 0)]), servers: [server('a', { requests: 5 })] }),
      network(['a']),
    );
    expect(overlay.edges.get('e1')).toMatchObject({ connections: 5, connectionsOpen: 1, requests: 5 });
  });

  it('takes the servers’ own connections where the client balances itself', () => {
    const overlay = overlayOf(
      snapshot({
        servers: [server('a', { connections: 2, connectionsOpen: 0, requests: 6 }), server('b', { requests: 2 })],
      }),
      network(['a', 'b'], false),
    );
    expect(overlay.edges.get('e1')).toEqual({
      connections: 2,
      connectionsOpen: 0,
      requests: 6,
      share: 0.75,
      health: 'closed',
    });
  });

  it('shows an edge down when its server died or the balancer took it out', () => {
    const dead = overlayOf(snapshot({ servers: [server('a', { state: 'dead' })] }), network(['a'], false));
    expect(dead.edges.get('e1')?.health).toBe('down');
    const out = overlayOf(
      snapshot({ balancer: l4([peer('a', 1, 0, 'unavailable')]), servers: [server('a')] }),
      network(['a']),
    );
    expect(out.edges.get('e1')?.health).toBe('down');
  });

  it('is idle everywhere before the first run, and leaves out no edge', () => {
    const overlay = overlayOf(null, network(['a', 'b', 'c']));
    expect([...overlay.edges.values()].map((edge) => edge.health)).toEqual(['idle', 'idle', 'idle', 'idle']);
    expect(overlay.nodes.get('a')).toEqual({ state: null, share: null });
  });

  it('gives the shares of a fan-out a sum of 1 whenever anything was answered', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1, maxLength: 6 }), (requests) => {
        fc.pre(requests.some((n) => n > 0));
        const ids = requests.map((_, i) => `s${i}`);
        const servers = requests.map((n, i) => server(`s${i}`, { requests: n }));
        const { edges } = overlayOf(snapshot({ servers }), network(ids, false));
        const sum = [...edges.values()].reduce((total, edge) => total + edge.share, 0);
        expect(sum).toBeCloseTo(1, 9);
      }),
    );
  });

  it('never draws an edge too thin to see, and more share never thinner', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (a, b) => {
        expect(strokeWidth(a)).toBeGreaterThanOrEqual(1.5);
        expect(strokeWidth(Math.max(a, b))).toBeGreaterThanOrEqual(strokeWidth(Math.min(a, b)));
      }),
    );
  });
});
