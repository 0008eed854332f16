import type { Problem } from '../base/problem';
import type { ConfSource } from '../protocol/balancerWorker';
import { type ExerciseDefinition, type ExerciseRun, usesReadersFile } from './exercise';
import { confProblems } from './labConf';
import { type ArmDefinition, armOver, type LabDefinition } from './labDefinition';
import { messageNamed, understandMessage } from './labMessages';

/** The lab as an exercise sees it: only the arms that the reader's file is run with, each with its configuration. */
export function labOfExercise(definition: LabDefinition, exercise: ExerciseDefinition): LabDefinition {
  const own = exercise.runs.filter((run) => usesReadersFile(exercise, run));
  return { ...definition, arms: own.map((run) => armOfRun(definition, exercise, run)) };
}

/** The arm that a run of a check is, over the protocol it asks for. */
export function armOfRun(definition: LabDefinition, exercise: ExerciseDefinition, run: ExerciseRun): ArmDefinition {
  const named = definition.arms.find(({ id }) => id === run.arm);
  if (named === undefined) throw new Error(`no arm ${run.arm} in a lab that was checked`);
  const arm = armOver(named, run.params.protocol);
  const own = exercise.edits.kind === 'conf' ? exercise.file : arm.conf;
  return { ...arm, conf: run.conf ?? own, variants: {} };
}

/** What is to be said of a text as the exercise's file, each at its place; the errors keep it from running in its arms. */
export async function exerciseProblems(
  definition: LabDefinition,
  exercise: ExerciseDefinition,
  { path, text }: ConfSource,
): Promise<readonly Problem[]> {
  if (exercise.edits.kind === 'conf') {
    return confProblems(labOfExercise(definition, exercise), exercise.file, path, text);
  }
  const wanted = messageNamed(definition, exercise.edits.message);
  if (wanted === null) throw new Error(`no message ${exercise.edits.message} in a lab that was checked`);
  const understood = await understandMessage(wanted, path, text);
  return understood.ok ? [] : understood.error;
}
