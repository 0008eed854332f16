import type { Problem } from '../base/problem';
import type { Result } from '../base/result';
import type { YamlPath, YamlSource } from '../base/yamlSource';

/**
 * A kind of question. One file in kinds/ implements it, one line in kinds/index.ts registers it.
 * Parsing turns the YAML of a `quiz` block into an item; the item's public view goes to the page (never the key);
 * grading happens on the host.
 */
export interface QuizKind<Item extends QuizItemBase, View extends QuizViewBase, Answer> {
  readonly kind: Item['kind'];
  /** All problems at once, each at its place in the course file. */
  parse(source: QuizSource): Result<Item, readonly Problem[]>;
  /** What the page may know before the answer. `order` shuffles options, once per reader. */
  view(item: Item, order: OptionOrder): View;
  /** null: not an answer to this item (wrong shape, an option that does not exist). */
  parseAnswer(item: Item, raw: unknown): Answer | null;
  grade(item: Item, answer: Answer, measured: MeasuredShares, readings: MeasuredReadings): QuizFeedback;
  /**
   * The answer as it counts for a reader who has overruled the grading of earlier ones: the same words need no new reason.
   * Absent: nothing can be overruled.
   */
  asOverruled?(item: Item, answer: Answer, earlier: readonly Answer[]): Answer;
  /**
   * What an answer depends on: option ids and the key, never texts, so that it is equal in every language. A kept answer
   * survives an upgrade of the course if this is unchanged. Plain JSON.
   */
  key(item: Item): unknown;
}

/** The YAML of one `quiz` block and what a kind needs to read it. */
export interface QuizSource extends YamlSource {
  /** Inline Markdown to safe HTML. Problems of the text (a dead link) are reported by the caller, at the path. */
  renderInline(markdown: string, path: YamlPath): string;
  readonly labs: readonly LabReference[];
}

/** What a course may refer to of a lab. */
export interface LabReference {
  readonly id: string;
  /** Names of its arms, those under a scenario ("round-robin@one-slow") among them. Empty, as `servers`, for a lab that could not be read. */
  readonly arms: readonly string[];
  /** Servers an arm starts with, in the lab's order. */
  readonly servers: readonly string[];
  /** Names of the numbers that a run of it can have; absent: not known, any name is taken. */
  readonly readings?: readonly string[];
}

/** Positions 0 .. count-1 in the order they are to be shown. */
export type OptionOrder = (count: number) => readonly number[];

/** Shares of answered requests by server id from the reader's own last run of a lab's arm; null: not run yet. */
export type MeasuredShares = (lab: string, arm: string) => Readonly<Record<string, number>> | null;

/**
 * Numbers of the reader's own last run of a lab's arm by name, as the result object has them: "failed", "latencyMs.p99",
 * "busyServers"; null: not run yet.
 */
export type MeasuredReadings = (lab: string, arm: string) => Readonly<Record<string, number>> | null;

/** What the page may know of a question of any kind. */
export interface QuizViewBase {
  readonly id: string;
  readonly kind: string;
  /** Rendered Markdown (inline), safe HTML. */
  readonly promptHtml: string;
}

export interface QuizItemBase extends QuizViewBase {
  /** What the reader can run again to see the answer; null: the question names none. */
  readonly experiment: Experiment | null;
}

/** A lab, and the arm of it that shows the point; null: any. */
export interface Experiment {
  readonly lab: string;
  readonly arm: string | null;
}

/** As kept in the reader's progress; each kind knows its own shape. */
export type QuizAnswer = unknown;

/** How well something was known, as the reader sees it. */
export type SelfRating = 'again' | 'hard' | 'good' | 'easy';

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
    /** What belongs there (an accepted answer, the right partner), where the view must not hold it; safe HTML. */
    readonly rightHtml?: string;
  }[];
  /** For questions without options, or in addition to them; safe HTML, may be empty. */
  readonly explanationHtml: string;
  /** How a good answer may read, where the course gives one; safe HTML. */
  readonly modelHtml?: string;
  /** The reader's own judgement; it plans the next time in place of the verdict. */
  readonly rating?: SelfRating;
  /** 'waiting' for the reader's judgement rather than for a run. */
  readonly awaits?: 'rating';
  /** Right because the reader said so and why, though it was not recognised. */
  readonly overruled?: true;
  /** For predictions: what was measured, by server id or by the name of the reading. */
  readonly measured: Readonly<Record<string, number>> | null;
}
