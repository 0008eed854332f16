import * as v from 'valibot';
import type { Quiz } from '../quiz/quiz';
import type { QuizAnswer } from '../quiz/quizKind';

/** One answer of a reader as it is kept. Plain JSON: it lives in the editor's global state, one entry per question. */
export interface KeptAnswer {
  readonly answer: QuizAnswer;
  /** The question's key when it was answered, see QuizKind.key. */
  readonly key: string;
  /** Milliseconds since the Unix epoch. */
  readonly answeredAt: number;
}

const schema = v.object({ answer: v.unknown(), key: v.string(), answeredAt: v.number() });

/**
 * The kept answer, if it is one to the question as it is now. It stays over an upgrade of the course if the question still
 * has the same options and key (its words may have been improved, or be in another language). null: nothing is kept, it is
 * damaged, or the question has become another.
 */
export function standingAnswer(stored: unknown, quiz: Quiz): KeptAnswer | null {
  const parsed = v.safeParse(schema, stored);
  if (!parsed.success) return null;
  const { answer, key, answeredAt } = parsed.output;
  return key === quiz.key && quiz.isAnswer(answer) ? { answer, key, answeredAt } : null;
}
