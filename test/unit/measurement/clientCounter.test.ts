import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClientCounter, type Ending } from '../../../src/measurement/clientCounter';
import { LatencyRecorder } from '../../../src/measurement/latency';

const none = { opened: 0, open: 0 };
const ok = (latencyMs = 1): Ending => ({ answered: true, status: '200', by: 'server-a', retries: 0, latencyMs });

const endings = fc.record({
  answered: fc.boolean(),
  status: fc.constantFrom('200', '503', 'ECONNRESET'),
  by: fc.constantFrom('server-a', 'server-b', 'balancer', 'client'),
  retries: fc.nat(3),
  latencyMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
});
const events = fc.array(fc.option(fc.tuple(endings, fc.double({ min: 0, max: 3000, noNaN: true }))), { maxLength: 80 });

test('sent = answered + failed + in flight, outcomes and slots add up, after every event', () => {
  fc.assert(
    fc.property(events, (happened) => {
      const counter = new ClientCounter();
      const slots: number[] = [];
      for (const event of happened) {
        if (event === null || counter.inFlight === 0) counter.sent();
        else counter.ended(event[0], event[1]);
        const counts = counter.counts(3000, false, none);
        expect(counts.sent).toBe(counts.answered + counts.failed + counts.inFlight);
        expect(counts.outcomes.reduce((sum, outcome) => sum + outcome.requests, 0)).toBe(
          counts.answered + counts.failed,
        );
        // What a reader of the reports puts together from the changed slots is every answer, once.
        const { from, answered } = counter.takeSlots();
        slots.splice(from, answered.length, ...answered);
        expect(slots.reduce((sum, slot) => sum + slot, 0)).toBe(counts.answered);
      }
    }),
  );
});

test('a failed request has no latency; no answer at all gives zeros', () => {
  const counter = new ClientCounter();
  counter.sent();
  counter.ended({ ...ok(500), answered: false, status: 'ECONNREFUSED', by: 'client' }, 500);
  expect(counter.counts(500, true, none)).toMatchObject({
    latencyMs: { p50: 0, p90: 0, p99: 0, max: 0 },
    requestsPerSecond: 0,
    failed: 1,
  });
});

test('while running the rate is that of the last second, when done that of the whole run', () => {
  const counter = new ClientCounter();
  const answerAt = (atMs: number): void => {
    counter.sent();
    counter.ended(ok(), atMs);
  };
  for (let atMs = 0; atMs < 1000; atMs += 10) answerAt(atMs);
  expect(counter.counts(1000, false, none).requestsPerSecond).toBe(100);
  for (let atMs = 1000; atMs < 2000; atMs += 100) answerAt(atMs);
  expect(counter.counts(2000, false, none).requestsPerSecond).toBe(10);
  answerAt(2000);
  expect(counter.counts(9000, true, none).requestsPerSecond).toBe(55.5);
});

test('percentiles are right to three figures', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.001, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      (values) => {
        const recorder = new LatencyRecorder();
        for (const value of values) recorder.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        const summary = recorder.summary();
        for (const [got, percent] of [
          [summary.p50, 50],
          [summary.p90, 90],
          [summary.p99, 99],
          [summary.max, 100],
        ] as const) {
          // HdrHistogram rounds to the nearest rank; recorded in whole microseconds, kept to 3 figures.
          const rank = (percent / 100) * sorted.length;
          const low = sorted[Math.max(0, Math.floor(rank) - 1)] ?? 0;
          const high = sorted[Math.min(sorted.length, Math.ceil(rank)) - 1] ?? 0;
          expect(got).toBeGreaterThanOrEqual(low * 0.999 - 0.001);
          expect(got).toBeLessThanOrEqual(high * 1.001 + 0.001);
        }
      },
    ),
  );
});
