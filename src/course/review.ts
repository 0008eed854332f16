import { type Card, createEmptyCard, fsrs, Rating, State } from 'ts-fsrs';
import * as v from 'valibot';
import type { Quiz } from '../quiz/quiz';
import type { QuizFeedback, SelfRating } from '../quiz/quizKind';
import { isDue, type KeptReview } from './reviewState';

/**
 * When which question is asked again, by FSRS (ts-fsrs). Pure: the time is given. Steps within a day are off, since a
 * wrong answer is shown again in the same session anyway (reviewSession.ts); fuzz is off, so that the same answers give
 * the same days.
 */
const scheduler = fsrs({ enable_fuzz: false, enable_short_term: false, maximum_interval: 180 });

/** How well it was known: by the verdict, or by the reader's own judgement. */
export type Recall = SelfRating;

const ratings = { again: Rating.Again, hard: Rating.Hard, good: Rating.Good, easy: Rating.Easy } as const;

/** null: cannot be judged yet. */
export function recallOf({ verdict, rating }: Pick<QuizFeedback, 'verdict' | 'rating'>): Recall | null {
  if (rating !== undefined) return rating;
  switch (verdict) {
    case 'right':
      return 'good';
    case 'partly':
      return 'hard';
    case 'wrong':
      return 'again';
    case 'waiting':
      return null;
  }
}

/**
 * What is to be kept after an answer. An answer counts when the question is new or due. Another try before that says
 * little, since the explanation has just been read: then what was kept stays, the same object.
 */
export function reviewed(kept: KeptReview | null, quiz: Pick<Quiz, 'key'>, recall: Recall, now: number): KeptReview {
  const before = kept !== null && kept.key === quiz.key ? kept : null;
  if (before !== null && !isDue(before, now)) return before;
  // A clock that was set back must not give a negative interval.
  const at = new Date(Math.max(now, before?.reviewedAt ?? now));
  const { card } = scheduler.next(before === null ? createEmptyCard(at) : cardOf(before), at, ratings[recall]);
  return {
    key: quiz.key,
    dueAt: card.due.getTime(),
    reviewedAt: at.getTime(),
    stability: card.stability,
    difficulty: card.difficulty,
    interval: card.scheduled_days,
    repetitions: card.reps,
    lapses: card.lapses,
  };
}

const time = v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(8.64e15));
const schema = v.object({
  key: v.string(),
  dueAt: time,
  reviewedAt: time,
  stability: v.pipe(v.number(), v.finite(), v.minValue(0.001)),
  difficulty: v.pipe(v.number(), v.minValue(1), v.maxValue(10)),
  interval: v.pipe(v.number(), v.integer(), v.minValue(0)),
  repetitions: v.pipe(v.number(), v.integer(), v.minValue(0)),
  lapses: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/** What is kept of the question as it is now; null: nothing, something damaged, or of a question that has changed. */
export function standingReview(stored: unknown, quiz: Pick<Quiz, 'key'>): KeptReview | null {
  const parsed = v.safeParse(schema, stored);
  return parsed.success && parsed.output.key === quiz.key ? parsed.output : null;
}

/** Ids of what is due now, longest due first. */
export function dueNow(kept: ReadonlyMap<string, KeptReview>, now: number): readonly string[] {
  return [...kept]
    .filter(([, review]) => isDue(review, now))
    .sort(([a, one], [b, other]) => one.dueAt - other.dueAt || (a < b ? -1 : 1))
    .map(([id]) => id);
}

function cardOf(kept: KeptReview): Card {
  return {
    due: new Date(kept.dueAt),
    stability: kept.stability,
    difficulty: kept.difficulty,
    elapsed_days: 0,
    scheduled_days: kept.interval,
    learning_steps: 0,
    reps: kept.repetitions,
    lapses: kept.lapses,
    state: State.Review,
    last_review: new Date(kept.reviewedAt),
  };
}
