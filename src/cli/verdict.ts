import { type Message, renderMessage } from '../base/message';
import type { ExerciseDefinition } from '../lab/exercise';
import type { CheckedExercise } from '../lab/exerciseCheck';
import { inLanguage, type LabDefinition } from '../lab/labDefinition';
import type { Words } from '../protocol/exercise';
import { problemLines } from './tables';

const NOTHING_SENT = {
  conf: 'The configuration cannot run: nothing was sent.',
  message: 'The message cannot be sent: nothing was sent.',
} as const satisfies Record<ExerciseDefinition['edits']['kind'], string>;

/** What a check found, for people. */
export function verdictText(exercise: ExerciseDefinition, { verdict }: CheckedExercise): string {
  const { problems, runs, expectations, solved } = verdict;
  const several = runs.length > 1;
  return [
    `${exercise.id} · ${inLanguage(exercise.title, 'en')}`,
    ...(problems.length === 0 ? [] : [problemLines(problems), NOTHING_SENT[exercise.edits.kind]]),
    ...runs.flatMap(({ id, title, seen }) => [`  ${id} · ${said(title)}`, ...seen.map((line) => `    ${say(line)}`)]),
    ...expectations.flatMap(({ met, run, name, seen, wanted, help }) => [
      `  ${met ? '✓' : '✕'} ${several ? `${run}: ` : ''}${said(name)}: ${say(seen)}, wanted ${say(wanted)}.`,
      ...(help === null ? [] : [`      ${said(help)}`]),
    ]),
    solved ? 'Solved.' : 'Not solved yet.',
  ].join('\n');
}

/** The same as one object; its numbers are those of the runs' results. */
export function verdictJson(
  definition: LabDefinition,
  exercise: ExerciseDefinition,
  { verdict, results }: CheckedExercise,
): object {
  return {
    lab: definition.id,
    exercise: exercise.id,
    solved: verdict.solved,
    problems: verdict.problems.map(({ severity, message, span }) => ({
      severity,
      message: say(message),
      file: span.file,
      line: span.line,
      column: span.column,
    })),
    runs: results,
    expectations: verdict.expectations.map(({ met, run, reading, value, name, seen, wanted, help }) => ({
      run,
      reading,
      met,
      value,
      name: said(name),
      seen: say(seen),
      wanted: say(wanted),
      ...(help === null ? {} : { help: said(help) }),
    })),
  };
}

function say(text: Message): string {
  return renderMessage(text);
}

function said(words: Words): string {
  return 'message' in words ? say(words.message) : inLanguage(words.written, 'en');
}
