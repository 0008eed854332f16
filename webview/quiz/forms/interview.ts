import type { QuizFeedback, QuizViewBase, SelfRating } from '../../../src/quiz/quizKind';
import { h, uniqueId } from '../../dom';
import { t } from '../../strings';
import { plainButton } from '../../ui';
import type { QuizForm } from '../form';
import { modelAnswer } from '../modelAnswer';

export interface InterviewView extends QuizViewBase {
  readonly kind: 'interview';
}

/** As the host takes it. */
const LONGEST = 5000;

export const interview: QuizForm<InterviewView> = {
  kind: 'interview',
  words: {
    tag: () => t('Interview practice'),
    check: () => t('Show the model answer'),
    verdict: ({ rating }) =>
      rating === undefined
        ? t('Compare your answer with the model, then say how it went.')
        : t('✎ Your own judgement: {rating}', { rating: ratingName(rating) }),
    retry: () => t('Answer again'),
  },
  ask(_view, answer, onChange) {
    const id = uniqueId('interview');
    const area = h('textarea', {
      id,
      class: 'text-input long-input',
      rows: 6,
      maxlength: LONGEST,
      'data-field': 'interview',
      on: { input: () => onChange() },
    });
    area.value = textOf(answer);
    return {
      element: h(
        'div',
        { class: 'answer-field' },
        h('label', { for: id }, t('Your answer')),
        area,
        h(
          'p',
          { class: 'hint' },
          t('About a minute, as you would say it. You may also answer aloud and leave this empty.'),
        ),
      ),
      answer: () => ({ text: area.value.trim() }),
    };
  },
  review(_view, answer, feedback, submit) {
    const text = textOf(answer);
    return h(
      'div',
      { class: 'interview-review' },
      h('p', { class: 'small-title' }, t('Your answer')),
      h('p', { class: 'own-answer' }, text === '' ? t('Given aloud.') : text),
      modelAnswer(feedback),
      feedback.awaits === 'rating' ? ratings((rating) => submit({ text, rating })) : null,
    );
  },
};

function ratings(rate: (rating: SelfRating) => void): HTMLElement {
  const id = uniqueId('rating');
  const all: readonly (readonly [SelfRating, string])[] = [
    ['again', t('The point was missing')],
    ['hard', t('With gaps')],
    ['good', t('The point was there')],
    ['easy', t('At once and whole')],
  ];
  return h(
    'div',
    { class: 'ratings', role: 'group', 'aria-labelledby': id },
    h('p', { class: 'small-title', id }, t('How did it go? The next time follows from it.')),
    h(
      'div',
      { class: 'rating-buttons' },
      all.map(([rating, meaning]) =>
        plainButton(
          { class: 'rating', 'data-rating': rating },
          () => rate(rating),
          h('strong', {}, ratingName(rating)),
          h('span', {}, meaning),
        ),
      ),
    ),
  );
}

function ratingName(rating: NonNullable<QuizFeedback['rating']>): string {
  switch (rating) {
    case 'again':
      return t('Again');
    case 'hard':
      return t('Hard');
    case 'good':
      return t('Good');
    case 'easy':
      return t('Easy');
  }
}

function textOf(answer: unknown): string {
  const { text } = (answer ?? {}) as { readonly text?: unknown };
  return typeof text === 'string' ? text : '';
}
