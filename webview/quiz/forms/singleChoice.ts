import { h, trustedHtml } from '../../dom';
import { t } from '../../strings';
import { radioGroup } from '../../ui';
import type { QuizForm } from '../form';
import { type ChoiceView, optionReview } from '../optionReview';

export interface SingleChoiceView extends ChoiceView {
  readonly kind: 'single-choice';
}

export const singleChoice: QuizForm<SingleChoiceView> = {
  kind: 'single-choice',
  ask(view, answer, onChange) {
    const group = radioGroup(
      t('Choose one'),
      view.options.map(({ id, html }) => ({ id, content: h('span', {}, trustedHtml(html)) })),
      onChange,
      { class: 'options' },
    );
    const kept = (answer as { readonly option?: unknown } | null)?.option;
    if (view.options.some(({ id }) => id === kept)) group.select(kept as string);
    return {
      element: group.element,
      answer() {
        const option = group.value();
        return option === null ? null : { option };
      },
    };
  },
  review: (view, _answer, feedback) => optionReview(view, feedback),
};
