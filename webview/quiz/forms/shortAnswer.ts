import type { QuizFeedback, QuizViewBase } from '../../../src/quiz/quizKind';
import { h, setText, trustedHtml, uniqueId } from '../../dom';
import { t } from '../../strings';
import { button } from '../../ui';
import type { QuizForm } from '../form';

export interface ShortAnswerView extends QuizViewBase {
  readonly kind: 'short-answer';
}
interface ShortAnswer {
  readonly text: string;
  readonly reason: string | null;
}

/** As the host takes it. */
const LONGEST = 500;

export const shortAnswer: QuizForm<ShortAnswerView> = {
  kind: 'short-answer',
  ask(_view, answer, onChange) {
    const id = uniqueId('short-answer');
    const input = h('input', {
      id,
      class: 'text-input',
      type: 'text',
      maxlength: LONGEST,
      autocomplete: 'off',
      spellcheck: 'false',
      'data-field': 'short-answer',
      on: { input: () => onChange() },
    });
    input.value = answerOf(answer)?.text ?? '';
    return {
      element: h(
        'div',
        { class: 'answer-field' },
        h('label', { for: id }, t('Your answer')),
        input,
        h('p', { class: 'hint' }, t('A word or two, in Korean or English. Spaces and capitals do not count.')),
      ),
      answer() {
        const text = input.value.trim();
        return text === '' ? null : { text };
      },
    };
  },
  review(_view, answer, feedback, submit) {
    const given = answerOf(answer);
    return h(
      'div',
      { class: 'short-review' },
      h('p', { class: 'given' }, t('Your answer'), ': ', h('strong', {}, given?.text ?? '')),
      given?.reason
        ? h('p', { class: 'given-reason' }, t('You counted this as right: {reason}', { reason: given.reason }))
        : null,
      h('ul', { class: 'option-review' }, feedback.options.map(expected)),
      given !== null && feedback.verdict === 'wrong' ? override(given.text, submit) : null,
    );
  },
};

type Option = QuizFeedback['options'][number];

function expected(option: Option): HTMLElement {
  return h(
    'li',
    { class: option.chosen ? 'chosen' : undefined, 'data-correct': String(option.correct), 'data-option': option.id },
    h('div', { class: 'option-text' }, trustedHtml(option.rightHtml ?? '')),
    h('p', { class: 'option-verdict' }, verdict(option)),
    h('div', { class: 'option-why' }, trustedHtml(option.explanationHtml)),
  );
}

function verdict({ correct, chosen }: Option): string {
  if (correct) return chosen ? t('✓ Right, and you wrote it') : t('✓ Right');
  return chosen ? t('✕ Wrong, and you wrote it') : t('✕ Wrong');
}

/** No list of spellings is complete: the reader has the last word, and says why. */
function override(text: string, submit: (answer: unknown) => void): HTMLElement {
  const id = uniqueId('reason');
  const note = h('p', { class: 'field-error', role: 'alert' });
  const reason = h('textarea', {
    id,
    class: 'text-input',
    rows: 2,
    maxlength: LONGEST,
    'data-field': 'reason',
    on: { input: () => setText(note, '') },
  });
  const count = button(
    t('Count it as right'),
    () => {
      const written = reason.value.trim();
      if (written === '') {
        setText(note, t('Write the reason first.'));
        reason.focus();
      } else submit({ text, reason: written });
    },
    { data: { action: 'override' } },
  );
  return h(
    'details',
    { class: 'fold override' },
    h('summary', {}, t('I meant the right thing')),
    h(
      'div',
      { class: 'answer-field' },
      h('label', { for: id }, t('Why your answer is right. It is kept with it.')),
      reason,
      note,
      h('div', { class: 'buttons' }, count.element),
    ),
  );
}

function answerOf(answer: unknown): ShortAnswer | null {
  const { text, reason } = (answer ?? {}) as { readonly text?: unknown; readonly reason?: unknown };
  if (typeof text !== 'string') return null;
  return { text, reason: typeof reason === 'string' ? reason : null };
}
