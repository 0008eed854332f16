import type { QuizState } from '../../src/protocol/webview';
import type { QuizFeedback, QuizViewBase } from '../../src/quiz/quizKind';
import { type Child, fill, h, setText, trustedHtml, uniqueId } from '../dom';
import { draft, saveDraft, send } from '../host';
import { t } from '../strings';
import { button, tag } from '../ui';
import type { Asked } from './form';
import { quizForms } from './forms';

/** One question in the course: asked, graded by the host, explained, and open to another try. */
export interface QuizCard {
  readonly element: HTMLElement;
  update(state: QuizState): void;
  /** Puts the focus on the question. */
  focus(): void;
}

export interface QuizCardOptions {
  /** Where drafts are kept: a question in the review starts afresh. Its element has no anchor, since that is the text's. */
  readonly memory?: 'quiz' | 'review';
  readonly mayRetry?: boolean;
}

export function quizCard(
  view: QuizViewBase,
  first: QuizState | null,
  level: number,
  { memory = 'quiz', mayRetry = true }: QuizCardOptions = {},
): QuizCard {
  const form = quizForms.find((candidate) => candidate.kind === view.kind);
  const words = form?.words ?? null;
  const key = `${memory}:${view.id}`;
  const titleId = uniqueId('quiz-title');
  const place = h('div', { class: 'quiz-place' });
  const title = h(
    `h${Math.min(6, level)}`,
    { class: 'quiz-prompt', id: titleId, tabindex: -1 },
    trustedHtml(view.promptHtml),
  );
  const element = h(
    'section',
    {
      class: 'quiz',
      id: memory === 'quiz' ? `quiz-${view.id}` : undefined,
      'data-quiz': view.id,
      'aria-labelledby': titleId,
    },
    h('div', { class: 'eyebrow' }, tag(words?.tag() ?? t('Question'))),
    title,
    place,
  );
  let waitingForGrade = false;
  let wasGraded = false;

  const ask = () => {
    if (form === undefined) {
      fill(place, h('p', {}, t('This page cannot ask a question of the kind “{kind}”.', { kind: view.kind })));
      return;
    }
    const note = h('p', { class: 'field-error', role: 'alert' });
    const asked: Asked = form.ask(view, draft(key) ?? null, () => {
      saveDraft(key, asked.answer() ?? undefined);
      setText(note, '');
    });
    const check = button(
      words?.check() ?? t('Check the answer'),
      () => {
        const answer = asked.answer();
        if (answer === null) {
          setText(note, t('Choose an answer first.'));
          return;
        }
        waitingForGrade = true;
        send({ type: 'answer', quiz: view.id, answer });
      },
      { look: 'primary', data: { quiz: view.id, action: 'check' } },
    );
    fill(place, asked.element, h('div', { class: 'buttons' }, check.element), note);
  };

  const review = (state: QuizState, feedback: QuizFeedback) => {
    const again = button(
      words?.retry() ?? (feedback.verdict === 'waiting' ? t('Change the prediction') : t('Try again')),
      () => {
        // The next try starts from what was chosen, so that one slip costs one click.
        saveDraft(key, state.answer ?? undefined);
        send({ type: 'retryQuiz', quiz: view.id });
      },
      { data: { quiz: view.id, action: 'retry' } },
    );
    const verdict = h(
      'p',
      { class: 'verdict', 'data-verdict': feedback.verdict, tabindex: -1 },
      words?.verdict(feedback) ?? verdictText(feedback),
    );
    const parts: Child[] = [
      verdict,
      form?.review(view, state.answer, feedback, (answer) => {
        waitingForGrade = true;
        send({ type: 'answer', quiz: view.id, answer });
      }),
      feedback.explanationHtml === ''
        ? null
        : h('div', { class: 'quiz-explanation' }, trustedHtml(feedback.explanationHtml)),
      mayRetry || (feedback.verdict === 'waiting' && feedback.awaits !== 'rating')
        ? h('div', { class: 'buttons' }, again.element)
        : null,
    ];
    fill(place, ...parts);
    // The clicked button is gone; the focus goes to the verdict, which is then read out.
    if (waitingForGrade) verdict.focus();
    waitingForGrade = false;
  };

  const show = (state: QuizState | null) => {
    if (state?.feedback) {
      saveDraft(key, undefined);
      review(state, state.feedback);
      wasGraded = true;
      return;
    }
    ask();
    if (wasGraded)
      place.querySelector<HTMLElement>('vscode-radio, vscode-checkbox, input, textarea, select, button')?.focus();
    wasGraded = false;
  };
  show(first);
  return { element, update: show, focus: () => title.focus() };
}

function verdictText({ verdict, score }: QuizFeedback): string {
  switch (verdict) {
    case 'right':
      return t('✓ Right');
    case 'partly':
      return t('◐ Partly right: {score} of 100', { score: Math.round(score) });
    case 'wrong':
      return t('✕ Not right');
    case 'waiting':
      return t('… Waiting for your measurement');
  }
}
