import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome, OwnAnswers, Stage } from '../../../src/measurement/snapshot';
import { outcomesByStage, stageCounts } from '../../../src/measurement/stages';

const own = (stage: Stage | null, status: number, requests: number, grpcStatus: number | null = null): OwnAnswers => ({
  stage,
  status,
  grpcStatus,
  requests,
});

describe('whose an answer was that no server signed', () => {
  it('is told by the stage that gave that status', () => {
    const outcomes: Outcome[] = [
      { status: '401', by: 'balancer', requests: 80 },
      { status: '200', by: 'balancer', requests: 40 },
      { status: '200', by: 'users', requests: 3 },
    ];
    expect(outcomesByStage(outcomes, [own('static', 200, 40), own('auth', 401, 80)], 'rest')).toEqual([
      { status: '401', by: 'auth', requests: 80 },
      { status: '200', by: 'static', requests: 40 },
      { status: '200', by: 'users', requests: 3 },
    ]);
  });

  it('is told in the words of a gRPC client, with a page that says so and without', () => {
    const outcomes: Outcome[] = [
      { status: 'RESOURCE_EXHAUSTED', by: 'balancer', requests: 2 },
      { status: 'UNAVAILABLE', by: 'balancer', requests: 5 },
      { status: 'UNIMPLEMENTED', by: 'balancer', requests: 1 },
    ];
    const answers = [own('limit', 204, 2, 8), own('limit', 503, 4), own(null, 502, 1), own('route', 404, 1)];
    expect(outcomesByStage(outcomes, answers, 'grpc')).toEqual([
      { status: 'UNAVAILABLE', by: 'limit', requests: 4 },
      { status: 'RESOURCE_EXHAUSTED', by: 'limit', requests: 2 },
      { status: 'UNAVAILABLE', by: 'balancer', requests: 1 },
      { status: 'UNIMPLEMENTED', by: 'route', requests: 1 },
    ]);
  });

  it('loses and invents no answer, whatever each side has reported so far', () => {
    const statuses = fc.constantFrom(200, 401, 429, 503);
    const stages = fc.constantFrom<Stage | null>('route', 'limit', 'auth', 'static', null);
    const some = { minLength: 0, maxLength: 8 };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(statuses, fc.constantFrom('balancer', 'users', 'client'), fc.nat(50)), some),
        fc.array(fc.tuple(stages, statuses, fc.nat(50)), some),
        (held, given) => {
          const outcomes = held.map(([status, by, requests]) => ({ status: String(status), by, requests }));
          const split = outcomesByStage(
            outcomes,
            given.map(([stage, status, requests]) => own(stage, status, requests)),
            'rest',
          );
          const total = (list: readonly Outcome[], status: string) =>
            list.filter((one) => one.status === status).reduce((sum, one) => sum + one.requests, 0);
          for (const status of ['200', '401', '429', '503']) expect(total(split, status)).toBe(total(outcomes, status));
          const signed = split.filter(({ by }) => by === 'users' || by === 'client');
          expect(signed.length).toBe(outcomes.filter(({ by }) => by !== 'balancer').length);
        },
      ),
    );
  });
});

describe('what a stage did', () => {
  it('counts what went on, what got an answer that is none of an error, and what was refused', () => {
    const flows = [
      { from: 'client' as const, to: 'route', requests: 100 },
      { from: 'route' as const, to: 'limit', requests: 60 },
      { from: 'route' as const, to: 'static', requests: 30 },
      { from: 'limit' as const, to: 'orders', requests: 20 },
    ];
    const answers = [own('route', 404, 10), own('limit', 204, 39, 8), own('static', 200, 28), own('static', 404, 2)];
    expect(stageCounts({ flows, own: answers, buckets: [] }, ['route', 'limit', 'static'])).toEqual([
      { stage: 'route', arrived: 100, through: 90, refused: 10 },
      // One is still waiting.
      { stage: 'limit', arrived: 60, through: 20, refused: 39 },
      { stage: 'static', arrived: 30, through: 28, refused: 2 },
    ]);
  });
});
