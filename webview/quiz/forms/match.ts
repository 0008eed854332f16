import type { QuizViewBase } from '../../../src/quiz/quizKind';
import { h, trustedHtml, uniqueId } from '../../dom';
import { t } from '../../strings';
import type { QuizForm } from '../form';

export interface MatchView extends QuizViewBase {
  readonly kind: 'match';
  readonly pairs: readonly { readonly id: string; readonly html: string }[];
  readonly partners: readonly { readonly id: string; readonly text: string }[];
}

export const match: QuizForm<MatchView> = {
  kind: 'match',
  ask(view, answer, onChange) {
    const kept = pairsOf(answer);
    const rows = view.pairs.map((pair) => {
      const id = uniqueId('match');
      const select = h(
        'select',
        { id, class: 'select', 'data-pair': pair.id, on: { change: () => onChange() } },
        h('option', { value: '' }, t('Choose…')),
        view.partners.map((partner) => h('option', { value: partner.id }, partner.text)),
      );
      const partner = kept[pair.id];
      if (view.partners.some((one) => one.id === partner)) select.value = partner ?? '';
      return {
        id: pair.id,
        select,
        element: h(
          'div',
          { class: 'match-row' },
          h('label', { for: id, class: 'match-text' }, trustedHtml(pair.html)),
          select,
        ),
      };
    });
    return {
      element: h(
        'div',
        { class: 'match', role: 'group', 'aria-label': t('Choose a partner for each') },
        rows.map((row) => row.element),
      ),
      answer() {
        const pairs = Object.fromEntries(rows.map(({ id, select }) => [id, select.value]));
        return Object.values(pairs).includes('') ? null : { pairs };
      },
    };
  },
  review(view, answer, feedback) {
    const given = pairsOf(answer);
    const textOf = (partner: string | undefined) => view.partners.find((one) => one.id === partner)?.text ?? '';
    return h(
      'ul',
      { class: 'option-review' },
      view.pairs.map((pair) => {
        const graded = feedback.options.find((option) => option.id === pair.id);
        const chosen = textOf(given[pair.id]);
        return h(
          'li',
          { class: 'chosen', 'data-correct': String(graded?.correct ?? false), 'data-pair': pair.id },
          h('div', { class: 'option-text' }, trustedHtml(pair.html), ' → ', trustedHtml(graded?.rightHtml ?? '')),
          h(
            'p',
            { class: 'option-verdict' },
            graded?.correct ? t('✓ Right') : t('✕ You chose: {partner}', { partner: chosen }),
          ),
          graded === undefined ? null : h('div', { class: 'option-why' }, trustedHtml(graded.explanationHtml)),
        );
      }),
    );
  },
};

function pairsOf(answer: unknown): Readonly<Record<string, string | undefined>> {
  const pairs = (answer as { readonly pairs?: unknown } | null)?.pairs;
  return typeof pairs === 'object' && pairs !== null ? (pairs as Record<string, string>) : {};
}
