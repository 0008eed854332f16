import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Clock, turnClock } from '../../../src/base/clock';

/** Goes on by one with each look. */
function counting(): Clock {
  let looks = 0;
  const none = { cancel: () => {} };
  return { now: () => ++looks, wallNow: () => 1000 + looks, setTimeout: () => none, setInterval: () => none };
}

it('says the same all through a turn, and looks again in the next', async () => {
  const clock = turnClock(counting());
  expect([clock.now(), clock.now(), clock.wallNow(), clock.now()]).toEqual([1, 1, 1001, 1]);
  await Promise.resolve();
  expect(clock.now()).toBe(1);
  await nextTurn();
  expect([clock.wallNow(), clock.now(), clock.now()]).toEqual([1002, 2, 2]);
});
