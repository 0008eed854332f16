import { describe, expect, it } from 'vitest';
import { READING_NAMES, readingsOf } from '../../../src/lab/readings';
import type { RunResult } from '../../../src/protocol/run';

const result: RunResult = {
  lab: 'pinning',
  arm: 'l4',
  engine: 'in-process',
  sent: 100,
  answered: 90,
  failed: 10,
  inFlight: 0,
  servers: [
    { id: 'server-a', connections: 1, requests: 60 },
    { id: 'server-b', connections: 2, requests: 30 },
    { id: 'server-c', connections: 0, requests: 0 },
  ],
  counts: { client: 100, balancer: null, backends: 90 },
  outcomes: [],
  latencyMs: { p50: 2, p90: 4, p99: 9, max: 12 } as RunResult['latencyMs'],
  requestsPerSecond: 400,
  startMs: 120,
  seed: 7,
};

describe('the readings of a run', () => {
  it('are its numbers by their paths, and what follows from its servers', () => {
    expect(readingsOf(result)).toMatchObject({
      failed: 10,
      'latencyMs.p99': 9,
      'counts.client': 100,
      busyServers: 2,
      connections: 3,
      busiestShare: 60 / 90,
    });
  });

  it('hold nothing that is no number', () => {
    const readings = readingsOf(result);
    expect(Object.keys(readings)).not.toEqual(expect.arrayContaining(['engine']));
    expect(readings).not.toHaveProperty(['counts.balancer']);
    expect(Object.values(readings).every((value) => typeof value === 'number')).toBe(true);
  });

  it('have no busiest share where nothing was answered', () => {
    expect(readingsOf({ ...result, servers: [] })).not.toHaveProperty('busiestShare');
  });

  it('call what a hop carries by its ends', () => {
    const latencyMs = { p50: 1, p90: 2, p99: 3, max: 4 };
    const hop = { from: 'edge', to: 'orders', protocol: 'grpc', requests: 9, bytesPerRequest: 241, latencyMs } as const;
    const read = readingsOf({ ...result, hops: [hop] });
    expect(read).toMatchObject({ 'hops.edge-orders.bytesPerRequest': 241, 'hops.edge-orders.latencyMs.p99': 3 });
    expect(READING_NAMES).toEqual(expect.arrayContaining(['hops.edge-orders.bytesPerRequest']));
  });

  it('have names that a course may ask for', () => {
    expect(READING_NAMES).toEqual(
      expect.arrayContaining(Object.keys(readingsOf(result)).filter((name) => name !== 'seed')),
    );
    expect(new Set(READING_NAMES).size).toBe(READING_NAMES.length);
  });

  it('follow results that later labs add to', () => {
    expect(readingsOf({ ...result, sessions: { created: 4, lost: 1 } } as RunResult)).toMatchObject({
      'sessions.lost': 1,
    });
  });
});
