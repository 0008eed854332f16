import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import { choice, lab, prediction, quiz, readQuiz } from './quizBuilder';

const notRun = () => null;

describe('single choice', () => {
  const item = quiz(choice('single-choice', 'abc', 'b'));

  it('is right with the right option and wrong with another, and explains all of them', () => {
    expect(item.grade({ option: 'b' }, notRun)).toMatchObject({ verdict: 'right', score: 100 });
    expect(item.grade({ option: 'a' }, notRun)).toEqual({
      verdict: 'wrong',
      score: 0,
      options: [
        { id: 'a', correct: false, chosen: true, explanationHtml: 'About a' },
        { id: 'b', correct: true, chosen: false, explanationHtml: 'About b' },
        { id: 'c', correct: false, chosen: false, explanationHtml: 'About c' },
      ],
      explanationHtml: '',
      measured: null,
    });
  });

  it.each([{}, null, 'b', { option: 'z' }, { option: 1 }, { options: ['b'] }])(
    'does not take %j for an answer',
    (raw) => {
      expect(item.isAnswer(raw)).toBe(false);
      expect(item.grade(raw, notRun)).toBeNull();
    },
  );

  it('needs exactly one right option', () => {
    expect(readQuiz(choice('single-choice', 'abc', 'ab'))).toEqual(['5 Exactly one option must be correct, not 2.']);
  });

  it('shows options in the order asked for, and falls back to the written one', () => {
    expect(item.view(() => [2, 0, 1])).toMatchObject({ options: [{ id: 'c' }, { id: 'a' }, { id: 'b' }] });
    for (const wrong of [
      [0, 1],
      [0, 0, 1],
      [3, 1, 0],
      [0, 1, 2, 3],
    ]) {
      expect(item.view(() => wrong)).toMatchObject({ options: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] });
    }
  });
});

describe('multiple choice', () => {
  const item = quiz(choice('multiple-choice', 'abcd', 'ab'));

  it.each([
    ['ab', 'right', 100],
    ['a', 'partly', 50],
    ['abc', 'partly', 200 / 3],
    ['abcd', 'partly', 50],
    ['ac', 'partly', 100 / 3],
    ['cd', 'wrong', 0],
  ])('gives %s the verdict %s', (chosen, verdict, score) => {
    const feedback = item.grade({ options: [...chosen] }, notRun);
    expect(feedback?.verdict).toBe(verdict);
    expect(feedback?.score).toBeCloseTo(score);
    expect(feedback?.options.map((option) => option.chosen)).toEqual([...'abcd'].map((id) => chosen.includes(id)));
  });

  it('counts an option named twice once', () => {
    expect(item.grade({ options: ['a', 'b', 'a'] }, notRun)?.verdict).toBe('right');
  });

  it.each([{ options: [] }, { options: ['a', 'z'] }, { option: 'a' }, []])('does not take %j for an answer', (raw) => {
    expect(item.isAnswer(raw)).toBe(false);
  });

  it('needs a right option', () => {
    expect(readQuiz(choice('multiple-choice', 'abc', ''))).toEqual(['5 At least one option must be correct.']);
  });

  it('never scores more for fewer right or more wrong options', () => {
    const score = (options: readonly string[]) => item.grade({ options }, notRun)?.score ?? 0;
    fc.assert(
      fc.property(fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 }), (options) => {
        if (!options.includes('a')) expect(score([...options, 'a'])).toBeGreaterThan(score(options));
        // A wrong option beside nothing right changes nothing: both are 0.
        if (!options.includes('c')) expect(score([...options, 'c'])).toBeLessThanOrEqual(score(options));
      }),
    );
  });
});

describe('predict the split', () => {
  const item = quiz(prediction());
  const byShape = quiz(prediction('compare: shape'));
  const all = { 'server-a': 1, 'server-b': 0, 'server-c': 0 };

  it('names the servers of the lab', () => {
    expect(item.view(sourceOrder)).toEqual({
      id: 'p',
      kind: 'predict-split',
      promptHtml: 'How?',
      lab: 'pinning',
      arm: 'l4',
      servers: lab.servers.map((id) => ({ id, label: id })),
    });
  });

  it('waits for the reader’s own run of that arm and gives nothing away before', () => {
    expect(item.grade({ shares: all }, notRun)).toEqual({
      verdict: 'waiting',
      score: 0,
      options: [],
      explanationHtml: '',
      measured: null,
    });
    const runOf = (ran: string) => (_lab: string, arm: string) => (arm === ran ? all : null);
    expect(item.grade({ shares: all }, runOf('l7'))?.verdict).toBe('waiting');
    expect(item.grade({ shares: all }, runOf('l4'))).toEqual({
      verdict: 'right',
      score: 100,
      options: [],
      explanationHtml: 'So.',
      measured: all,
    });
  });

  it('waits where a run answered nothing', () => {
    expect(item.grade({ shares: all }, () => ({ 'server-a': 0 }))?.verdict).toBe('waiting');
  });

  it('tells which server apart, unless only the shape counts', () => {
    const onAnother = () => ({ 'server-c': 1 });
    expect(item.grade({ shares: all }, onAnother)).toMatchObject({ verdict: 'wrong', score: 0 });
    expect(byShape.grade({ shares: all }, onAnother)).toMatchObject({ verdict: 'right', score: 100 });
  });

  it('is partly right when a good half of the requests is where it was said to be', () => {
    const shares = { 'server-a': 0.7, 'server-b': 0.3, 'server-c': 0 };
    expect(item.grade({ shares }, () => all)).toMatchObject({ verdict: 'partly', score: 70 });
  });

  it.each([
    ['thirds of two digits', { 'server-a': 0.33, 'server-b': 0.33, 'server-c': 0.33 }, true],
    ['a server left out', { 'server-a': 1 }, true],
    ['less than all', { 'server-a': 0.98 }, false],
    ['more than all', { 'server-a': 0.6, 'server-b': 0.6 }, false],
    ['a negative share', { 'server-a': 1.5, 'server-b': -0.5 }, false],
    ['no number', { 'server-a': Number.NaN }, false],
    ['a server there is not', { 'server-a': 0.5, 'server-x': 0.5 }, false],
  ])('takes %s: %j for an answer: %s', (_name, shares, isAnswer) => {
    expect(item.isAnswer({ shares })).toBe(isAnswer);
  });

  it('refuses a lab or arm that is not there, and one that cannot be read', () => {
    expect(readQuiz(prediction().replace('arm: l4', 'arm: l5'))).toEqual(['5 The lab “pinning” has no arm “l5”.']);
    expect(readQuiz(prediction().replace('pinning', 'other'))).toEqual(['4 There is no lab “other” in this course.']);
    expect(readQuiz(prediction(), [{ id: 'pinning', arms: [], servers: [] }])).toEqual([
      '4 The lab “pinning” cannot be read, so its split cannot be predicted.',
    ]);
  });
});

describe('the key of a question', () => {
  it('does not depend on words or on the order of writing', () => {
    const one = quiz(choice('single-choice', 'abc', 'b'));
    expect(quiz(choice('single-choice', 'cab', 'b').replaceAll('Text', '글')).key).toBe(one.key);
  });

  it.each([
    choice('single-choice', 'abc', 'c'),
    choice('single-choice', 'abcd', 'b'),
    choice('multiple-choice', 'abc', 'b'),
  ])('changes with the key, the options and the kind', (other) => {
    expect(quiz(other).key).not.toBe(quiz(choice('single-choice', 'abc', 'b')).key);
  });
});
