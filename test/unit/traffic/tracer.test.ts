import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SAMPLES_PER_REPORT, Tracer } from '../../../src/traffic/tracer';

test('at most 20 requests of any report are followed, each under its own id', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 400 }), (gaps) => {
      const tracer = new Tracer(100);
      const ids: string[] = [];
      const perReport = new Map<number, number>();
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        const id = tracer.next(now);
        if (id === null) continue;
        ids.push(id);
        const report = Math.floor(now / 100);
        perReport.set(report, (perReport.get(report) ?? 0) + 1);
      }
      expect(new Set(ids).size).toBe(ids.length);
      expect(Math.max(0, ...perReport.values())).toBeLessThanOrEqual(SAMPLES_PER_REPORT);
    }),
  );
});

test('the first request is followed, and a burst does not use up the whole sample', () => {
  const tracer = new Tracer(100);
  const burst = Array.from({ length: 1000 }, (_, i) => tracer.next(i / 1000)).filter((id) => id !== null);
  expect(burst).toEqual(['r1']);
  expect(tracer.next(50)).toBe('r2');
});
