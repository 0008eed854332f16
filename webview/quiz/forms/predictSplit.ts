import type { QuizFeedback, QuizViewBase } from '../../../src/quiz/quizKind';
import { h } from '../../dom';
import type { Shares } from '../../lab/predictionModel';
import { shareSliders } from '../../lab/shareSliders';
import { percent, t } from '../../strings';
import type { QuizForm } from '../form';

export interface PredictSplitView extends QuizViewBase {
  readonly kind: 'predict-split';
  readonly lab: string;
  readonly arm: string;
  readonly servers: readonly { readonly id: string; readonly label: string }[];
}

export const predictSplit: QuizForm<PredictSplitView> = {
  kind: 'predict-split',
  ask(view, answer, onChange) {
    const sliders = shareSliders(t('Your prediction of the split'), { onCommit: onChange, onInput: onChange });
    sliders.show(
      view.servers.map((server) => server.id),
      sharesOf(answer),
    );
    return {
      element: sliders.element,
      answer() {
        const shares = sliders.value();
        return shares === null ? null : { shares };
      },
    };
  },
  review(view, answer, feedback) {
    const predicted = sharesOf(answer) ?? {};
    return h(
      'div',
      {},
      feedback.verdict === 'waiting' ? runFirst(view) : null,
      h(
        'div',
        { class: 'table-scroll' },
        h(
          'table',
          { class: 'numbers' },
          h('caption', { class: 'visually-hidden' }, t('Prediction and measurement')),
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              h('th', { scope: 'col' }, t('Server')),
              h('th', { scope: 'col', class: 'number' }, t('predicted')),
              h('th', { scope: 'col', class: 'number' }, t('measured')),
            ),
          ),
          h(
            'tbody',
            {},
            view.servers.map(({ id, label }) =>
              h(
                'tr',
                {},
                h('th', { scope: 'row' }, label),
                h('td', { class: 'number' }, percent(predicted[id] ?? 0)),
                h('td', { class: 'number' }, measuredText(feedback, id)),
              ),
            ),
          ),
        ),
      ),
    );
  },
};

function runFirst(view: PredictSplitView): HTMLElement {
  return h(
    'p',
    {},
    t('Your prediction is kept. Run this arm in the lab and it is scored by what your machine measures.'),
    ' ',
    h('a', { href: `#lab-${view.lab}` }, t('Go to the lab')),
  );
}

function measuredText(feedback: QuizFeedback, server: string): string {
  return feedback.measured === null ? t('not run yet') : percent(feedback.measured[server] ?? 0);
}

function sharesOf(answer: unknown): Shares | null {
  const shares = (answer as { readonly shares?: unknown } | null)?.shares;
  return typeof shares === 'object' && shares !== null ? (shares as Shares) : null;
}
