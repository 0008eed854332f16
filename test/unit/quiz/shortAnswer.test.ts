import { describe, expect, it } from 'vitest';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import { quiz, readQuiz, shortAnswer } from './quizBuilder';

const notRun = () => null;
const item = quiz(shortAnswer());

describe('a short answer', () => {
  it.each([
    'Max connection age',
    '연결 수명 제한',
    '연결 수명을 제한합니다'.replace('합니다', ''),
    'grpc.max_connection_age_ms',
  ])('is right as %j', (text) => {
    expect(item.grade({ text }, notRun)).toMatchObject({ verdict: 'right', score: 100 });
  });

  it('is explained by what was likely meant, right or wrong', () => {
    expect(item.grade({ text: 'Keep-Alive' }, notRun)).toEqual({
      verdict: 'wrong',
      score: 0,
      options: [
        { id: 'max-age', correct: true, chosen: false, explanationHtml: 'It does.', rightHtml: 'A connection age' },
        { id: 'keepalive', correct: false, chosen: true, explanationHtml: 'It keeps.', rightHtml: 'Keepalive' },
      ],
      explanationHtml: '',
      measured: null,
    });
    expect(item.grade({ text: 'no idea' }, notRun)?.options.some((option) => option.chosen)).toBe(false);
  });

  it('counts as right once the reader says why', () => {
    const reason = 'GOAWAY after a while is the same thing.';
    expect(item.grade({ text: 'periodic GOAWAY' }, notRun)?.verdict).toBe('wrong');
    expect(item.grade({ text: 'periodic GOAWAY', reason }, notRun)).toMatchObject({ verdict: 'right', score: 100 });
  });

  it.each([
    {},
    null,
    'x',
    { text: 1 },
    { text: ' ' },
    { text: '…' },
    { text: 'a', reason: ' ' },
    { text: 'a'.repeat(501) },
  ])('is not %j', (raw) => {
    expect(item.isAnswer(raw)).toBe(false);
  });

  it('shows nothing of what is accepted', () => {
    expect(item.view(sourceOrder)).toEqual({ id: 's', kind: 'short-answer', promptHtml: 'What moves the clients?' });
  });

  it('keeps its key when one more spelling is accepted, and loses it with its answers', () => {
    expect(quiz(shortAnswer().replace('keep-alive', '연결 유지')).key).toBe(item.key);
    expect(quiz(shortAnswer().replace('id: keepalive', 'id: other')).key).not.toBe(item.key);
  });

  it('refuses spellings that accept anything, stand twice, or are right for nothing', () => {
    expect(readQuiz(shortAnswer().replace('keep-alive', '"*"'))).toEqual(['12 “*” would accept anything.']);
    expect(readQuiz(shortAnswer().replace('keep-alive', 'Max Connection Age'))).toEqual([
      '12 “Max Connection Age” is already taken for the answer “max-age”.',
    ]);
    expect(readQuiz(shortAnswer().replace('correct: true', 'correct: false'))).toEqual([
      '5 At least one answer must be correct.',
    ]);
  });

  it('names its experiment, which has to be there', () => {
    expect(item.experiment).toBeNull();
    expect(quiz(shortAnswer('lab: pinning')).experiment).toEqual({ lab: 'pinning', arm: null });
    expect(quiz(shortAnswer('lab: pinning\narm: l7')).experiment).toEqual({ lab: 'pinning', arm: 'l7' });
    expect(readQuiz(shortAnswer('lab: pinning\narm: l5'))).toEqual(['15 The lab “pinning” has no arm “l5”.']);
    expect(readQuiz(shortAnswer('lab: other'))).toEqual(['14 There is no lab “other” in this course.']);
    expect(readQuiz(shortAnswer('arm: l4'))).toEqual(['14 An arm needs its lab: “lab” is missing.']);
  });
});
