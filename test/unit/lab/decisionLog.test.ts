import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { message } from '../../../src/base/message';
import { DecisionLog } from '../../../src/lab/decisionLog';
import type { Decision } from '../../../src/measurement/snapshot';
import type { ClientSample } from '../../../src/protocol/trafficWorker';

const decision: Decision = {
  policy: 'round_robin',
  atMs: 1_000,
  upstream: 'orders',
  peers: [],
  chosen: '127.0.0.1:1',
  reason: message('because'),
  attempt: 1,
};

function sample(id: number, change: Partial<ClientSample> = {}): ClientSample {
  return {
    id: `r${id}`,
    atMs: id * 5,
    server: 'server-a',
    status: 'OK',
    latencyMs: 1,
    clientConnection: 1,
    serverConnection: null,
    requestsBefore: null,
    ...change,
  };
}

describe('samples', () => {
  it('are at most 50, in order, with the newest 20 among them, however many come', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 60 }), (batches) => {
        const log = new DecisionLog();
        let next = 0;
        for (const size of batches) log.addSamples(Array.from({ length: size }, () => sample(next++)));
        const shown = log.explained(null, 0).map(({ id }) => Number(id.slice(1)));
        expect(shown.length).toBe(Math.min(50, next));
        expect(shown).toEqual(shown.toSorted((a, b) => a - b));
        const newest = Array.from({ length: Math.min(20, next) }, (_, index) => next - 1 - index).reverse();
        expect(shown.slice(-newest.length)).toEqual(newest);
      }),
    ));

  it('keep telling of the whole run, and keep the one that failed', () => {
    const log = new DecisionLog();
    for (let id = 0; id < 2_000; id++) log.addSamples([sample(id, id === 400 ? { status: 'UNAVAILABLE' } : {})]);
    const shown = log.explained(null, 0);
    expect(shown.filter(({ atMs }) => atMs < 5_000).length).toBeGreaterThan(10);
    expect(shown.some(({ status }) => status === 'UNAVAILABLE')).toBe(true);
  });
});

describe('why', () => {
  const why = (log: DecisionLog) => log.explained(null, 400)[0]?.why;

  it('is the decision for that very request on L7, in the time of the run', () => {
    const log = new DecisionLog();
    log.addSamples([sample(7)]);
    log.addDecisions([{ request: 'r7', upstreamPort: null, decision }]);
    expect(why(log)).toMatchObject({ kind: 'decided', decision: { atMs: 600 } });
  });

  it('is the decision for the connection on L4: its first request, or one of the many after', () => {
    for (const [requestsBefore, kind] of [
      [0, 'decided'],
      [12, 'bound'],
    ] as const) {
      const log = new DecisionLog();
      log.addDecisions([{ request: null, upstreamPort: 50_000, decision }]);
      log.addSamples([sample(1, { serverConnection: 50_000, requestsBefore })]);
      expect(why(log)?.kind).toBe(kind);
    }
  });

  it('is the stage of the balancer that answered, unless a server was chosen before', () => {
    const log = new DecisionLog();
    log.addSamples([sample(1, { server: null, status: '429' })]);
    log.addOwnAnswers([{ request: 'r1', stage: 'limit' }]);
    expect(why(log)).toEqual({ kind: 'own', stage: 'limit' });
    log.addDecisions([{ request: 'r1', upstreamPort: null, decision }]);
    expect(why(log)?.kind).toBe('decided');
  });

  it('is the client where the client balances, and unknown where nothing was recorded', () => {
    const log = new DecisionLog();
    log.addSamples([sample(1)]);
    expect(why(log)).toEqual({ kind: 'unknown' });
    const clientSide = { policy: 'round_robin', servers: ['server-a'] };
    expect(log.explained(clientSide, 0)[0]?.why).toEqual({ kind: 'client', ...clientSide });
  });
});
