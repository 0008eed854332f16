import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanced, type ReviewSession, startSession, withOnly, withVerdict } from '../../../src/course/reviewSession';

function session(...due: readonly string[]): ReviewSession {
  const started = startSession(due);
  if (started === null) throw new Error('The test starts a session of nothing');
  return started;
}
const answer = (from: ReviewSession, verdict: 'right' | 'partly' | 'wrong' | 'waiting') =>
  advanced(withVerdict(from, from.queue[0] ?? '', verdict));

describe('a review session', () => {
  it('does not begin where nothing is due', () => {
    expect(startSession([])).toBeNull();
  });

  it('asks one by one, and what was wrong again at the end', () => {
    let now = answer(session('a', 'b', 'c'), 'wrong');
    expect(now.queue).toEqual(['b', 'c', 'a']);
    now = answer(answer(now, 'right'), 'partly');
    expect(now.queue).toEqual(['a']);
    now = answer(now, 'wrong');
    expect(now).toMatchObject({ queue: ['a'], missed: ['a'], total: 3 });
    expect(answer(now, 'right').queue).toEqual([]);
  });

  it('puts off what the reader has not rated', () => {
    expect(advanced(withVerdict(session('a', 'b'), 'a', 'unrated')).queue).toEqual(['b', 'a']);
  });

  it('takes the second answer where the reader has the last word', () => {
    const wrong = withVerdict(session('a', 'b'), 'a', 'wrong');
    expect(advanced(withVerdict(wrong, 'a', 'right')).queue).toEqual(['b']);
    expect(withVerdict(wrong, 'a', 'right').missed).toEqual(['a']);
    expect(withVerdict(wrong, 'a', 'right', true).missed).toEqual([]);
  });

  it('puts a question that is not answered off', () => {
    expect(advanced(session('a', 'b'))).toMatchObject({ queue: ['b', 'a'], missed: [] });
  });

  it('does not mind answers to other questions', () => {
    const begun = session('a', 'b');
    expect(withVerdict(begun, 'b', 'wrong')).toBe(begun);
  });

  it('goes on without questions that are gone', () => {
    const begun = withVerdict(session('a', 'b', 'c'), 'a', 'wrong');
    expect(withOnly(begun, (id) => id !== 'a')).toMatchObject({ queue: ['b', 'c'], verdict: null });
    expect(withOnly(begun, (id) => id !== 'b')).toMatchObject({ queue: ['a', 'c'], verdict: 'wrong' });
  });

  it('ends once everything was known, however often it was not', () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(ids, fc.array(fc.boolean(), { maxLength: 40 }), (due, known) => {
        let now = session(...due);
        for (const right of known) now = answer(now, right ? 'right' : 'wrong');
        expect(new Set(now.queue).size).toBe(now.queue.length);
        for (let left = now.queue.length; left > 0; left--) now = answer(now, 'right');
        expect(now.queue).toEqual([]);
        expect(now.total).toBe(due.length);
      }),
    );
  });
});
