import * as v from 'valibot';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { Experiment, QuizSource } from './quizKind';

/** Any question may name the lab, and the arm of it, that shows its point. */
export const experimentFields = {
  lab: v.optional(v.string()),
  arm: v.optional(v.string()),
  /** The same in one place. */
  experiment: v.optional(v.strictObject({ lab: v.string(), arm: v.optional(v.string()) })),
};

/** Checks what a question says of its experiment against the labs of the course. */
export function readExperiment(
  source: QuizSource,
  raw: {
    readonly lab?: string | undefined;
    readonly arm?: string | undefined;
    readonly experiment?: { readonly lab: string; readonly arm?: string | undefined } | undefined;
  },
): Result<Experiment | null, Problem> {
  const inside = raw.experiment === undefined ? [] : ['experiment'];
  const problem = (path: string, text: Problem['message']): Result<never, Problem> =>
    err({ severity: 'error', message: text, span: source.locate([...inside, path]) });
  if (raw.experiment !== undefined && (raw.lab !== undefined || raw.arm !== undefined)) {
    return problem('lab', message('The lab is named twice: by “experiment” and by itself.'));
  }
  const { lab: labId, arm } = raw.experiment ?? raw;
  if (labId === undefined) {
    if (arm === undefined) return ok(null);
    return problem('arm', message('An arm needs its lab: “lab” is missing.'));
  }
  const lab = source.labs.find((candidate) => candidate.id === labId);
  if (lab === undefined) return problem('lab', message('There is no lab “{lab}” in this course.', { lab: labId }));
  // A lab that could not be read lists no arms: its own problems are shown where the course embeds it.
  if (arm !== undefined && lab.arms.length > 0 && !lab.arms.includes(arm)) {
    return problem('arm', message('The lab “{lab}” has no arm “{arm}”.', { lab: labId, arm }));
  }
  return ok({ lab: labId, arm: arm ?? null });
}
