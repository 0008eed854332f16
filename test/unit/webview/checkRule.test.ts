import { beforeEach, describe, expect, it } from 'vitest';
import { checkSummary, foldsQuestions } from '../../../webview/course/checkRule';
import { setLanguage } from '../../../webview/strings';

describe('questions are folded', () => {
  beforeEach(() => setLanguage('en', {}));

  it.each([
    [3, 'l4-l7-check', true],
    [4, 'check-grpc-http2', true],
    [2, 'self-check', false],
    [3, 'check', false],
    [3, 'checking-health', false],
  ])('below a heading inside a section whose anchor says so: level %i, %s', (level, anchor, folds) => {
    expect(foldsQuestions({ level, anchor })).toBe(folds);
  });

  it.each([
    [1, 0, '1 question'],
    [1, 1, '✓ 1 question, answered'],
    [4, 0, '4 questions'],
    [4, 1, '4 questions, 1 answered'],
    [4, 4, '✓ 4 questions, all answered'],
  ])('with their number, and how many are answered: %i, %i', (count, answered, text) => {
    expect(checkSummary(count, answered)).toBe(text);
  });
});
