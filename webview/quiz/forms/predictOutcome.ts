import type { QuizFeedback, QuizViewBase } from '../../../src/quiz/quizKind';
import { h, trustedHtml, uniqueId } from '../../dom';
import { reading, t } from '../../strings';
import { radioGroup } from '../../ui';
import type { QuizForm } from '../form';
import { optionReview } from '../optionReview';

export interface PredictOutcomeView extends QuizViewBase {
  readonly kind: 'predict-outcome';
  readonly lab: string;
  readonly arm: string;
  readonly comparedTo: string | null;
  readonly reading: string;
  readonly unit: string;
  readonly outcomes: readonly { readonly id: string; readonly html: string }[] | null;
}

export const predictOutcome: QuizForm<PredictOutcomeView> = {
  kind: 'predict-outcome',
  ask(view, answer, onChange) {
    const kept = (answer ?? {}) as { readonly value?: unknown; readonly outcome?: unknown };
    if (view.outcomes !== null) {
      const group = radioGroup(
        t('Your prediction'),
        view.outcomes.map(({ id, html }) => ({ id, content: h('span', {}, trustedHtml(html)) })),
        onChange,
        { class: 'options' },
      );
      if (view.outcomes.some(({ id }) => id === kept.outcome)) group.select(kept.outcome as string);
      return {
        element: group.element,
        answer() {
          const outcome = group.value();
          return outcome === null ? null : { outcome };
        },
      };
    }
    const id = uniqueId('prediction');
    const input = h('input', {
      id,
      class: 'text-input number-input',
      type: 'text',
      inputmode: 'decimal',
      autocomplete: 'off',
      'data-field': 'prediction',
      on: { input: () => onChange() },
    });
    input.value = typeof kept.value === 'number' ? String(kept.value) : '';
    return {
      element: h(
        'div',
        { class: 'answer-field' },
        h('label', { for: id }, view.unit === '' ? t('Your prediction') : `${t('Your prediction')} (${view.unit})`),
        input,
      ),
      answer() {
        const value = numberIn(input.value);
        return value === null ? null : { value };
      },
    };
  },
  review(view, answer, feedback) {
    const predicted = (answer as { readonly value?: unknown } | null)?.value;
    return h(
      'div',
      {},
      feedback.verdict === 'waiting' ? runFirst(view) : null,
      h(
        'dl',
        { class: 'prediction-review' },
        typeof predicted === 'number'
          ? [h('dt', {}, t('predicted')), h('dd', {}, reading(predicted, view.unit))]
          : feedback.verdict === 'waiting'
            ? [h('dt', {}, t('predicted')), h('dd', {}, trustedHtml(chosenHtml(view, answer)))]
            : null,
        h('dt', {}, t('measured')),
        h('dd', { 'data-measured': '' }, measuredText(view, feedback)),
      ),
      view.outcomes !== null && feedback.options.length > 0
        ? optionReview({ ...view, options: view.outcomes }, feedback)
        : null,
    );
  },
};

function runFirst(view: PredictOutcomeView): HTMLElement {
  return h(
    'p',
    {},
    view.comparedTo === null
      ? t('Your prediction is kept. Run this arm in the lab and it is scored by what your machine measures.')
      : t('Your prediction is kept. Run both arms in the lab and it is scored by what your machine measures.'),
    ' ',
    h('a', { href: `#lab-${view.lab}` }, t('Go to the lab')),
  );
}

function measuredText(view: PredictOutcomeView, feedback: QuizFeedback): string {
  const value = feedback.measured?.[view.reading];
  return value === undefined ? t('not run yet') : reading(value, view.unit);
}

function chosenHtml(view: PredictOutcomeView, answer: unknown): string {
  const chosen = (answer as { readonly outcome?: unknown } | null)?.outcome;
  return view.outcomes?.find((outcome) => outcome.id === chosen)?.html ?? '';
}

/** "1,200", "2.5"; null where there is no number that is not negative. */
function numberIn(text: string): number | null {
  const plain = text.normalize('NFKC').replace(/[\s,_]/g, '');
  return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
}
