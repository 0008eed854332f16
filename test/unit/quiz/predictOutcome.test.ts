import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import { outcome, quiz, ranges, readQuiz } from './quizBuilder';

const noShares = () => null;
const measured =
  (p99: number, of = 'l4') =>
  (_lab: string, arm: string) =>
    arm === of ? { 'latencyMs.p99': p99 } : null;

describe('a predicted number', () => {
  const item = quiz(outcome('unit: ms'));

  it('waits for the reader’s own run of that arm, and gives nothing away before', () => {
    for (const readings of [() => null, measured(10, 'l7'), () => ({}), measured(Number.NaN)]) {
      expect(item.grade({ value: 10 }, noShares, readings)).toEqual({
        verdict: 'waiting',
        score: 0,
        options: [],
        explanationHtml: '',
        measured: null,
      });
    }
    expect(JSON.stringify(item.view(sourceOrder))).not.toContain('So.');
  });

  it.each([
    [10, 10, 'right', 100],
    [8, 10, 'right', 80],
    [12, 10, 'right', 1000 / 12],
    [7, 10, 'partly', 70],
    [15, 10, 'partly', 1000 / 15],
    [4, 10, 'wrong', 40],
    [0, 0, 'right', 100],
    [1, 0, 'wrong', 0],
  ])('%d where %d was measured is %s', (value, p99, verdict, score) => {
    const feedback = item.grade({ value }, noShares, measured(p99));
    expect(feedback?.verdict).toBe(verdict);
    expect(feedback?.score).toBeCloseTo(score);
    expect(feedback?.measured).toEqual({ 'latencyMs.p99': p99 });
  });

  it('is held against another arm where the question says so, once both were run', () => {
    const ratio = quiz(outcome('comparedTo: l7'));
    expect(ratio.grade({ value: 2 }, noShares, measured(10))?.verdict).toBe('waiting');
    const both = (_lab: string, arm: string) => ({ 'latencyMs.p99': arm === 'l4' ? 10 : 5 });
    expect(ratio.grade({ value: 2 }, noShares, both)).toMatchObject({
      verdict: 'right',
      measured: { 'latencyMs.p99': 2 },
    });
    const nothing = (_lab: string, arm: string) => ({ 'latencyMs.p99': arm === 'l4' ? 10 : 0 });
    expect(ratio.grade({ value: 2 }, noShares, nothing)?.verdict).toBe('waiting');
  });

  it('is the better the nearer', () => {
    const positive = fc.double({ min: 0.001, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(positive, positive, positive, (p99, one, other) => {
        const score = (value: number) => item.grade({ value }, noShares, measured(p99))?.score ?? 0;
        const near = Math.max(one, other);
        if (near <= p99) expect(score(near)).toBeGreaterThanOrEqual(score(Math.min(one, other)));
      }),
    );
  });

  it.each([{}, null, 7, { value: '7' }, { value: -1 }, { value: Number.NaN }, { value: 1 / 0 }, { outcome: 'none' }])(
    'is not %j',
    (raw) => {
      expect(item.isAnswer(raw)).toBe(false);
    },
  );
});

describe('a predicted outcome', () => {
  const item = quiz(outcome(...ranges));

  it.each([
    [0, 'none'],
    [0.001, 'some'],
    [10, 'some'],
    [10.001, 'many'],
    [1e12, 'many'],
  ])('%d is %s', (p99, happened) => {
    for (const id of ['none', 'some', 'many']) {
      const feedback = item.grade({ outcome: id }, noShares, measured(p99));
      expect(feedback?.verdict).toBe(id === happened ? 'right' : 'wrong');
      expect(feedback?.options.filter((option) => option.correct).map((option) => option.id)).toEqual([happened]);
    }
  });

  it('is shown upwards, without its bounds', () => {
    expect(item.view(() => [2, 1, 0])).toMatchObject({
      outcomes: [
        { id: 'none', html: 'None' },
        { id: 'some', html: 'Some' },
        { id: 'many', html: 'Many' },
      ],
    });
    expect(JSON.stringify(item.view(sourceOrder))).not.toContain('upTo');
  });

  it('is one of those there are', () => {
    expect(item.isAnswer({ outcome: 'many' })).toBe(true);
    expect([{ outcome: 'other' }, { value: 3 }, {}].map((raw) => item.isAnswer(raw))).toEqual([false, false, false]);
  });

  it('wants ranges that go upwards and leave nothing out', () => {
    const wrong = (from: string, to: string) => readQuiz(outcome(...ranges).replace(from, to));
    expect(wrong('upTo: 10', 'upTo: 0')).toEqual(['10 Outcomes go upwards: each “upTo” is more than the one before.']);
    expect(wrong('upTo: 0, ', '')).toEqual(['9 Every outcome but the last says “upTo”, the largest value it holds.']);
    expect(wrong('text: Many,', 'text: Many, upTo: 20,')).toEqual([
      '11 The last outcome has no “upTo”: it is everything above.',
    ]);
    expect(wrong('explanation: So.', 'explanation: So.\ntolerance: 0.1')).toEqual([
      '8 Outcomes to choose from have no tolerance.',
    ]);
  });

  it('wants a lab, its arms and a reading with a name', () => {
    expect(readQuiz(outcome().replace('pinning', 'other'))).toEqual(['4 There is no lab “other” in this course.']);
    expect(readQuiz(outcome('comparedTo: l5'))).toEqual(['8 The lab “pinning” has no arm “l5”.']);
    expect(readQuiz(outcome().replace('latencyMs.p99', '"99 %"'))).toHaveLength(1);
  });
});
