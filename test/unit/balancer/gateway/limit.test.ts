import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderMessage } from '../../../../src/base/message';
import { limitConn, limitReq, limitsRig } from './limitBuilder';

const NODELAY = Number.MAX_SAFE_INTEGER;

describe('limit_req', () => {
  it('passes what the rate allows and refuses what comes earlier', () => {
    const rig = limitsRig();
    const limits = [limitReq({ rate: 10 })];
    expect(rig.request(limits)).toBe('pass');
    expect(rig.request(limits)).toBe('refuse');
    rig.nowMs += 99;
    expect(rig.request(limits)).toBe('refuse');
    rig.nowMs += 1;
    expect(rig.request(limits)).toBe('pass');
    expect(rig.logs).toEqual([
      '[error] limiting requests, excess: 1.000 by zone "one"',
      '[error] limiting requests, excess: 0.010 by zone "one"',
    ]);
  });

  it('delays a burst so that it leaves at the rate, and refuses what is over it', () => {
    const rig = limitsRig();
    const limits = [limitReq({ rate: 4, burst: 2 })];
    expect([1, 2, 3, 4].map(() => rig.request(limits))).toEqual(['pass', 250, 500, 'refuse']);
    expect(rig.logs[0]).toBe('[warn] delaying request, excess: 1.000, by zone "one"');
  });

  it('passes a burst at once with nodelay, and the first of it with delay=', () => {
    const rig = limitsRig();
    const nodelay = [limitReq({ rate: 4, burst: 2, delay: NODELAY })];
    expect([1, 2, 3, 4].map(() => rig.request(nodelay))).toEqual(['pass', 'pass', 'pass', 'refuse']);
    const delay = [limitReq({ name: 'two', rate: 4, burst: 3, delay: 2 })];
    expect([1, 2, 3, 4, 5].map(() => rig.request(delay))).toEqual(['pass', 'pass', 'pass', 250, 'refuse']);
  });

  it('counts a rate per minute in whole thousandths, as nginx does', () => {
    const rig = limitsRig();
    const limits = [limitReq({ rate: 1 / 60 })];
    rig.request(limits);
    rig.nowMs += 62_499;
    expect(rig.request(limits)).toBe('refuse');
    rig.nowMs += 1;
    expect(rig.request(limits)).toBe('pass');
  });

  it('keeps each key by itself and does not limit an empty one', () => {
    const rig = limitsRig();
    const limits = [limitReq()];
    expect(['a', 'b', 'a', '', ''].map((key) => rig.request(limits, key))).toEqual([
      'pass',
      'pass',
      'refuse',
      'pass',
      'pass',
    ]);
  });

  it('asks several limits before it counts any; the longest delay holds', () => {
    const rig = limitsRig();
    const wide = limitReq({ name: 'wide', rate: 10, burst: 5 });
    const narrow = limitReq({ name: 'narrow', rate: 1, burst: 1 });
    expect(rig.request([wide, narrow])).toBe('pass');
    expect(rig.request([wide, narrow])).toBe(1000);
    expect(rig.request([wide, narrow])).toBe('refuse');
    // The refusal has poured nothing into the other bucket.
    expect(rig.limits.buckets().find(({ zone }) => zone === 'wide')?.excess).toBe(1);
  });

  it('only tells with dry_run', () => {
    const rig = limitsRig();
    const limits = [limitReq({ rate: 1, burst: 1 })];
    const outcomes = [1, 2, 3].map(() => rig.limits.request(limits, true, rig.source('a'), rig.log));
    expect(outcomes).toEqual([
      { kind: 'pass', outcome: 'PASSED' },
      { kind: 'pass', outcome: 'DELAYED_DRY_RUN' },
      { kind: 'pass', outcome: 'REJECTED_DRY_RUN' },
    ]);
    expect(rig.logs).toEqual([
      '[warn] delaying request, dry run, excess: 1.000, by zone "one"',
      '[error] limiting requests, dry run, excess: 2.000 by zone "one"',
    ]);
  });

  it('shows the buckets draining', () => {
    const rig = limitsRig();
    const limits = [limitReq({ rate: 2, burst: 4, delay: NODELAY })];
    for (let i = 0; i < 4; i++) rig.request(limits);
    expect(rig.limits.buckets()).toEqual([{ zone: 'one', key: 'a', excess: 3, burst: 4, rate: 2 }]);
    rig.nowMs += 500;
    expect(rig.limits.buckets()[0]?.excess).toBe(2);
    rig.nowMs += 60_000;
    expect(rig.limits.buckets()[0]?.excess).toBe(0);
  });

  it('forgets the least recently used bucket where the zone is full', () => {
    const rig = limitsRig();
    const limits = [limitReq({ bytes: 32_768 })];
    const many = Array.from({ length: 191 }, (_, i) => `k${i}`);
    for (const key of many) expect(rig.request(limits, key)).toBe('pass');
    expect(rig.request(limits, 'k0')).toBe('refuse');
    expect(rig.request(limits, 'new')).toBe('pass');
    expect(rig.limits.buckets()).toHaveLength(191);
    expect(rig.request(limits, 'k0')).toBe('refuse');
    expect(rig.request(limits, 'k1')).toBe('pass');
  });

  it('forgets idle, empty buckets as others come, at most two at a time', () => {
    const rig = limitsRig();
    const limits = [limitReq()];
    for (const key of ['a', 'b', 'c']) rig.request(limits, key);
    rig.nowMs += 60_000;
    rig.request(limits, 'd');
    expect(rig.limits.buckets().map(({ key }) => key)).toEqual(['c', 'd']);
  });

  it('keeps its buckets over a reload with the same zone, also at another rate', () => {
    const rig = limitsRig();
    rig.request([limitReq({ rate: 1 })]);
    expect(rig.request([limitReq({ rate: 5 })])).toBe('refuse');
    rig.nowMs += 200;
    expect(rig.request([limitReq({ rate: 5 })])).toBe('pass');
    expect(rig.request([limitReq({ rate: 5, key: '$arg_other' })])).toBe('pass');
  });

  it('refuses a configuration that gives a zone another key, and forgets zones that are gone', () => {
    const rig = limitsRig();
    const zones = (...limits: ReturnType<typeof limitReq>[]) => ({
      requests: limits.map(({ zone }) => zone),
      connections: [],
    });
    const before = limitReq({ name: 'one' });
    rig.limits.adopt(zones(before, limitReq({ name: 'two' })));
    rig.request([before]);
    rig.request([limitReq({ name: 'two' })]);
    const problems = rig.limits.conflicts(zones(limitReq({ name: 'one', key: '$arg_other' })));
    expect(problems.map(({ message }) => renderMessage(message))).toEqual([
      'limit_req "one" uses the "$arg_other" key while previously it used the "$arg_k" key',
    ]);
    // Another size makes it another zone.
    expect(rig.limits.conflicts(zones(limitReq({ name: 'one', key: '$arg_other', bytes: 99_999 })))).toEqual([]);
    rig.limits.adopt(zones(before));
    expect(rig.limits.buckets().map(({ zone }) => zone)).toEqual(['one']);
    expect(rig.request([before])).toBe('refuse');
  });

  it('admits rate × time + burst, and one, in any stretch of any arrivals', () => {
    fc.assert(
      fc.property(
        fc.record({ rate: fc.integer({ min: 1, max: 200 }), burst: fc.nat(20) }),
        fc.array(fc.oneof(fc.constant(0), fc.nat(50), fc.nat(2000)), { minLength: 1, maxLength: 120 }),
        ({ rate, burst }, gaps) => {
          const rig = limitsRig();
          const limits = [limitReq({ rate, burst, delay: NODELAY })];
          const admitted: number[] = [];
          for (const gap of gaps) {
            rig.nowMs += gap;
            if (rig.request(limits) === 'pass') admitted.push(rig.nowMs);
          }
          for (let from = 0; from < admitted.length; from++) {
            for (let to = from; to < admitted.length; to++) {
              const seconds = ((admitted[to] ?? 0) - (admitted[from] ?? 0)) / 1000;
              // Each whole-thousandth division can only keep something in the bucket.
              expect(to - from + 1).toBeLessThanOrEqual(rate * seconds + burst + 1 + 1e-9);
            }
          }
          // And no less: whoever waits until the bucket has room is let in.
          rig.nowMs += Math.ceil(1000 / rate) + 1;
          expect(rig.request(limits)).toBe('pass');
        },
      ),
    );
  });

  it('lets delayed requests leave at the rate, whenever they came', () => {
    fc.assert(
      fc.property(
        fc.record({ rate: fc.constantFrom(1, 2, 5, 10, 100), burst: fc.nat(20) }),
        fc.array(fc.oneof(fc.constant(0), fc.nat(300)), { minLength: 2, maxLength: 60 }),
        ({ rate, burst }, gaps) => {
          const rig = limitsRig();
          const leaves: number[] = [];
          for (const gap of gaps) {
            rig.nowMs += gap;
            const verdict = rig.request([limitReq({ rate, burst })]);
            if (verdict !== 'refuse') leaves.push(rig.nowMs + (verdict === 'pass' ? 0 : verdict));
          }
          for (let i = 1; i < leaves.length; i++) {
            expect((leaves[i] ?? 0) - (leaves[i - 1] ?? 0)).toBeGreaterThanOrEqual(1000 / rate - 1);
          }
        },
      ),
    );
  });
});

describe('limit_conn', () => {
  it('admits so many at a time per key', () => {
    const rig = limitsRig();
    const limits = [limitConn({ connections: 2 })];
    const take = (key: string) => rig.limits.connection(limits, false, rig.source(key), rig.log);
    const first = take('a');
    expect([first.kind, take('a').kind, take('a').kind, take('b').kind]).toEqual(['pass', 'pass', 'refuse', 'pass']);
    expect(rig.logs).toEqual(['[error] limiting connections by zone "one"']);
    if (first.kind !== 'pass') throw new Error('refused');
    first.release?.();
    first.release?.();
    expect(rig.limits.connections()).toEqual([
      { zone: 'one', key: 'a', count: 1 },
      { zone: 'one', key: 'b', count: 1 },
    ]);
    expect([take('a').kind, take('a').kind]).toEqual(['pass', 'refuse']);
  });

  it('gives back what it had taken where a later limit refuses', () => {
    const rig = limitsRig();
    const limits = [limitConn({ name: 'wide', connections: 9 }), limitConn({ name: 'narrow' })];
    const take = () => rig.limits.connection(limits, false, rig.source('a'), rig.log).kind;
    expect([take(), take(), take()]).toEqual(['pass', 'refuse', 'refuse']);
    expect(rig.limits.connections().map(({ count }) => count)).toEqual([1, 1]);
  });

  it('does not limit an empty or an overlong key, and only tells with dry_run', () => {
    const rig = limitsRig();
    const take = (key: string, dryRun = false) =>
      rig.limits.connection([limitConn()], dryRun, rig.source(key), rig.log);
    for (const key of ['', 'x'.repeat(256)])
      expect([take(key), take(key)].map(({ kind }) => kind)).toEqual(['pass', 'pass']);
    take('a');
    expect(take('a', true)).toEqual({ kind: 'pass', outcome: 'REJECTED_DRY_RUN', release: null });
    expect(rig.logs.at(-1)).toBe('[error] limiting connections, dry run, by zone "one"');
  });

  it('refuses new keys where the zone is full, and holds nothing once all are gone', () => {
    const rig = limitsRig();
    const limits = [limitConn({ bytes: 32_768 })];
    const taken = Array.from({ length: 384 }, (_, i) =>
      rig.limits.connection(limits, false, rig.source(`k${i}`), rig.log),
    );
    expect(taken.map(({ kind }) => kind).indexOf('refuse')).toBe(383);
    for (const verdict of taken) if (verdict.kind === 'pass') verdict.release?.();
    expect(rig.limits.connections()).toEqual([]);
    expect(rig.limits.connection(limits, false, rig.source('again'), rig.log).kind).toBe('pass');
  });
});
