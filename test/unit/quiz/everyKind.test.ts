import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quizKinds } from '../../../src/quiz/kinds/index';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import type { Quiz } from '../../../src/quiz/quiz';
import {
  choice,
  fault,
  interview,
  matching,
  order,
  outcome,
  prediction,
  quiz,
  ranges,
  readQuiz,
  shortAnswer,
} from './quizBuilder';

/** Every kind in a form of the builder's, with answers that fit. */
const samples: readonly (readonly [string, readonly unknown[]])[] = [
  [choice('single-choice', 'abc', 'b'), [{ option: 'a' }, { option: 'b' }]],
  [choice('multiple-choice', 'abc', 'ab'), [{ options: ['a'] }, { options: ['a', 'b'] }]],
  [prediction(), [{ shares: { 'server-a': 1 } }]],
  [outcome(), [{ value: 0 }, { value: 12.5 }]],
  [outcome(...ranges), [{ outcome: 'none' }, { outcome: 'many' }]],
  [shortAnswer(), [{ text: 'keepalive' }, { text: 'other', reason: 'since' }]],
  [order('abc'), [{ order: ['c', 'a', 'b'] }]],
  [matching('a1 b2', '12'), [{ pairs: { a: 'p1', b: 'p1' } }]],
  [fault(), [{ part: 'part-1' }]],
  [interview(), [{ text: '' }, { text: 'So.', rating: 'easy' }]],
];

const shares = fc.option(fc.dictionary(fc.constantFrom('server-a', 'server-b', 'x'), fc.double()));
const readings = fc.option(fc.dictionary(fc.constantFrom('latencyMs.p99', 'failed'), fc.double()));
/** Foreign values, and values near an answer: the fields that answers have, with anything in them. */
const raw = fc.oneof(
  fc.anything(),
  fc.record(
    {
      option: fc.anything(),
      options: fc.array(fc.anything()),
      shares: fc.anything(),
      value: fc.anything(),
      outcome: fc.anything(),
      text: fc.oneof(fc.string(), fc.anything()),
      reason: fc.anything(),
      order: fc.array(fc.anything()),
      pairs: fc.dictionary(fc.string(), fc.anything()),
      part: fc.anything(),
      rating: fc.anything(),
    },
    { requiredKeys: [] },
  ),
);

function check(item: Quiz, value: unknown, measured: () => Record<string, number> | null, read: typeof measured): void {
  const feedback = item.grade(value, measured, read);
  expect(feedback === null).toBe(!item.isAnswer(value));
  if (feedback === null) return;
  expect(feedback.score).toBeGreaterThanOrEqual(0);
  expect(feedback.score).toBeLessThanOrEqual(100);
  expect(feedback.verdict === 'right' && feedback.score < 50).toBe(false);
}

describe('every kind of question', () => {
  it('is among the samples', () => {
    expect(new Set(samples.map(([yaml]) => quiz(yaml).kind))).toEqual(new Set(quizKinds.map((kind) => kind.kind)));
  });

  it.each(samples)('never throws, whatever is answered and measured: %s', (yaml, answers) => {
    const item = quiz(yaml);
    for (const answer of answers) expect(item.isAnswer(answer)).toBe(true);
    fc.assert(
      fc.property(fc.oneof(raw, fc.constantFrom(...answers)), shares, readings, (value, measured, read) =>
        check(
          item,
          value,
          () => measured,
          () => read,
        ),
      ),
    );
  });

  it.each(samples)('gives nothing away before the answer: %s', (yaml) => {
    const shown = JSON.stringify(quiz(yaml).view(sourceOrder));
    expect(shown).not.toMatch(/About|So\.|It does|correct|explanation|upTo|accept/);
  });

  it.each(samples)('reads the same in JSON, so that it can be kept: %s', (yaml, answers) => {
    const item = quiz(yaml);
    for (const answer of answers) expect(item.isAnswer(JSON.parse(JSON.stringify(answer)))).toBe(true);
    expect(JSON.parse(item.key)).toHaveLength(2);
  });

  it.each(samples)('has a key of ids, not of words: %s', (yaml) => {
    const translated = yaml.replace(/(?<=(prompt|text|explanation): )[^,}\n]+/g, '다른 말');
    expect(translated).not.toBe(yaml);
    expect(quiz(translated).key).toBe(quiz(yaml).key);
  });

  it.each(samples)('may name an experiment, and refuses one that is not there: %s', (yaml) => {
    const [named, wrong] = /^lab:/m.test(yaml)
      ? [yaml, yaml.replace('lab: pinning', 'lab: other')]
      : [`${yaml}\nlab: pinning\narm: l4`, `${yaml}\nlab: other`];
    expect(quiz(named).experiment).toEqual({ lab: 'pinning', arm: 'l4' });
    expect(readQuiz(wrong)).toEqual([expect.stringMatching(/There is no lab “other”/)]);
  });

  it.each(samples)('points at every field it does not know: %s', (yaml) => {
    expect(readQuiz(`${yaml}\nwhatever: 1`)).toEqual([expect.stringContaining('“whatever” is not known here.')]);
  });
});
