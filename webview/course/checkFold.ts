import { h, setText } from '../dom';
import { rememberOpen } from '../host';
import { checkSummary } from './checkRule';

/** The questions at a section's end, folded so that the text breathes. */
export interface CheckFold {
  readonly element: HTMLElement;
  /** Takes in a question, or what stands between two. */
  append(element: HTMLElement): void;
  /** Counts a question in, or says anew whether it is answered. */
  setAnswered(quiz: string, isAnswered: boolean): void;
  has(quiz: string): boolean;
}

/** `anchor` is that of the heading above. */
export function checkFold(anchor: string): CheckFold {
  const answered = new Map<string, boolean>();
  const summary = h('summary', {});
  const element = h('details', { class: 'check-fold', 'data-check': anchor }, summary);
  rememberOpen(element, `check:${anchor}`, false);
  return {
    element,
    append: (part) => element.append(part),
    setAnswered(quiz, isAnswered) {
      answered.set(quiz, isAnswered);
      setText(summary, checkSummary(answered.size, [...answered.values()].filter(Boolean).length));
    },
    has: (quiz) => answered.has(quiz),
  };
}
