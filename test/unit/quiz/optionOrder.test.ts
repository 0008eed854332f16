import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readerOrder, sourceOrder } from '../../../src/quiz/optionOrder';

describe('the order of options', () => {
  it('holds every option once', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.string(), fc.nat(12), (seed, id, count) => {
        const order = readerOrder(seed, id)(count);
        expect([...order].sort((a, b) => a - b)).toEqual(sourceOrder(count));
      }),
    );
  });

  it('stays for one reader and one question', () => {
    expect(readerOrder(7, 'why')(6)).toEqual(readerOrder(7, 'why')(6));
  });

  it('differs between readers and between questions', () => {
    const orders = (of: (n: number) => readonly number[]) =>
      new Set(Array.from({ length: 50 }, (_, n) => of(n).join())).size;
    expect(orders((seed) => readerOrder(seed, 'why')(5))).toBeGreaterThan(25);
    expect(orders((n) => readerOrder(7, `question-${n}`)(5))).toBeGreaterThan(25);
  });

  it('puts the first option in every place about equally often', () => {
    const places = Array.from({ length: 4 }, () => 0);
    for (let seed = 0; seed < 4000; seed++) {
      const place = readerOrder(seed, 'why')(4).indexOf(0);
      places[place] = (places[place] ?? 0) + 1;
    }
    for (const times of places) expect(Math.abs(times - 1000)).toBeLessThan(150);
  });
});
