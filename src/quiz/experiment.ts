import * as v from 'valibot';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { Experiment, QuizSource } from './quizKind';

/** Any question may name the lab, and the arm of it, that shows its point. */
export const experimentFields = { lab: v.optional(v.string()), arm: v.optional(v.string()) };

/** Checks what a question says of its experiment against the labs of the course. */
export function readExperiment(
  source: QuizSource,
  raw: { readonly lab?: string | undefined; readonly arm?: string | undefined },
): Result<Experiment | null, Problem> {
  const problem = (path: string, text: Problem['message']): Result<never, Problem> =>
    err({ severity: 'error', message: text, span: source.locate([path]) });
  if (raw.lab === undefined) {
    if (raw.arm === undefined) return ok(null);
    return problem('arm', message('An arm needs its lab: “lab” is missing.'));
  }
  const lab = source.labs.find((candidate) => candidate.id === raw.lab);
  if (lab === undefined) return problem('lab', message('There is no lab “{lab}” in this course.', { lab: raw.lab }));
  // A lab that could not be read lists no arms: its own problems are shown where the course embeds it.
  if (raw.arm !== undefined && lab.arms.length > 0 && !lab.arms.includes(raw.arm)) {
    return problem('arm', message('The lab “{lab}” has no arm “{arm}”.', { lab: raw.lab, arm: raw.arm }));
  }
  return ok({ lab: raw.lab, arm: raw.arm ?? null });
}
