import { describe, expect, it } from 'vitest';
import type { Topology } from '../../../src/protocol/run';
import { bucketOf, fill, overlayOf } from '../../../webview/diagram/overlayModel';
import { announcements, NOTHING_HEARD } from '../../../webview/lab/announcements';
import { connectionsSentence } from '../../../webview/lab/connectionsSentence';
import { reconciliationLine } from '../../../webview/lab/reconciliationLine';
import { l4, peer, server, snapshot } from './builders';

/** How the page reads a gateway's snapshot. */

const topology: Topology = {
  nodes: [
    { id: 'client', kind: 'client', label: 'client', detail: 'REST' },
    ...['route', 'limit', 'auth'].map((id) => ({ id, kind: 'stage' as const, label: id, detail: '' })),
    ...['orders', 'verifier'].map((id) => ({ id, kind: 'server' as const, label: id, detail: '' })),
  ],
  edges: [
    { id: 'e1', from: 'client', to: 'route' },
    { id: 'e2', from: 'route', to: 'limit' },
    { id: 'e3', from: 'limit', to: 'auth' },
    { id: 'e4', from: 'auth', to: 'orders' },
    { id: 'e5', from: 'auth', to: 'verifier', asks: true },
  ],
};

/** 120 orders, of which the limit let 35 through and refused 85. */
const overLimit = snapshot({
  phase: 'done',
  client: { ...snapshot().client, sent: 120, answered: 120, connectionsOpened: 4, connectionsOpen: 4 },
  balancer: {
    ...l4([peer('orders', 4, 4), peer('verifier', 2, 1)]),
    layer: 'l7',
    requests: 120,
    answeredItself: 85,
    pipeline: {
      flows: [
        { from: 'client', to: 'route', requests: 120 },
        { from: 'route', to: 'limit', requests: 120 },
        { from: 'limit', to: 'auth', requests: 35 },
        { from: 'auth', to: 'orders', requests: 35 },
      ],
      own: [{ stage: 'limit', status: 429, grpcStatus: null, requests: 85 }],
      buckets: [
        { zone: 'logins', level: 0, burst: 20, rate: 1, keys: 9 },
        { zone: 'orders', level: 3.7, burst: 5, rate: 10, keys: 1 },
      ],
    },
  },
  servers: [
    server('orders', { requests: 35, share: 1, connections: 4 }),
    { ...server('verifier', { requests: 0, share: 0, connections: 2 }), subrequests: 35 },
  ],
  reconciliation: {
    agree: true,
    differences: [],
    counts: { client: 120, balancer: 120, backends: 35, answeredItself: 85, subrequests: 35 },
  },
  findings: {
    stages: [
      { stage: 'route', arrived: 120, through: 120, refused: 0 },
      { stage: 'limit', arrived: 120, through: 35, refused: 85 },
      { stage: 'auth', arrived: 35, through: 35, refused: 0 },
    ],
  },
});

describe('a gateway’s picture', () => {
  const overlay = overlayOf(overLimit, topology);

  it('has on every edge what went over it, and no connections where there are none', () => {
    const edge = (id: string) => {
      const { requests, connections, kind = 'outer' } = overlay.edges.get(id) ?? { requests: -1, connections: -1 };
      return [requests, connections, kind];
    };
    expect(['e1', 'e2', 'e3', 'e4', 'e5'].map(edge)).toEqual([
      [120, 4, 'outer'],
      [120, 0, 'inner'],
      [35, 0, 'inner'],
      [35, 4, 'outer'],
      [35, 2, 'asks'],
    ]);
  });

  it('has at each stage what it let through and refused, and at the limit its fullest bucket', () => {
    expect(overlay.nodes.get('limit')?.stage).toEqual({
      through: 35,
      refused: 85,
      bucket: { zone: 'orders', level: 3.7, burst: 5, rate: 10, keys: 1 },
    });
    expect(overlay.nodes.get('auth')?.stage).toEqual({ through: 35, refused: 0, bucket: null });
    expect(overlay.nodes.get('orders')).toEqual({ state: 'up', share: 1 });
    // The verifier has no part in the split.
    expect(overlay.nodes.get('verifier')).toEqual({ state: 'up', share: null });
  });

  it('is there before anything was measured', () => {
    const before = overlayOf(null, topology);
    expect(before.nodes.get('limit')).toEqual({ state: null, share: null });
    expect(bucketOf('limit', null)).toBeNull();
    expect(before.edges.get('e2')?.requests).toBe(0);
  });

  it('never draws a bucket fuller than full', () => {
    expect(fill({ zone: 'z', level: 7, burst: 5, rate: 1, keys: 1 })).toBe(1);
    expect(fill({ zone: 'z', level: 0.4, burst: 0, rate: 1, keys: 1 })).toBe(0.4);
  });
});

describe('a gateway in words', () => {
  it('is about who was let in, not about servers', () => {
    const { text, args } = connectionsSentence(overLimit);
    expect(text).toContain('refused {refused}');
    expect(args).toEqual({ requests: '120', served: '35', refused: '85' });
  });

  it('tells a screen reader at the end which stage refused how many', () => {
    const { say } = announcements(NOTHING_HEARD, overLimit);
    expect(say.at(-1)?.args).toEqual({ route: '0', limit: '85', auth: '0' });
    expect(announcements(NOTHING_HEARD, { ...overLimit, phase: 'running' }).say).toHaveLength(1);
  });

  it('has counts that agree when servers and the balancer’s own answers make up what was sent', () => {
    const line = reconciliationLine(overLimit);
    expect(line.verdict).toBe('agree');
    expect(line.sides.map(({ requests }) => requests)).toEqual([120, 120, 120]);
    expect(line.notes.map(({ args }) => args)).toEqual([{ checks: '35' }]);
  });
});
