import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allOnOne, evenShares, fitShares, wholePercents, withShare } from '../../../webview/lab/predictionModel';

const ids = ['a', 'b', 'c'];
const sum = (shares: Readonly<Record<string, number>>) => Object.values(shares).reduce((total, n) => total + n, 0);

describe('a prediction of the split', () => {
  it('lets the others give way in proportion', () => {
    expect(withShare({ a: 0.5, b: 0.3, c: 0.2 }, ids, 'a', 0.75)).toEqual({ a: 0.75, b: 0.15, c: 0.1 });
  });

  it('spreads what is left evenly when the others had nothing', () => {
    expect(withShare(allOnOne(ids, 'a'), ids, 'a', 0.5)).toEqual({ a: 0.5, b: 0.25, c: 0.25 });
  });

  it('stays whole with a single server', () => {
    expect(withShare({ a: 1 }, ['a'], 'a', 0.2)).toEqual({ a: 1 });
  });

  it('gives a server that came later nothing, and spreads a lost one over the rest', () => {
    expect(fitShares(evenShares(['a', 'b']), ids)).toEqual({ a: 0.5, b: 0.5, c: 0 });
    expect(fitShares({ a: 0.25, b: 0.25, gone: 0.5 }, ['a', 'b'])).toEqual({ a: 0.5, b: 0.5 });
  });

  it('always sums to 1, and its whole percents to 100, after any moves', () => {
    const move = fc.record({ id: fc.constantFrom(...ids), value: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
        let shares = evenShares(ids);
        for (const { id, value } of moves) shares = withShare(shares, ids, id, value);
        expect(sum(shares)).toBeCloseTo(1, 9);
        expect(Object.values(shares).every((share) => share >= 0 && share <= 1)).toBe(true);
        expect([...wholePercents(shares, ids).values()].reduce((total, n) => total + n, 0)).toBe(100);
      }),
    );
  });
});
