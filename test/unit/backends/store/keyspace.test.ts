import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatches } from '../../../../src/backends/store/globPattern';
import { Keyspace } from '../../../../src/backends/store/keyspace';
import { fuzz } from '../../../harness/fuzz';
import { VirtualClock } from '../../../harness/virtualClock';

const value = Buffer.from('value');

function keyspace() {
  const clock = new VirtualClock();
  return { clock, keys: new Keyspace(clock) };
}

function scanAll(keys: Keyspace, count: number, between: () => void = () => {}): string[] {
  const seen: string[] = [];
  let cursor = 0;
  do {
    const page = keys.scan(cursor, count);
    seen.push(...page.keys);
    cursor = page.cursor;
    between();
  } while (cursor !== 0);
  return seen;
}

describe('a key that is to expire', () => {
  it('is there until its time and gone from then on, without anyone sweeping', () => {
    const { clock, keys } = keyspace();
    keys.set('a', value, clock.wallNow() + 1000);
    clock.advance(999);
    expect(keys.get('a')).toEqual(value);
    clock.advance(1);
    expect(keys.get('a')).toBeNull();
    expect(keys.delete('a')).toBe(false);
    expect(keys.bytes).toBe(0);
  });

  it('is swept with what it took', () => {
    const { clock, keys } = keyspace();
    keys.set('a', value, clock.wallNow() + 1000);
    keys.set('b', value, null);
    clock.advance(2000);
    keys.sweep();
    expect(keys.size).toBe(1);
    keys.delete('b');
    expect(keys.bytes).toBe(0);
  });

  it('is not given by a scan', () => {
    const { clock, keys } = keyspace();
    keys.set('a', value, clock.wallNow() + 1);
    keys.set('b', value, null);
    clock.advance(1);
    expect(scanAll(keys, 10)).toEqual(['b']);
  });
});

describe('a scan', () => {
  it('gives every key that is there from its beginning to its end, exactly once, whatever comes and goes', () => {
    const plan = fc.record({
      stay: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 30 }),
      count: fc.integer({ min: 1, max: 12 }),
      changes: fc.array(fc.string({ minLength: 5, maxLength: 6 }), { maxLength: 30 }),
    });
    fuzz(plan, { runs: 300 }, ({ stay, count, changes }) => {
      const { keys } = keyspace();
      for (const key of stay) keys.set(key, value, null);
      const coming = [...changes];
      const seen = scanAll(keys, count, () => {
        const key = coming.pop();
        if (key !== undefined) keys.set(key, value, null);
        // Written again, it keeps its place.
        if (stay[0] !== undefined) keys.set(stay[0], value, null);
      });
      expect(seen.filter((key) => stay.includes(key)).sort()).toEqual([...stay].sort());
    });
  });
});

describe('a pattern', () => {
  it.each([
    ['*', 'anything', true],
    ['sess:*', 'sess:1', true],
    ['sess:*', 'cart:1', false],
    ['h?llo', 'hello', true],
    ['h[ae]llo', 'hallo', true],
    ['h[^a]llo', 'hallo', false],
    ['h[a-c]llo', 'hbllo', true],
    ['h[c-a]llo', 'hbllo', true],
    ['a\\*c', 'a*c', true],
    ['a\\*c', 'abc', false],
    ['a[b', 'ab', true],
    ['*a*b*c', 'xaybzc', true],
    ['', '', true],
    ['', 'a', false],
  ])('%j on %j: %s', (pattern, key, expected) => {
    expect(globMatches(pattern, key)).toBe(expected);
  });

  it('made to take long takes no longer than pattern times key', () => {
    // Trying every way would take longer than the test may run.
    expect(globMatches('a*'.repeat(40).concat('b'), 'a'.repeat(5_000))).toBe(false);
  });

  it('that is the key itself, escaped, matches that key only', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '*', '?', '[', ']', '\\', '^', '-'), maxLength: 8 });
    fuzz(fc.tuple(text, text), { runs: 500 }, ([key, other]) => {
      const pattern = key.replace(/[*?[\]\\]/g, '\\$&');
      expect(globMatches(pattern, key)).toBe(true);
      expect(globMatches(pattern, other)).toBe(other === key);
    });
  });
});
