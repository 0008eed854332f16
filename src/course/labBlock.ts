import * as v from 'valibot';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import { checkYaml } from '../base/yamlSource';
import type { LabReference } from '../quiz/quizKind';
import { type Fence, readFenceYaml } from './fences';
import type { ParsedBlock } from './parsedCourse';

type LabBlock = Extract<ParsedBlock, { readonly kind: 'lab' }>;

const schema = v.strictObject({ id: v.string(), arm: v.optional(v.string()) });

/** Reads a `lab` block: the lab's id and, where the text wants one selected at first, its arm. */
export function readLab(fence: Fence, labs: readonly LabReference[]): Result<LabBlock, readonly Problem[]> {
  const source = readFenceYaml(fence);
  if (!source.ok) return source;
  const checked = checkYaml(source.value, schema);
  if (!checked.ok) return checked;
  const { id, arm } = checked.value;
  const lab = labs.find((candidate) => candidate.id === id);
  if (lab === undefined) {
    const text = message('There is no lab “{lab}” in this course.', { lab: id });
    return err([{ severity: 'error', message: text, span: source.value.locate(['id']) }]);
  }
  // A lab that could not be read lists no arms: its own problems are shown in its place.
  if (arm !== undefined && lab.arms.length > 0 && !lab.arms.includes(arm)) {
    const text = message('The lab “{lab}” has no arm “{arm}”.', { lab: id, arm });
    return err([{ severity: 'error', message: text, span: source.value.locate(['arm']) }]);
  }
  return ok({ kind: 'lab', lab: id, arm: arm ?? null });
}
