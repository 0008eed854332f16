/** When one question is to be asked again. Plain JSON, kept per question; made by review.ts. */
export interface KeptReview {
  /** The question's key, see QuizKind.key: what is remembered of another question is worth nothing. */
  readonly key: string;
  /** Milliseconds since the Unix epoch. */
  readonly dueAt: number;
  readonly reviewedAt: number;
  /** FSRS: days until the chance to recall falls to 90 %, and how hard the question is for this reader (1 to 10). */
  readonly stability: number;
  readonly difficulty: number;
  /** Days between `reviewedAt` and `dueAt`. */
  readonly interval: number;
  readonly repetitions: number;
  /** How often it was forgotten. */
  readonly lapses: number;
}

/**
 * Intervals are whole days, counted to the hour; a reader who learned in the evening and comes back the next morning is not
 * sent away. ms.
 */
const EARLY = 12 * 60 * 60 * 1000;

/** Light enough for the activation: it must not load the scheduler to know whether something is due. */
export function isDue(kept: Pick<KeptReview, 'dueAt'>, now: number): boolean {
  return kept.dueAt - EARLY <= now;
}
