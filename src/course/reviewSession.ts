import type { QuizFeedback } from '../quiz/quizKind';

/** One sitting: what is due, one by one; what was wrong comes again at the end until it is known. */
export interface ReviewSession {
  /** Ids; the first is being asked. */
  readonly queue: readonly string[];
  /** How the one being asked was answered; null: not yet. */
  readonly verdict: SessionVerdict | null;
  /** Ids that were wrong at least once in this sitting. */
  readonly missed: readonly string[];
  /** How many questions the sitting began with. */
  readonly total: number;
}

/** 'unrated': answered, but the reader has not said how well. */
export type SessionVerdict = QuizFeedback['verdict'] | 'unrated';

/** null: nothing is due. */
export function startSession(due: readonly string[]): ReviewSession | null {
  return due.length === 0 ? null : { queue: due, verdict: null, missed: [], total: due.length };
}

/**
 * The answer to a question; another question than the one being asked changes nothing. A second answer replaces the first;
 * where the reader overruled the grading of the first, it was never missed.
 */
export function withVerdict(
  session: ReviewSession,
  quiz: string,
  verdict: SessionVerdict,
  isOverruled = false,
): ReviewSession {
  if (session.queue[0] !== quiz) return session;
  const others = session.missed.filter((missed) => missed !== quiz);
  const isMissed = verdict === 'wrong' || (!isOverruled && others.length < session.missed.length);
  return { ...session, verdict, missed: isMissed ? [...others, quiz] : others };
}

/** On to the next question. Without an answer the question is put off to the end, so that nobody is stuck. */
export function advanced(session: ReviewSession): ReviewSession {
  const [current, ...rest] = session.queue;
  if (current === undefined) return session;
  const again = session.verdict === null || session.verdict === 'unrated' || session.verdict === 'wrong';
  return { ...session, queue: again ? [...rest, current] : rest, verdict: null };
}

/** Without the questions that are no longer there. */
export function withOnly(session: ReviewSession, isThere: (quiz: string) => boolean): ReviewSession {
  const queue = session.queue.filter(isThere);
  const verdict = queue[0] === session.queue[0] ? session.verdict : null;
  return { ...session, queue, verdict };
}
