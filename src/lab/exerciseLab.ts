import type { ExerciseDefinition, ExerciseRun } from './exercise';
import { type ArmDefinition, armOver, type LabDefinition } from './labDefinition';

/** The lab as an exercise sees it: only the arms that the reader's file runs, with that file as their configuration. */
export function labOfExercise(definition: LabDefinition, exercise: ExerciseDefinition): LabDefinition {
  const arms = exercise.runs.flatMap((run) => (run.conf === null ? armOfRun(definition, exercise, run) : []));
  return { ...definition, arms };
}

/** The arm that a run of a check is, over the protocol it asks for. */
export function armOfRun(definition: LabDefinition, exercise: ExerciseDefinition, run: ExerciseRun): ArmDefinition {
  const arm = definition.arms.find(({ id }) => id === run.arm);
  if (arm === undefined) throw new Error(`no arm ${run.arm} in a lab that was checked`);
  return { ...armOver(arm, run.params.protocol), conf: run.conf ?? exercise.file, variants: {} };
}
