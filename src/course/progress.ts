import * as v from 'valibot';
import type { Quiz } from '../quiz/quiz';
import type { QuizAnswer } from '../quiz/quizKind';
import { standingReview } from './review';
import type { KeptReview } from './reviewState';

/** One answer of a reader as it is kept. Plain JSON: it lives in the editor's global state, one entry per question. */
export interface KeptAnswer {
  readonly answer: QuizAnswer;
  /** The question's key when it was answered, see QuizKind.key. */
  readonly key: string;
  /** Milliseconds since the Unix epoch. */
  readonly answeredAt: number;
  /**
   * Of an answer that was wrong: what was planned before it (null: nothing), so that the plan can be made anew should the
   * reader overrule the verdict.
   */
  readonly before?: KeptReview | null;
  /** Answers to this question that the reader counted as right against the grading; they outlast another try. */
  readonly overruled?: readonly QuizAnswer[];
}

const schema = v.object({
  answer: v.unknown(),
  key: v.string(),
  answeredAt: v.number(),
  before: v.optional(v.unknown()),
  overruled: v.optional(v.array(v.unknown())),
});

/**
 * The kept answer, if it is one to the question as it is now. It stays over an upgrade of the course if the question still
 * has the same options and key (its words may have been improved, or be in another language). null: nothing is kept, it is
 * damaged, or the question has become another.
 */
export function standingAnswer(stored: unknown, quiz: Quiz): KeptAnswer | null {
  const parsed = v.safeParse(schema, stored);
  if (!parsed.success) return null;
  const { answer, key, answeredAt, before } = parsed.output;
  if (key !== quiz.key || !quiz.isAnswer(answer)) return null;
  return { answer, key, answeredAt, ...(before === undefined ? {} : { before: standingReview(before, quiz) }) };
}

/** What the reader overruled of the question as it is now, also where no answer stands. */
export function standingOverruled(stored: unknown, quiz: Quiz): readonly QuizAnswer[] {
  const parsed = v.safeParse(schema, stored);
  if (!parsed.success || parsed.output.key !== quiz.key) return [];
  return (parsed.output.overruled ?? []).filter((answer) => quiz.isAnswer(answer));
}
