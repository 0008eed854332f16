import { describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import type { ExerciseDefinition, Expectation, Help } from '../../../src/lab/exercise';
import { type CheckedRuns, judge } from '../../../src/lab/expectations';
import type { RunResult } from '../../../src/protocol/run';

function result(over: Partial<RunResult> & Readonly<Record<string, unknown>> = {}): RunResult {
  return {
    lab: 'a-lab',
    arm: 'an-arm',
    engine: 'in-process',
    sent: 100,
    answered: 100,
    failed: 0,
    inFlight: 0,
    servers: [
      { id: 'a', connections: 1, requests: 75 },
      { id: 'b', connections: 1, requests: 25 },
    ],
    counts: { client: 100, balancer: 100, backends: 100 },
    outcomes: [
      { status: '200', by: 'a', requests: 75 },
      { status: '200', by: 'b', requests: 15 },
      { status: '500', by: 'b', requests: 10 },
    ],
    latencyMs: { p50: 2, p90: 4, p99: 9, max: 12 },
    requestsPerSecond: 400,
    startMs: 120,
    seed: 7,
    ...over,
  };
}

function wants(over: Partial<Expectation>): Expectation {
  return {
    reading: 'failed',
    where: null,
    is: null,
    atMost: null,
    atLeast: null,
    run: null,
    of: null,
    shareOf: null,
    name: null,
    help: [],
    ...over,
  };
}

function exercise(expectations: readonly Expectation[], runs: readonly string[] = ['mine']): ExerciseDefinition {
  const params = { scenario: null, protocol: null, message: null };
  return {
    id: 'mend',
    title: { en: 'Mend' },
    goal: { en: 'Mend.' },
    edits: { kind: 'conf' },
    start: 's.nginx.conf',
    solution: 't.nginx.conf',
    file: 'mend.nginx.conf',
    runs: runs.map((id) => ({ id, title: null, arm: id, params, conf: id === 'baseline' ? 'l4.nginx.conf' : null })),
    hints: [],
    expect: expectations,
  };
}

/** "✓ name: seen, wanted …" of each verdict. */
function said(expectations: readonly Expectation[], runs: CheckedRuns): string[] {
  return judge(exercise(expectations, Object.keys(runs)), runs).map(({ met, name, seen, wanted }) => {
    const called = 'message' in name ? renderMessage(name.message) : name.written.en;
    return `${met ? '✓' : '✕'} ${called}: ${renderMessage(seen)}, wanted ${renderMessage(wanted)}`;
  });
}

describe('what an exercise wants, held against what was measured', () => {
  it.each([
    [{ reading: 'failed', is: 0 }, '✓ Requests without an answer: 0, wanted exactly 0'],
    [{ reading: 'maxOverMean', atMost: 1.2 }, '✕ Busiest server against the mean: 1.5, wanted at most 1.2'],
    [{ reading: 'latencyMs.p99', atMost: 10 }, '✓ Latency p99: 9 ms, wanted at most 10 ms'],
    [{ reading: 'busyServers', atLeast: 3 }, '✕ Servers that answered: 2, wanted at least 3'],
    [{ reading: 'requestsPerSecond', atLeast: 300, atMost: 500 }, '✓ Requests per second: 400, wanted from 300 to 500'],
    [{ reading: 'sessions.lost', is: 0 }, '✕ Sessions lost: nothing to measure, wanted exactly 0'],
    [
      { reading: 'outcomes', where: { status: '200' }, shareOf: 'sent', is: 1 },
      '✕ Answers that were 200: 90 %, wanted exactly 100 %',
    ],
    [
      { reading: 'outcomes', where: { status: '500', by: 'b' }, atMost: 20 },
      '✓ Answers that were 500, b: 10, wanted at most 20',
    ],
    [{ reading: 'outcomes', where: { status: '429' }, atLeast: 1 }, '✕ Answers that were 429: 0, wanted at least 1'],
    [{ reading: 'failed', is: 0, name: { en: 'Lost' } }, '✓ Lost: 0, wanted exactly 0'],
  ])('%j', (expectation, sentence) => {
    expect(said([wants(expectation)], { mine: result() })).toEqual([sentence]);
  });

  it('can be what another run of the same check had, times something', () => {
    const runs = { mine: result(), baseline: result({ latencyMs: { p50: 1, p90: 1, p99: 12, max: 12 } }) };
    const relative = wants({ reading: 'latencyMs.p99', atMost: 0.7, of: 'baseline' });
    expect(said([relative], runs)).toEqual([
      '✕ Latency p99: 9 ms, wanted at most 8.4 ms, 0.7 times the 12 ms of “baseline”',
    ]);
    expect(judge(exercise([{ ...relative, atMost: 0.8 }], Object.keys(runs)), runs)[0]?.met).toBe(true);
    expect(said([relative], { ...runs, baseline: null })[0]).toMatch(/^✕ .*“baseline”, which measured nothing$/);
  });

  it('can be no less than what another run had', () => {
    const runs = { mine: result({ failed: 3 }), baseline: result({ failed: 4 }) };
    const bounds = { atMost: 'at most', atLeast: 'at least', is: 'exactly' };
    for (const [bound, words] of Object.entries(bounds)) {
      const relative = wants({ [bound]: 1, of: 'baseline', run: 'mine' });
      expect(said([relative], runs)).toEqual([
        `${bound === 'atMost' ? '✓' : '✕'} Requests without an answer: 3, wanted ${words} the 4 of “baseline”`,
      ]);
    }
  });

  it('is wanted of every run of the reader’s message where that is what the exercise edits', () => {
    const conf = exercise([wants({ is: 0 })], ['mine', 'compared']);
    const runs = conf.runs.map((run) =>
      run.id === 'mine' ? run : { ...run, params: { ...run.params, message: 'user' } },
    );
    const edited: ExerciseDefinition = { ...conf, edits: { kind: 'message', message: 'user' }, runs };
    expect(judge(edited, { mine: result(), compared: result() }).map(({ run }) => run)).toEqual(['mine']);
  });

  it('is wanted of every run of the reader’s file, and of no other', () => {
    const runs = { rest: result(), grpc: result({ failed: 3 }), baseline: result({ failed: 50 }) };
    expect(judge(exercise([wants({ is: 0 })], Object.keys(runs)), runs).map(({ run, met }) => [run, met])).toEqual([
      ['rest', true],
      ['grpc', false],
    ]);
    const only = judge(exercise([wants({ is: 0, run: 'baseline' })], Object.keys(runs)), runs);
    expect(only.map(({ run }) => run)).toEqual(['baseline']);
  });

  it('finds lists that labs add to their result', () => {
    const routes = [
      { path: '/static/', service: 'static', status: '200', requests: 30 },
      { path: '/static/', service: 'orders', status: '404', requests: 2 },
    ];
    const astray = wants({ reading: 'routes', where: { path: '/static/', service: 'orders' }, is: 0 });
    expect(said([astray], { mine: result({ routes }) })).toEqual([
      '✕ Requests in routes: /static/, orders: 2, wanted exactly 0',
    ]);
  });
});

describe('advice', () => {
  const help: readonly Help[] = [
    {
      when: { reading: 'counts.balancer', where: null, is: null, atMost: null, atLeast: null, of: null, absent: true },
      say: { en: 'still L4' },
    },
    {
      when: { reading: 'maxOverMean', where: null, is: null, atMost: null, atLeast: 1.4, of: null, absent: false },
      say: { en: 'uneven' },
    },
    { when: null, say: { en: 'look again' } },
  ];
  const advice = (over: Parameters<typeof result>[0]) =>
    judge(exercise([wants({ reading: 'answered', atLeast: 200, help })]), { mine: result(over) })[0]?.help;

  it('is the first that fits what was measured', () => {
    expect(advice({ counts: { client: 1, balancer: null, backends: 1 } })).toEqual({ written: { en: 'still L4' } });
    expect(advice({})).toEqual({ written: { en: 'uneven' } });
    expect(advice({ servers: [{ id: 'a', connections: 1, requests: 1 }] })).toEqual({ written: { en: 'look again' } });
  });

  it('can depend on what another run measured', () => {
    const half = {
      reading: 'answered',
      where: null,
      is: null,
      atMost: null,
      atLeast: 0.5,
      of: 'baseline',
      absent: false,
    };
    const wanted = wants({
      reading: 'answered',
      run: 'mine',
      atLeast: 200,
      help: [{ when: half, say: { en: 'close' } }],
    });
    const told = (baseline: RunResult | null) =>
      judge(exercise([wanted], ['mine', 'baseline']), { mine: result({ answered: 60 }), baseline })[0]?.help;
    expect(told(result({ answered: 100 }))).toEqual({ written: { en: 'close' } });
    expect(told(result({ answered: 200 }))).toBeNull();
    expect(told(null)).toBeNull();
  });

  it('is not given where all is well, nor twice where nothing was measured', () => {
    const always: readonly Help[] = [{ when: null, say: { en: 'look again' } }];
    const both = [wants({ is: 0, help: always }), wants({ reading: 'maxOverMean', atMost: 1.2, help: always })];
    expect(judge(exercise([wants({ is: 0, help: always })]), { mine: result() })[0]?.help).toBeNull();
    expect(judge(exercise(both), { mine: null }).map(({ help: said }) => said !== null)).toEqual([true, false]);
  });
});
