import type { ReviewState } from '../../src/protocol/webview';
import { fill, h, setAttribute, setHidden, setText } from '../dom';
import { send } from '../host';
import { type QuizCard, quizCard } from '../quiz/quizCard';
import { day, t } from '../strings';
import { button } from '../ui';

/** The questions that are due, one by one. The host keeps the queue; this shows where it is. */
export interface ReviewView {
  readonly element: HTMLElement;
  update(review: ReviewState | null): void;
  /** ms since the Unix epoch; null: nothing is planned. */
  setNextDue(at: number | null): void;
  /** After the page was turned here. */
  focus(): void;
}

export function reviewView(first: ReviewState | null, firstNextDue: number | null, toCourse: () => void): ReviewView {
  let shown: { readonly id: string; readonly card: QuizCard; answered: boolean } | null = null;
  let review = first;
  let nextDue = firstNextDue;
  const title = h('h1', { tabindex: -1 }, t('Review'));
  const count = h('p', { class: 'review-count', role: 'status' });
  const place = h('div', { class: 'review-place' });
  const over = h('div', { class: 'review-over' });
  const next = button(t('Next question'), () => send({ type: 'nextReview' }), {
    look: 'primary',
    data: { action: 'next-review' },
  });
  const replay = button(
    t('Replay the experiment'),
    () => {
      if (shown !== null) send({ type: 'replay', quiz: shown.id });
    },
    { data: { action: 'replay' } },
  );
  const back = button(t('Back to the text'), toCourse, { data: { action: 'to-course' } });
  const buttons = h('div', { class: 'buttons review-buttons' }, next.element, replay.element, back.element);

  /** The question is another, or the same one asked again: then the focus goes to it. */
  const ask = (current: NonNullable<ReviewState['current']>, moveFocus: boolean) => {
    const card = quizCard(current.quiz, current.state, 2, { memory: 'review', mayRetry: false });
    shown = { id: current.quiz.id, card, answered: current.state.answer !== null };
    fill(
      place,
      current.again ? h('p', { class: 'hint' }, t('Once more: it was not right before.')) : null,
      card.element,
    );
    if (moveFocus) card.focus();
  };

  const paint = (moveFocus: boolean) => {
    const current = review?.current ?? null;
    setHidden(place, current === null);
    setHidden(over, current !== null);
    setHidden(replay.element, current === null || current.lab === null);
    if (current === null || review === null) {
      shown = null;
      fill(place);
      setHidden(next.element, true);
      setText(count, '');
      fill(over, ...ending(review, nextDue));
      if (moveFocus) title.focus();
      return;
    }
    const answered = current.state.answer !== null;
    // The reader has still to say how it went.
    const isUnrated = current.state.feedback?.awaits === 'rating';
    if (shown?.id === current.quiz.id && (answered || !shown.answered)) {
      if (answered) shown.card.update(current.state);
      shown.answered = answered;
    } else ask(current, moveFocus);
    setText(count, t('{left} of {total} left', { left: review.left, total: review.total }));
    const isDone = answered && !isUnrated;
    setHidden(next.element, !isDone && review.left === 1);
    // Before the answer, the thing to do is to answer.
    setAttribute(next.element, 'appearance', isDone ? 'primary' : 'secondary');
    const isLast = isDone && review.left === 1 && current.state.feedback?.verdict !== 'wrong';
    next.setText(!isDone ? t('Ask me later') : isLast ? t('Finish') : t('Next question'));
  };

  paint(false);
  return {
    element: h('main', { id: 'review', class: 'course review', tabindex: -1 }, title, count, place, over, buttons),
    update(state) {
      review = state;
      paint(true);
    },
    setNextDue(at) {
      nextDue = at;
      if ((review?.current ?? null) === null) fill(over, ...ending(review, nextDue));
    },
    focus: () => title.focus(),
  };
}

function ending(review: ReviewState | null, nextDue: number | null): HTMLElement[] {
  const when = nextDue === null ? null : t('The next question is due on {day}.', { day: day(nextDue) });
  if (review === null) {
    const what = t(
      'Nothing is due. A question you have answered comes back here after some days: sooner if it was wrong.',
    );
    return [h('p', {}, what), ...(when === null ? [] : [h('p', {}, when)])];
  }
  const known =
    review.missed === 0
      ? t('Done: {total} questions, all known.', { total: review.total })
      : t('Done: {total} questions, {missed} of them not known at first. Those come back soon.', {
          total: review.total,
          missed: review.missed,
        });
  return [h('p', {}, known), ...(when === null ? [] : [h('p', {}, when)])];
}
