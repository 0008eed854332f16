import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../src/base/clock';
import { renderMessage } from '../../src/base/message';
import type { ExerciseDefinition } from '../../src/lab/exercise';
import { ExerciseCheck } from '../../src/lab/exerciseCheck';
import { inLanguage, type LabDefinition } from '../../src/lab/labDefinition';
import { findLabs } from '../../src/lab/labFiles';
import type { ExerciseVerdict, Words } from '../../src/protocol/exercise';
import { builtWorkers } from './labs';

/** An exercise with its files: what it starts with, its solution, and answers that look right and are not. */
export interface WrittenExercise {
  readonly lab: LabDefinition;
  readonly exercise: ExerciseDefinition;
  readonly wrong: readonly WrongAnswer[];
}

export interface WrongAnswer {
  readonly name: string;
  readonly file: string;
  /** What the reader has to be told: a configuration begins with it ("# says: …"), of messages says.json has it. */
  readonly says: string;
}

/** Every exercise of every lab of the course; wrong answers are in test/fixtures/exercises/<lab>/<exercise>. */
export async function everyExercise(): Promise<readonly WrittenExercise[]> {
  const labs = await findLabs(path.resolve('labs/traffic-lab'));
  return labs.flatMap(({ id, definition }) => {
    if (!definition.ok) throw new Error(`lab ${id} cannot be read`);
    const lab = definition.value;
    return lab.exercises.map((exercise) => ({ lab, exercise, wrong: wrongAnswers(lab.id, exercise.id) }));
  });
}

function wrongAnswers(lab: string, exercise: string): readonly WrongAnswer[] {
  const folder = path.resolve('test/fixtures/exercises', lab, exercise);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith('wrong-'))
    .map((name) => {
      const file = path.join(folder, name);
      return { name, file, says: name.endsWith('.json') ? saysBeside(folder, name) : saysIn(file) };
    });
}

function saysIn(conf: string): string {
  const says = /^# says: (.+)$/m.exec(readFileSync(conf, 'utf8'))?.[1];
  if (says === undefined) throw new Error(`${conf} does not begin with "# says: …"`);
  return says;
}

/** JSON has no comments. */
function saysBeside(folder: string, name: string): string {
  const file = path.join(folder, 'says.json');
  const says = (JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>)[name];
  if (says === undefined) throw new Error(`${file} does not tell what is said of ${name}`);
  return says;
}

/** The verdict of real traffic through a file. */
export async function verdictOn(
  { lab, exercise }: Pick<WrittenExercise, 'lab' | 'exercise'>,
  file: string,
): Promise<ExerciseVerdict> {
  const check = new ExerciseCheck({
    definition: lab,
    exercise,
    file: { path: file, text: readFileSync(file, 'utf8') },
    workers: builtWorkers,
    clock: systemClock(),
    seed: 7,
  });
  return (await check.run()).verdict;
}

/** Everything a verdict tells the reader, in English. */
export function toldBy({ problems, runs, expectations }: ExerciseVerdict): string {
  return [
    ...problems.map(({ message }) => renderMessage(message)),
    ...runs.flatMap(({ seen }) => seen.map((line) => renderMessage(line))),
    ...expectations
      .filter(({ met }) => !met)
      .flatMap(({ name, seen, wanted, help }) => [
        `${words(name)}: ${renderMessage(seen)}, wanted ${renderMessage(wanted)}`,
        ...(help === null ? [] : [words(help)]),
      ]),
  ].join('\n');
}

function words(said: Words): string {
  return 'message' in said ? renderMessage(said.message) : inLanguage(said.written, 'en');
}
