import type { Message } from '../base/message';
import type { Problem } from '../base/problem';

/** What a check of an exercise found. Plain JSON: it is kept until the next check, and shown in whichever language. */
export interface ExerciseVerdict {
  readonly solved: boolean;
  /** Why the configuration cannot run, each at its place; then nothing was run. */
  readonly problems: readonly Problem[];
  /** The runs in their order. */
  readonly runs: readonly ExerciseRunSeen[];
  readonly expectations: readonly ExpectationVerdict[];
}

export interface ExerciseRunSeen {
  readonly id: string;
  readonly title: Words;
  /** What was measured, in sentences; or why the run could not be made. */
  readonly seen: readonly Message[];
}

export interface ExpectationVerdict {
  readonly met: boolean;
  /** Id of the run it is about. */
  readonly run: string;
  readonly reading: string;
  /** What was measured; null: there was nothing to measure. */
  readonly value: number | null;
  readonly name: Words;
  readonly seen: Message;
  readonly wanted: Message;
  /** What to think of; null: it is met, or there is nothing to say. */
  readonly help: Words | null;
}

/** Words of the program, or words that a lab.yaml has in each of its languages. */
export type Words = { readonly message: Message } | { readonly written: Readonly<Record<string, string>> };
