import * as v from 'valibot';
import { type ExerciseDefinition, exerciseKey } from '../lab/exercise';
import type { ExerciseVerdict } from '../protocol/exercise';

/** What a reader did with an exercise. Plain JSON: it lives in the editor's global state, one entry per exercise. */
export interface KeptExercise {
  /** See exerciseKey: what was solved before the exercise became another one is not solved. */
  readonly key: string;
  /** Milliseconds since the Unix epoch; null: never. What was solved once stays solved. */
  readonly solvedAt: number | null;
  readonly hintsShown: number;
  readonly solutionShown: boolean;
  readonly last: KeptVerdict | null;
}

export interface KeptVerdict {
  readonly verdict: ExerciseVerdict;
  /** Milliseconds since the Unix epoch. */
  readonly checkedAt: number;
  /** Fingerprint of the text that was checked. */
  readonly text: string;
}

const message = v.object({ text: v.string(), args: v.record(v.string(), v.union([v.string(), v.number()])) });
const words = v.union([v.object({ message }), v.object({ written: v.record(v.string(), v.string()) })]);
const verdict = v.object({
  solved: v.boolean(),
  problems: v.array(
    v.object({
      severity: v.picklist(['error', 'warning', 'note']),
      message,
      span: v.object({
        file: v.string(),
        line: v.number(),
        column: v.number(),
        endLine: v.number(),
        endColumn: v.number(),
      }),
      hint: v.exactOptional(message),
    }),
  ),
  runs: v.array(v.object({ id: v.string(), title: words, seen: v.array(message) })),
  expectations: v.array(
    v.object({
      met: v.boolean(),
      run: v.string(),
      reading: v.string(),
      value: v.nullable(v.number()),
      name: words,
      seen: message,
      wanted: message,
      help: v.nullable(words),
    }),
  ),
});
const schema = v.object({
  key: v.string(),
  solvedAt: v.nullable(v.number()),
  hintsShown: v.number(),
  solutionShown: v.boolean(),
  last: v.nullable(v.object({ verdict, checkedAt: v.number(), text: v.string() })),
});

/** What is kept of an exercise, if it is of the exercise as it is now; else a beginning. */
export function standingExercise(stored: unknown, exercise: ExerciseDefinition): KeptExercise {
  const parsed = v.safeParse(schema, stored);
  const key = exerciseKey(exercise);
  if (parsed.success && parsed.output.key === key) return parsed.output;
  return { key, solvedAt: null, hintsShown: 0, solutionShown: false, last: null };
}
