import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readerOrder, sourceOrder } from '../../../src/quiz/optionOrder';
import { order, quiz, readQuiz } from './quizBuilder';

const notRun = () => null;
const item = quiz(order('abcd'));
const shown = (view: unknown) => (view as { steps: { id: string }[] }).steps.map((step) => step.id);

describe('an order', () => {
  it.each([
    ['abcd', 'right', 100],
    ['bacd', 'partly', 500 / 6],
    ['badc', 'partly', 400 / 6],
    ['dabc', 'wrong', 50],
    ['dcba', 'wrong', 0],
  ])('%s is %s', (given, verdict, score) => {
    const feedback = item.grade({ order: [...given] }, notRun);
    expect(feedback?.verdict).toBe(verdict);
    expect(feedback?.score).toBeCloseTo(score);
    expect(feedback?.options.map((option) => option.correct)).toEqual(
      [...'abcd'].map((id, index) => given[index] === id),
    );
    expect(feedback?.options.map((option) => option.id)).toEqual([...'abcd']);
  });

  it.each([{}, null, [], { order: ['a', 'b', 'c'] }, { order: ['a', 'b', 'c', 'c'] }, { order: ['a', 'b', 'c', 'z'] }])(
    'is not %j',
    (raw) => {
      expect(item.isAnswer(raw)).toBe(false);
    },
  );

  it('is never shown solved, whatever the reader', () => {
    expect(shown(item.view(sourceOrder))).not.toEqual([...'abcd']);
    fc.assert(
      fc.property(fc.nat(0xffffffff), (seed) => {
        const ids = shown(item.view(readerOrder(seed, 'o')));
        expect(ids).not.toEqual([...'abcd']);
        expect([...ids].sort()).toEqual([...'abcd']);
      }),
    );
  });

  it('has no step twice, and changes its key with the order', () => {
    expect(readQuiz(order('abca'))).toEqual(['8 Two options have the id “a”.']);
    expect(quiz(order('abdc')).key).not.toBe(item.key);
    expect(quiz(order('abcd').replaceAll('Text', '글')).key).toBe(item.key);
  });
});
