import { expect, test } from 'vitest';
import { peakEwma } from '../../../../src/balancer/policies/peakEwma';
import { createUpstream, type Upstream } from '../../../../src/balancer/upstream';
import { seededRandom } from '../../../../src/base/random';
import { StillClock, upstreamPlan } from '../../../harness/upstreams';

function two() {
  const clock = new StillClock();
  return {
    clock,
    upstream: createUpstream(upstreamPlan('peak_ewma', [{ port: 1 }, { port: 2 }]), clock, seededRandom(7)),
  };
}

/** Sends one request; the servers answer in the given times, ms. */
function ask(upstream: Upstream, times: readonly number[]): number {
  const selection = upstream.begin({ clientAddress: '', key: '', traced: false });
  const peer = selection.next()?.peer;
  if (peer === undefined) throw new Error('no peer');
  selection.succeeded(peer, times[peer.index] ?? 0);
  return peer.index;
}

const indexes = (count: number, next: () => number) => Array.from({ length: count }, next);

test('the slow server gets nothing once both are known', () => {
  const { upstream } = two();
  indexes(20, () => ask(upstream, [5, 500]));
  expect(new Set(indexes(20, () => ask(upstream, [5, 500])))).toEqual(new Set([0]));
});

test('a slow answer counts at once, a quick one little by little', () => {
  const { clock, upstream } = two();
  const [peer] = upstream.peers;
  if (peer === undefined) throw new Error('no peer');
  const picker = peakEwma.createPicker(null, upstream.peers, seededRandom(1));
  const answer = (ms: number) => picker.observe?.(peer, ms, clock.now());
  answer(10);
  answer(400);
  expect(peer.ewmaMs).toBe(400);
  clock.ms += 1000;
  answer(10);
  expect(peer.ewmaMs).toBeGreaterThan(300);
  expect(peer.ewmaMs).toBeLessThan(400);
});

test('what is remembered fades, so that the slow server is asked again', () => {
  const { clock, upstream } = two();
  indexes(20, () => ask(upstream, [5, 500]));
  let askedAgain = false;
  for (let second = 0; second < 120 && !askedAgain; second += 1) {
    clock.ms += 1000;
    askedAgain = ask(upstream, [5, 5]) === 1;
  }
  expect(askedAgain).toBe(true);
});

test('of two servers equally quick, the one with less in flight', () => {
  const { upstream } = two();
  indexes(20, () => ask(upstream, [5, 5]));
  const held = upstream.begin({ clientAddress: '', key: '', traced: false }).next()?.peer.index;
  expect(new Set(indexes(10, () => ask(upstream, [5, 5])))).toEqual(new Set([held === 0 ? 1 : 0]));
});
