import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreShape, scoreSplit } from '../../../src/quiz/scoreSplit';

const servers = ['a', 'b', 'c', 'd'];
const shares = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 4, maxLength: 4 })
  .filter((parts) => parts.some((part) => part > 0))
  .map((parts) => {
    const sum = parts.reduce((total, part) => total + part, 0);
    return Object.fromEntries(servers.map((id, index) => [id, (parts[index] ?? 0) / sum]));
  });

describe('scoreSplit', () => {
  it('is 100 minus the percentage of requests put on the wrong server', () => {
    expect(scoreSplit({ a: 1, b: 0 }, { a: 1, b: 0 })).toBe(100);
    expect(scoreSplit({ a: 1 }, { b: 1 })).toBe(0);
    expect(scoreSplit({ a: 0.5, b: 0.5 }, { a: 0.8, b: 0.2 })).toBeCloseTo(70);
    expect(scoreSplit({ a: 1 / 3, b: 1 / 3, c: 1 / 3 }, { a: 1 })).toBeCloseTo(100 / 3);
  });

  it('gives a server that one side does not name no share', () => {
    expect(scoreSplit({ a: 0.5, b: 0.5 }, { a: 0.5, b: 0.25, added: 0.25 })).toBeCloseTo(75);
  });

  it('is 0 where there is nothing to compare', () => {
    expect(scoreSplit({}, { a: 1 })).toBe(0);
    expect(scoreSplit({ a: 1 }, { a: 0 })).toBe(0);
    expect(scoreSplit({ a: Number.NaN }, { a: 1 })).toBe(0);
  });

  it('equals 100 · (1 − total variation distance), lies in 0..100 and is symmetric', () => {
    fc.assert(
      fc.property(shares, shares, (predicted, measured) => {
        const distance = servers.reduce((sum, id) => sum + Math.abs((predicted[id] ?? 0) - (measured[id] ?? 0)), 0) / 2;
        const score = scoreSplit(predicted, measured);
        expect(score).toBeCloseTo(100 * (1 - distance), 6);
        expect(score).toBeCloseTo(scoreSplit(measured, predicted), 6);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(100);
      }),
    );
  });
});

describe('scoreShape', () => {
  it('does not mind which server got which share', () => {
    expect(scoreShape({ a: 1, b: 0, c: 0 }, { c: 1 })).toBe(100);
    expect(scoreShape({ a: 1, b: 0, c: 0 }, { a: 0.4, b: 0.3, c: 0.3 })).toBeCloseTo(40);
  });

  it('is the best that any renaming of the servers could score', () => {
    fc.assert(
      fc.property(shares, shares, fc.shuffledSubarray(servers, { minLength: 4 }), (predicted, measured, names) => {
        const renamed = Object.fromEntries(servers.map((id, index) => [names[index] ?? id, measured[id] ?? 0]));
        expect(scoreShape(predicted, measured)).toBeGreaterThanOrEqual(scoreSplit(predicted, renamed) - 1e-9);
        expect(scoreShape(predicted, renamed)).toBeCloseTo(scoreShape(predicted, measured), 6);
      }),
    );
  });
});
