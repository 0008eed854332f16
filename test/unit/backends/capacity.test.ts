import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Capacity, type Place } from '../../../src/backends/capacity';
import { seededRandom } from '../../../src/base/random';
import type { Capacity as Limits } from '../../../src/protocol/backendWorker';
import { VirtualClock } from '../../harness/virtualClock';

const limits: fc.Arbitrary<Limits> = fc.record({
  slots: fc.integer({ min: 1, max: 4 }),
  queue: fc.integer({ min: 0, max: 5 }),
  serviceTimeMs: fc.constantFrom(0, 0.3, 1.5, 7),
  distribution: fc.constantFrom('fixed', 'exponential'),
});

/** What happens to a backend, in order: a request arrives, one of those inside goes away, or time passes. */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'arrive' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'wait' as const }) },
);

interface Story {
  readonly arrived: number;
  readonly refused: number;
  readonly left: ReadonlySet<number>;
  readonly served: readonly number[];
  readonly mostServing: number;
  readonly mostWaiting: number;
}

function live(limit: Limits, seed: number, happenings: readonly { kind: string; which?: number }[]): Story {
  const clock = new VirtualClock();
  const capacity = new Capacity(limit, clock, seededRandom(seed));
  const inside = new Map<number, Place>();
  const served: number[] = [];
  const left = new Set<number>();
  let [arrived, refused, mostServing, mostWaiting] = [0, 0, 0, 0];
  const look = (): void => {
    mostServing = Math.max(mostServing, capacity.serving);
    mostWaiting = Math.max(mostWaiting, capacity.waiting);
  };
  for (const { kind, which = 0 } of happenings) {
    if (kind === 'wait') clock.step();
    else if (kind === 'leave') {
      const number = [...inside.keys()][which % Math.max(1, inside.size)];
      if (number !== undefined) {
        inside.get(number)?.leave();
        inside.delete(number);
        left.add(number);
      }
    } else {
      const number = arrived++;
      let over = false;
      const place = capacity.enter(() => {
        over = true;
        served.push(number);
        inside.delete(number);
      });
      if (place === null) refused += 1;
      else if (!over) inside.set(number, place);
    }
    look();
  }
  while (clock.step()) look();
  expect(capacity.serving + capacity.waiting).toBe(0);
  return { arrived, refused, left, served, mostServing, mostWaiting };
}

const story = fc.tuple(limits, fc.nat(1000), fc.array(happening, { maxLength: 80 }));

test('never more are served at once than there are slots, nor wait than the queue holds', () => {
  fc.assert(
    fc.property(story, ([limit, seed, happenings]) => {
      const { mostServing, mostWaiting } = live(limit, seed, happenings);
      expect(mostServing).toBeLessThanOrEqual(limit.slots);
      expect(mostWaiting).toBeLessThanOrEqual(limit.queue);
    }),
  );
});

test('each request is refused, served or gone, and exactly one of them', () => {
  fc.assert(
    fc.property(story, ([limit, seed, happenings]) => {
      const { arrived, refused, left, served } = live(limit, seed, happenings);
      expect(refused + left.size + served.length).toBe(arrived);
      expect(new Set(served).size).toBe(served.length);
      expect(served.some((number) => left.has(number))).toBe(false);
    }),
  );
});

test('first come, first served: with one slot the order of arrival is the order of service', () => {
  fc.assert(
    fc.property(story, ([limit, seed, happenings]) => {
      const { served } = live({ ...limit, slots: 1 }, seed, happenings);
      expect(served).toEqual([...served].sort((a, b) => a - b));
    }),
  );
});

test('a server that takes no time is slowed all the same', () => {
  const clock = new VirtualClock();
  const capacity = new Capacity(
    { slots: 1, queue: 0, serviceTimeMs: 0, distribution: 'fixed' },
    clock,
    seededRandom(1),
  );
  const timeOf = (): number => {
    const from = clock.now();
    let served = Number.NaN;
    capacity.enter(() => {
      served = clock.now() - from;
    });
    while (clock.step());
    return served;
  };
  expect(timeOf()).toBe(0);
  capacity.setSlowFactor(10);
  expect(timeOf()).toBe(10);
  capacity.setSlowFactor(1);
  expect(timeOf()).toBeLessThan(1);
});

test('a refusal means that every slot and every place was taken', () => {
  const clock = new VirtualClock();
  const capacity = new Capacity(
    { slots: 2, queue: 1, serviceTimeMs: 5, distribution: 'fixed' },
    clock,
    seededRandom(1),
  );
  const enter = (): boolean => capacity.enter(() => {}) !== null;
  expect([enter(), enter(), enter(), enter()]).toEqual([true, true, true, false]);
  clock.advance(5);
  expect(enter()).toBe(true);
});

test('who leaves the queue makes room in it, who leaves a slot lets the next one in', () => {
  const clock = new VirtualClock();
  const capacity = new Capacity(
    { slots: 1, queue: 2, serviceTimeMs: 5, distribution: 'fixed' },
    clock,
    seededRandom(1),
  );
  const served: string[] = [];
  const first = capacity.enter(() => served.push('first'));
  const second = capacity.enter(() => served.push('second'));
  capacity.enter(() => served.push('third'));
  second?.leave();
  expect(capacity.waiting).toBe(1);
  first?.leave();
  clock.advance(5);
  expect(served).toEqual(['third']);
});

test('the mean service time is what was asked for, also where it is a fraction of a millisecond', () => {
  fc.assert(
    fc.property(fc.constantFrom(0.4, 1.5, 2.7), fc.constantFrom('fixed', 'exponential'), (mean, distribution) => {
      const clock = new VirtualClock();
      const capacity = new Capacity(
        { slots: 1, queue: 5000, serviceTimeMs: mean, distribution: distribution as Limits['distribution'] },
        clock,
        seededRandom(7),
      );
      for (let i = 0; i < 4000; i++) capacity.enter(() => {});
      while (clock.step());
      // The standard error of an exponential mean over 4000 is 1.6 %.
      expect(Math.abs(clock.now() / 4000 / mean - 1)).toBeLessThan(0.06);
    }),
    { numRuns: 6 },
  );
});

test('a slow factor stretches the service of those who begin after it', () => {
  const clock = new VirtualClock();
  const capacity = new Capacity(
    { slots: 1, queue: 9, serviceTimeMs: 4, distribution: 'fixed' },
    clock,
    seededRandom(1),
  );
  const times: number[] = [];
  capacity.enter(() => times.push(clock.now()));
  capacity.setSlowFactor(10);
  capacity.enter(() => times.push(clock.now()));
  while (clock.step());
  expect(times).toEqual([4, 44]);
});
