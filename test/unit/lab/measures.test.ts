import { describe, expect, it } from 'vitest';
import { measured } from '../../../src/lab/measures';
import type { ClientCounts, Outcome, ServerCounts } from '../../../src/measurement/snapshot';

const latencyMs = { p50: 1, p90: 2, p99: 3, max: 4 };

function client(outcomes: readonly Outcome[]): ClientCounts {
  const count = (wanted: (outcome: Outcome) => boolean) =>
    outcomes.filter(wanted).reduce((sum, { requests }) => sum + requests, 0);
  const failed = count(({ by }) => by === 'client');
  const answered = count(({ by }) => by !== 'client');
  return {
    sent: answered + failed,
    answered,
    failed,
    inFlight: 0,
    retried: 0,
    connectionsOpened: 1,
    connectionsOpen: 1,
    outcomes,
    latencyMs,
    requestsPerSecond: 1,
  };
}

function server(id: string, requests: number): ServerCounts {
  return {
    id,
    state: 'up',
    connections: 1,
    connectionsOpen: 1,
    requests,
    received: requests,
    inFlight: 0,
    queued: 0,
    rejected: 0,
    share: 0,
    latencyMs: requests === 0 ? null : latencyMs,
  };
}

describe('what a lab measures of a run as a whole', () => {
  it('measures nothing that it was not asked for', () => {
    expect(measured([], client([{ status: '200', by: 'a', requests: 3 }]), [server('a', 3)])).toEqual({});
  });

  it('max over mean: 1 is even, the number of servers is all on one', () => {
    const counts = client([]);
    const of = (...requests: number[]) =>
      measured(
        ['maxOverMean'],
        counts,
        requests.map((count, index) => server(`s${index}`, count)),
      ).maxOverMean;
    expect(of(5, 5, 5)).toBe(1);
    expect(of(9, 0, 0)).toBe(3);
    expect(of(0, 0)).toBeUndefined();
  });

  it.each([
    ['an answer', { status: '404', by: 'a' }, 100],
    ['a refusal of the limit', { status: '429', by: 'limit' }, 100],
    ['an error of the service', { status: '503', by: 'a' }, 50],
    ['an error of the load balancer', { status: '502', by: 'balancer' }, 50],
    ['no answer', { status: 'ECONNREFUSED', by: 'client' }, 50],
    ['a gRPC error of the caller', { status: 'NOT_FOUND', by: 'a' }, 100],
    ['a gRPC error of the service', { status: 'UNAVAILABLE', by: 'a' }, 50],
  ])('availability: %s', (_name, outcome, percent) => {
    const counts = client([
      { status: '200', by: 'a', requests: 2 },
      { ...outcome, requests: 2 },
    ]);
    expect(measured(['availability'], counts, []).availability).toBe(percent);
  });

  it('latency by server leaves out those that answered nothing', () => {
    const { serverLatency } = measured(['serverLatency'], client([]), [server('a', 2), server('b', 0)]);
    expect(serverLatency).toEqual([{ id: 'a', ...latencyMs }]);
  });
});
