import { describe, expect, it } from 'vitest';
import {
  carriedOver,
  emptyProgress,
  parseProgress,
  withAnswer,
  withoutAnswer,
  withSection,
} from '../../../src/course/progress';
import type { Quiz } from '../../../src/quiz/quiz';
import { course, quizLines, title } from './courseBuilder';

function quizzes(...lines: readonly string[]): ReadonlyMap<string, Quiz> {
  return course(...title, ...lines).quizzes;
}

const before = quizzes(...quizLines());
const first = before.get('first') as Quiz;
const answered = withAnswer(emptyProgress(1, 42), first, { option: 'no-option' }, 1000);

describe('progress', () => {
  it('keeps an answer and forgets it again', () => {
    expect(answered?.answers.first).toEqual({ answer: { option: 'no-option' }, key: first.key, answeredAt: 1000 });
    expect(answered && withoutAnswer(answered, 'first').answers).toEqual({});
  });

  it('keeps nothing that is no answer', () => {
    expect(withAnswer(emptyProgress(1, 42), first, { option: 'elsewhere' }, 1000)).toBeNull();
  });

  it('remembers a section once', () => {
    const once = withSection(emptyProgress(1, 42), 'flow');
    expect(withSection(once, 'flow')).toBe(once);
    expect(once.sections).toEqual(['flow']);
  });

  it('comes back from storage as it was', () => {
    expect(parseProgress(JSON.parse(JSON.stringify(answered)))).toEqual(answered);
  });

  it.each([null, 7, 'x', [], {}, { ...answered, answers: [1] }, { ...answered, readerSeed: -1 }])(
    'does not take %j from storage',
    (stored) => {
      expect(parseProgress(stored)).toBeNull();
    },
  );
});

describe('an upgrade of the course', () => {
  const upgraded = (lines: readonly string[]) =>
    answered === null
      ? []
      : Object.keys(carriedOver(answered, { version: 2, quizzes: quizzes(...lines), anchors: new Set() }).answers);

  it('keeps the answer to a question whose words changed', () => {
    expect(upgraded(quizLines().map((line) => line.replace('Since not.', 'Better said.')))).toEqual(['first']);
  });

  it.each([
    [
      'another option is right',
      (line: string) => line.replace('correct: true', 'correct: false').replace('text: That', 'correct: true'),
    ],
    ['an option went', (line: string) => line.replace('no-option', 'other-option')],
    ['the kind changed', (line: string) => line.replace('single-choice', 'multiple-choice')],
    ['the question went', (line: string) => line.replace('id: first', 'id: second')],
  ])('drops the answer where %s', (_name, edit) => {
    // The second correct option would lack its text: give the field a line of its own.
    const lines = quizLines().flatMap((line) => {
      const edited = edit(line);
      return edited.includes('    correct: true') && line.includes('text: That')
        ? [edited, '    text: That']
        : [edited];
    });
    expect(quizzes(...lines).size).toBe(1);
    expect(upgraded(lines)).toEqual([]);
  });

  it('drops sections that are gone and notes the version', () => {
    const read = withSection(withSection(emptyProgress(1, 42), 'flow'), 'gone');
    expect(carriedOver(read, { version: 2, quizzes: before, anchors: new Set(['flow']) })).toEqual({
      courseVersion: 2,
      readerSeed: 42,
      sections: ['flow'],
      answers: {},
    });
  });
});
