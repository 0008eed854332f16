import { describe, expect, it } from 'vitest';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import { matching, quiz, readQuiz } from './quizBuilder';

const notRun = () => null;
const item = quiz(matching('a1 b2 c1', '123'));

describe('a match', () => {
  it.each([
    ['121', 'right', 100],
    ['122', 'partly', 200 / 3],
    ['313', 'wrong', 0],
  ])('with partners %s is %s', ([a, b, c], verdict, score) => {
    const feedback = item.grade({ pairs: { a: `p${a}`, b: `p${b}`, c: `p${c}` } }, notRun);
    expect(feedback?.verdict).toBe(verdict);
    expect(feedback?.score).toBeCloseTo(score);
  });

  it('tells the right partner of each afterwards, as text and not as HTML', () => {
    const feedback = item.grade({ pairs: { a: 'p1', b: 'p1', c: 'p1' } }, notRun);
    expect(feedback?.options.map(({ id, correct, explanationHtml }) => [id, correct, explanationHtml])).toEqual([
      ['a', true, 'About a'],
      ['b', false, 'About b'],
      ['c', true, 'About c'],
    ]);
    expect(feedback?.options[1]?.rightHtml).toBe('&#60;Partner 2&#62;');
  });

  it('says afterwards why a partner fits nothing', () => {
    const written = matching('a1 b2', '123').replace('<Partner 3>"', '<Partner 3>", explanation: About three');
    const withDistractor = quiz(written);
    expect(JSON.stringify(withDistractor.view(sourceOrder))).not.toContain('three');
    expect(withDistractor.grade({ pairs: { a: 'p1', b: 'p2' } }, notRun)?.explanationHtml).toBe(
      '<strong>&#60;Partner 3&#62;</strong>: About three',
    );
    // The answer stands where an explanation is added.
    expect(withDistractor.key).toBe(quiz(matching('a1 b2', '123')).key);
  });

  it('does not show who belongs to whom before', () => {
    expect(JSON.stringify(item.view(sourceOrder))).not.toMatch(/partner"|About/);
  });

  it.each([
    {},
    null,
    { pairs: [] },
    { pairs: { a: 'p1', b: 'p2' } },
    { pairs: { a: 'p1', b: 'p2', c: 'p4' } },
    { pairs: { a: 'p1', b: 'p2', c: 'p1', d: 'p1' } },
    { pairs: { a: 1, b: 2, c: 1 } },
  ])('is not %j', (raw) => {
    expect(item.isAnswer(raw)).toBe(false);
  });

  it('wants partners that are there, once each', () => {
    expect(readQuiz(matching('a1 b4', '12'))).toEqual(['6 There is no partner “p4”.']);
    expect(readQuiz(matching('a1 b2', '122'))).toEqual(['10 Two options have the id “p2”.']);
  });

  it('has a key that no order of writing changes', () => {
    expect(quiz(matching('c1 a1 b2', '321')).key).toBe(item.key);
    expect(quiz(matching('a1 b2 c2', '123')).key).not.toBe(item.key);
  });
});
