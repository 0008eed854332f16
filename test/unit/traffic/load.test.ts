import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Load, type LoadShape } from '../../../src/traffic/load';
import { VirtualClock } from '../../harness/virtualClock';

interface Sent {
  readonly intendedAt: number;
  readonly sentAt: number;
}

/** Runs a load against a server that takes `serviceMs` for each request (0: it answers while it is asked). */
function run(shape: LoadShape, serviceMs: (index: number) => number, stopAfter = Number.POSITIVE_INFINITY) {
  const clock = new VirtualClock();
  const sent: Sent[] = [];
  let [inFlight, mostInFlight, dones] = [0, 0, 0];
  const load: Load = new Load(
    shape,
    clock,
    (index, intendedAt) => {
      expect(index).toBe(sent.length);
      sent.push({ intendedAt, sentAt: clock.now() });
      mostInFlight = Math.max(mostInFlight, ++inFlight);
      const end = (): void => {
        inFlight -= 1;
        load.ended();
      };
      const takes = serviceMs(index);
      if (takes === 0) end();
      else clock.setTimeout(end, takes);
      if (sent.length === stopAfter) load.stop();
    },
    () => {
      expect(inFlight).toBe(0);
      dones += 1;
    },
  );
  load.start();
  while (clock.step());
  return { sent, mostInFlight, dones, pending: clock.pending };
}

const shapes = fc.record({
  requests: fc.integer({ min: 1, max: 200 }),
  bound: fc.integer({ min: 1, max: 8 }),
  rate: fc.option(fc.integer({ min: 1, max: 5000 })),
});
const services = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 20 });
const takes = (times: readonly number[]) => (index: number) => times[index % times.length] ?? 0;

test('every request is sent once, never more than the bound are in flight, and done comes once, at the end', () => {
  fc.assert(
    fc.property(shapes, services, (shape, times) => {
      const { sent, mostInFlight, dones, pending } = run(shape, takes(times));
      expect(sent.length).toBe(shape.requests);
      expect(mostInFlight).toBeLessThanOrEqual(shape.bound);
      expect({ dones, pending }).toEqual({ dones: 1, pending: 0 });
    }),
  );
});

test('open loop: each request is due at its own time, whatever became of the ones before, and never sent early', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: 5000 }), services, (shape, rate, times) => {
      const { sent } = run({ ...shape, rate }, takes(times));
      for (const [index, { intendedAt, sentAt }] of sent.entries()) {
        expect(intendedAt).toBeCloseTo((index * 1000) / rate, 6);
        expect(sentAt).toBeGreaterThanOrEqual(intendedAt);
      }
    }),
  );
});

test('open loop: a stall makes those behind it wait, and their wait is on their account', () => {
  // One at a time, 100 per second, and the first takes 95 ms: requests 1 to 9 were due meanwhile.
  const { sent } = run({ requests: 11, bound: 1, rate: 100 }, (index) => (index === 0 ? 95 : 0));
  expect(sent.slice(1, 10).map(({ intendedAt, sentAt }) => sentAt - intendedAt)).toEqual([
    85, 75, 65, 55, 45, 35, 25, 15, 5,
  ]);
  expect(sent[10]).toEqual({ intendedAt: 100, sentAt: 100 });
});

test('open loop below capacity sends each request in the millisecond it is due', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (rate) => {
      const { sent } = run({ requests: 100, bound: 1000, rate }, () => 3);
      for (const { intendedAt, sentAt } of sent) expect(sentAt - intendedAt).toBeLessThan(1);
    }),
  );
});

test('closed loop: the bound is used in full and the next request follows the end of one', () => {
  const { sent, mostInFlight } = run({ requests: 6, bound: 2, rate: null }, () => 10);
  expect(mostInFlight).toBe(2);
  expect(sent.map(({ sentAt }) => sentAt)).toEqual([0, 0, 10, 10, 20, 20]);
  expect(sent.every(({ intendedAt, sentAt }) => intendedAt === sentAt)).toBe(true);
});

test('stop sends no more and is done when what is in flight has ended', () => {
  fc.assert(
    fc.property(shapes, services, fc.integer({ min: 1, max: 200 }), (shape, times, stopAfter) => {
      const { sent, dones, pending } = run(shape, takes(times), stopAfter);
      expect(sent.length).toBe(Math.min(shape.requests, stopAfter));
      expect({ dones, pending }).toEqual({ dones: 1, pending: 0 });
    }),
  );
});

test('marks come right after the request that reaches them, each once, in order', () => {
  const clock = new VirtualClock();
  let sent = 0;
  const marks: [number, number][] = [];
  const load: Load = new Load(
    { requests: 10, bound: 2, rate: 100, marks: [1, 5, 5, 10] },
    clock,
    () => {
      sent += 1;
      clock.setTimeout(() => load.ended(), 3);
    },
    () => {},
    (at) => marks.push([at, sent]),
  );
  load.start();
  while (clock.step());
  expect(marks).toEqual([
    [1, 1],
    [5, 5],
    [5, 5],
    [10, 10],
  ]);
});

test('another rate holds from the moment it is set, in both directions', () => {
  const clock = new VirtualClock();
  const dues: number[] = [];
  const load: Load = new Load(
    { requests: 30, bound: 100, rate: 100 },
    clock,
    (index, due) => {
      dues.push(due);
      if (index === 9) load.setRate(1000);
      if (index === 19) load.setRate(10);
      clock.setTimeout(() => load.ended(), 1);
    },
    () => {},
  );
  load.start();
  while (clock.step());
  const gaps = dues.slice(1).map((due, index) => Math.round(due - (dues[index] ?? 0)));
  expect(gaps.slice(0, 8).every((gap) => gap === 10)).toBe(true);
  expect(gaps.slice(10, 18).every((gap) => gap === 1)).toBe(true);
  expect(gaps.slice(20).every((gap) => gap === 100)).toBe(true);
});
