import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteRange } from '../../../src/balancer/gateway/byteRange';

describe('a Range field', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=2-', { start: 2, end: 10 }],
    ['bytes=-3', { start: 7, end: 10 }],
    ['bytes=-30', 'whole-as-part'],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=5-4', 'unsatisfiable'],
    ['bytes=0-0,5-6', 'whole'],
    ['lines=0-0', 'whole'],
  ])('%s of ten bytes', (field, expected) => {
    expect(byteRange(field, 10)).toEqual(expected === 'whole-as-part' ? { start: 0, end: 10 } : expected);
  });

  it('never names a byte that is not there', () => {
    const part = fc.stringMatching(/^ ?\d{0,3} ?-? ?\d{0,20}$/);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), fc.nat(300), (parts, size) => {
        const found = byteRange(`bytes=${parts.join(',')}`, size);
        if (typeof found === 'string') return;
        expect(found.start).toBeGreaterThanOrEqual(0);
        expect(found.end).toBeGreaterThan(found.start);
        expect(found.end).toBeLessThanOrEqual(size);
      }),
    );
  });
});
