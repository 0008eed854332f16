import type { QuizFeedback, QuizViewBase } from '../../src/quiz/quizKind';
import { h, trustedHtml } from '../dom';
import { t } from '../strings';

export interface ChoiceView extends QuizViewBase {
  readonly options: readonly { readonly id: string; readonly html: string }[];
}

/** Every option with what it was, in words and a sign besides the colour, and why. */
export function optionReview(view: ChoiceView, feedback: QuizFeedback): HTMLElement {
  return h(
    'ul',
    { class: 'option-review' },
    view.options.map((option) => {
      const graded = feedback.options.find((candidate) => candidate.id === option.id);
      const correct = graded?.correct ?? false;
      const chosen = graded?.chosen ?? false;
      return h(
        'li',
        { class: chosen ? 'chosen' : undefined, 'data-correct': String(correct), 'data-option': option.id },
        h('div', { class: 'option-text' }, trustedHtml(option.html)),
        h('p', { class: 'option-verdict' }, optionVerdict(correct, chosen)),
        graded === undefined ? null : h('div', { class: 'option-why' }, trustedHtml(graded.explanationHtml)),
      );
    }),
  );
}

/** What an option was and what the reader did with it, in words and a sign. */
export function optionVerdict(correct: boolean, chosen: boolean): string {
  if (correct) return chosen ? t('✓ Right, and you chose it') : t('✓ Right, but you did not choose it');
  return chosen ? t('✕ Wrong, and you chose it') : t('✕ Wrong, and you left it out');
}
