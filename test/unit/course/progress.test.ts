import { describe, expect, it } from 'vitest';
import { type KeptAnswer, standingAnswer } from '../../../src/course/progress';
import type { Quiz } from '../../../src/quiz/quiz';
import { course, quizLines, title } from './courseBuilder';

function question(lines: readonly string[], id = 'first'): Quiz {
  const found = course(...title, ...lines).quizzes.get(id);
  if (found === undefined) throw new Error(`The test's course asks no question ${id}`);
  return found;
}

const before = question(quizLines());
const answered: KeptAnswer = { answer: { option: 'no-option' }, key: before.key, answeredAt: 1000 };

describe('a kept answer', () => {
  it('comes back from storage as it was', () => {
    expect(standingAnswer(JSON.parse(JSON.stringify(answered)), before)).toEqual(answered);
  });

  it.each([undefined, null, 7, 'x', [], {}, { ...answered, key: 1 }, { ...answered, answeredAt: 'today' }])(
    'is not %j',
    (stored) => {
      expect(standingAnswer(stored, before)).toBeNull();
    },
  );

  it('is an answer to this question', () => {
    expect(standingAnswer({ ...answered, answer: { option: 'elsewhere' } }, before)).toBeNull();
  });
});

describe('an upgrade of the course', () => {
  it('keeps the answer to a question whose words changed', () => {
    const better = question(quizLines().map((line) => line.replace('Since not.', 'Better said.')));
    expect(standingAnswer(answered, better)).toEqual(answered);
  });

  it('keeps the answer to a question that now names its experiment', () => {
    const named = question(quizLines().toSpliced(3, 0, 'lab: pinning'));
    expect(named.experiment).toEqual({ lab: 'pinning', arm: null });
    expect(standingAnswer(answered, named)).toEqual(answered);
  });

  it.each([
    [
      'another option is right',
      quizLines()
        .filter((line) => !line.includes('correct'))
        .toSpliced(-1, 0, '    correct: true'),
    ],
    ['an option went', quizLines().map((line) => line.replace('no-option', 'other-option'))],
    ['the kind changed', quizLines({ kind: 'multiple-choice' })],
  ])('drops the answer where %s', (_name, lines) => {
    expect(standingAnswer(answered, question(lines))).toBeNull();
  });
});
