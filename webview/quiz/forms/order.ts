import type { QuizViewBase } from '../../../src/quiz/quizKind';
import { fill, h, setText, trustedHtml } from '../../dom';
import { t } from '../../strings';
import { plainButton } from '../../ui';
import type { QuizForm } from '../form';

export interface OrderView extends QuizViewBase {
  readonly kind: 'order';
  readonly steps: readonly Step[];
}
interface Step {
  readonly id: string;
  readonly html: string;
}

/** Moved by buttons, so that the keyboard and the screen reader need nothing special; each move is told. */
export const order: QuizForm<OrderView> = {
  kind: 'order',
  ask(view, answer, onChange) {
    let steps = [...(arranged(view.steps, answer) ?? view.steps)];
    let touched = arranged(view.steps, answer) !== null;
    const spoken = h('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
    const list = h('ol', { class: 'order-list', 'aria-label': t('Steps, in your order') });
    const paint = () => fill(list, steps.map(row));
    const move = (from: number, to: number) => {
      const moved = steps[from];
      const other = steps[to];
      if (moved === undefined || other === undefined) return;
      steps = steps.with(from, other).with(to, moved);
      touched = true;
      paint();
      // The focus stays on the step that was moved; at an end only the way back is left.
      const row = list.children[to];
      const wanted = row?.querySelector<HTMLButtonElement>(`[data-action="${to < from ? 'up' : 'down'}"]`);
      (wanted?.disabled === false ? wanted : row?.querySelector<HTMLButtonElement>('button:enabled'))?.focus();
      setText(spoken, t('{step} is now number {place} of {count}.', { ...nameOf(moved, to), count: steps.length }));
      onChange();
    };
    const row = (step: Step, index: number) => {
      const { step: name } = nameOf(step, index);
      return h(
        'li',
        { 'data-step': step.id },
        h('div', { class: 'order-text' }, trustedHtml(step.html)),
        h(
          'div',
          { class: 'order-moves' },
          plainButton(
            {
              class: 'move',
              'data-action': 'up',
              disabled: index === 0,
              'aria-label': t('Move up: {step}', { step: name }),
            },
            () => move(index, index - 1),
            '↑',
          ),
          plainButton(
            {
              class: 'move',
              'data-action': 'down',
              disabled: index === steps.length - 1,
              'aria-label': t('Move down: {step}', { step: name }),
            },
            () => move(index, index + 1),
            '↓',
          ),
        ),
      );
    };
    paint();
    return {
      element: h('div', { class: 'order' }, list, spoken),
      // Untouched, it is the order of the shuffle, not of the reader.
      answer: () => (touched ? { order: steps.map((step) => step.id) } : null),
    };
  },
  review(view, answer, feedback) {
    const given = arranged(view.steps, answer) ?? view.steps;
    return h(
      'div',
      {},
      h('p', { class: 'small-title' }, t('The right order')),
      h(
        'ol',
        { class: 'option-review order-review' },
        feedback.options.map((option, index) => {
          const place = given.findIndex((step) => step.id === option.id) + 1;
          return h(
            'li',
            { class: 'chosen', 'data-correct': String(option.correct), 'data-step': option.id },
            h(
              'div',
              { class: 'option-text' },
              `${index + 1}. `,
              trustedHtml(view.steps.find((step) => step.id === option.id)?.html ?? ''),
            ),
            h(
              'p',
              { class: 'option-verdict' },
              option.correct ? t('✓ In its place') : t('✕ You had it as number {place}', { place }),
            ),
            h('div', { class: 'option-why' }, trustedHtml(option.explanationHtml)),
          );
        }),
      ),
    );
  },
};

function nameOf(step: Step, index: number): { readonly step: string; readonly place: number } {
  return { step: trustedHtml(step.html).textContent?.trim() ?? '', place: index + 1 };
}

/** The steps as an answer has them; null if it does not name each of them once. */
function arranged(steps: readonly Step[], answer: unknown): readonly Step[] | null {
  const given = (answer as { readonly order?: unknown } | null)?.order;
  if (!Array.isArray(given) || given.length !== steps.length) return null;
  const found = steps.filter((step) => given.includes(step.id));
  if (found.length !== steps.length) return null;
  return found.toSorted((a, b) => given.indexOf(a.id) - given.indexOf(b.id));
}
