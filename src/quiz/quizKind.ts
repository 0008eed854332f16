import type { Problem, Span } from '../base/problem';
import type { Result } from '../base/result';

/**
 * A kind of question. One file in kinds/ implements it, one line in kinds/index.ts registers it.
 * Parsing turns the YAML of a `quiz` block into an item; the item's public view goes to the page (never the key);
 * grading happens on the host.
 */
export interface QuizKind<Item extends QuizItemBase, View extends QuizViewBase, Answer> {
  readonly kind: Item['kind'];
  /** All problems at once, each at its place in the course file. `locate` gives the span of a YAML path. */
  parse(raw: unknown, locate: (path: readonly (string | number)[]) => Span): Result<Item, readonly Problem[]>;
  /** What the page may know before the answer. `order` shuffles options, once per reader. */
  view(item: Item, order: (count: number) => readonly number[]): View;
  /** null: not an answer to this item (wrong shape, an option that does not exist). */
  parseAnswer(item: Item, raw: unknown): Answer | null;
  grade(item: Item, answer: Answer, measured: MeasuredShares): QuizFeedback;
}

/** Shares of answered requests by server id from the reader's own last run of a lab's arm; null: not run yet. */
export type MeasuredShares = (lab: string, arm: string) => Readonly<Record<string, number>> | null;

export interface QuizItemBase {
  readonly id: string;
  readonly kind: string;
  /** Rendered Markdown (inline), safe HTML. */
  readonly promptHtml: string;
}

export type QuizViewBase = QuizItemBase;

/** As kept in the reader's progress; each kind knows its own shape. */
export type QuizAnswer = unknown;

export interface QuizFeedback {
  /** 'waiting': cannot be scored until the reader has run the experiment. */
  readonly verdict: 'right' | 'partly' | 'wrong' | 'waiting';
  /** 0 to 100. */
  readonly score: number;
  /** Explanation of every option (its id), whether chosen or not; safe HTML. */
  readonly options: readonly {
    readonly id: string;
    readonly correct: boolean;
    readonly chosen: boolean;
    readonly explanationHtml: string;
  }[];
  /** For questions without options, or in addition to them; safe HTML, may be empty. */
  readonly explanationHtml: string;
  /** For predict-the-split: what was measured, by server id. */
  readonly measured: Readonly<Record<string, number>> | null;
}
