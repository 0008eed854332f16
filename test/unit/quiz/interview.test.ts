import { describe, expect, it } from 'vitest';
import { choice, interview, quiz, readQuiz } from './quizBuilder';

const notRun = () => null;

describe('an interview question', () => {
  const item = quiz(interview());

  it('shows its model answer, by paragraphs, and waits for the reader to say how it went', () => {
    expect(item.grade({ text: '' }, notRun)).toEqual({
      verdict: 'waiting',
      score: 0,
      awaits: 'rating',
      options: [],
      explanationHtml: '',
      modelHtml: '<p>About *one*.</p>\n<p>About two.</p>',
      measured: null,
    });
  });

  it.each([
    ['again', 'wrong', 0],
    ['hard', 'partly', 50],
    ['good', 'right', 100],
    ['easy', 'right', 100],
  ])('is what the reader says: %s', (rating, verdict, score) => {
    expect(item.grade({ text: 'So.', rating }, notRun)).toMatchObject({ rating, verdict, score });
  });

  it.each([null, {}, { rating: 'good' }, { text: 1 }, { text: '', rating: 'fine' }, { text: 'x'.repeat(5001) }])(
    'takes no other answer: %j',
    (raw) => expect(item.isAnswer(raw)).toBe(false),
  );

  it('needs a model answer', () => {
    expect(readQuiz('id: i\nkind: interview\nprompt: Tell us.')).toEqual([
      expect.stringContaining('“answer” is missing'),
    ]);
  });
});

describe('the experiment of a question', () => {
  it('may be written in one place', () => {
    expect(quiz(interview('experiment: { lab: pinning, arm: l7 }')).experiment).toEqual({ lab: 'pinning', arm: 'l7' });
    expect(quiz(interview('experiment: { lab: pinning }')).experiment).toEqual({ lab: 'pinning', arm: null });
  });

  it.each([
    ['experiment: { lab: other }', '8 There is no lab “other” in this course.'],
    ['experiment: { lab: pinning, arm: l9 }', '8 The lab “pinning” has no arm “l9”.'],
    ['experiment: { arm: l7 }', '8 “experiment.lab” is missing.'],
    ['lab: pinning\nexperiment: { lab: pinning }', '9 The lab is named twice: by “experiment” and by itself.'],
  ])('is told where it is wrong: %s', (line, says) => {
    expect(readQuiz(interview(line))).toEqual([says]);
  });
});

describe('a choice with a model answer', () => {
  const item = quiz(`${choice('multiple-choice', 'ab', 'a')}\nmodel: |\n  First.\n\n  Second.`);

  it('gives it with the grade, whatever was chosen', () => {
    for (const options of [['a'], ['b']]) {
      expect(item.grade({ options }, notRun)?.modelHtml).toBe('<p>First.</p>\n<p>Second.</p>');
    }
    expect(quiz(choice('multiple-choice', 'ab', 'a')).grade({ options: ['a'] }, notRun)).not.toHaveProperty(
      'modelHtml',
    );
  });
});
