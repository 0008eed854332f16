import { h, trustedHtml } from '../../dom';
import { t } from '../../strings';
import { checkbox } from '../../ui';
import type { QuizForm } from '../form';
import { modelAnswer } from '../modelAnswer';
import { type ChoiceView, optionReview } from '../optionReview';

export interface MultipleChoiceView extends ChoiceView {
  readonly kind: 'multiple-choice';
}

export const multipleChoice: QuizForm<MultipleChoiceView> = {
  kind: 'multiple-choice',
  ask(view, answer, onChange) {
    const options = (answer as { readonly options?: unknown } | null)?.options;
    const kept = new Set<unknown>(Array.isArray(options) ? options : []);
    const boxes = view.options.map(({ id, html }) => ({
      id,
      box: checkbox(id, h('span', {}, trustedHtml(html)), kept.has(id), onChange),
    }));
    return {
      element: h(
        'div',
        { class: 'options', role: 'group', 'aria-label': t('Choose every one that is right') },
        h('p', { class: 'hint' }, t('Choose every one that is right')),
        boxes.map(({ box }) => box.element),
      ),
      answer() {
        const chosen = boxes.filter(({ box }) => box.checked()).map(({ id }) => id);
        return chosen.length === 0 ? null : { options: chosen };
      },
    };
  },
  review: (view, _answer, feedback) => h('div', {}, optionReview(view, feedback), modelAnswer(feedback)),
};
