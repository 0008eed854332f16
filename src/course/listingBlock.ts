import * as v from 'valibot';
import { type Message, message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import { checkYaml, type YamlPath } from '../base/yamlSource';
import type { LabReference } from '../quiz/quizKind';
import type { Block } from './courseView';
import { type Fence, readFenceYaml } from './fences';
import { findPart } from './listingPart';

export type ListingBlock = Extract<Block, { readonly kind: 'listing' }>;

/** The text of a lab's own file; null: the lab has no such file. */
export type LabFileText = (lab: string, file: string) => string | null;

const head = v.pipe(v.string(), v.trim(), v.nonEmpty());
const schema = v.strictObject({
  lab: v.string(),
  file: v.pipe(v.string(), v.regex(/^[\w-][\w.-]*$/)),
  block: v.optional(v.union([head, v.pipe(v.array(head), v.minLength(1), v.maxLength(5))])),
  arm: v.optional(v.string()),
});

/**
 * Reads a `listing` block: a file of a lab, or a block of it by its head line, or by several from the outside in. The page
 * shows it as the reader has it, and runs `arm`, or the arm that uses the file.
 */
export function readListing(
  fence: Fence,
  labs: readonly LabReference[],
  textOf: LabFileText,
): Result<ListingBlock, readonly Problem[]> {
  const source = readFenceYaml(fence);
  if (!source.ok) return source;
  const checked = checkYaml(source.value, schema);
  if (!checked.ok) return checked;
  const raw = checked.value;
  const wrong = (path: YamlPath, text: Message): Result<never, readonly Problem[]> =>
    err([{ severity: 'error', message: text, span: source.value.locate(path) }]);
  const lab = labs.find((candidate) => candidate.id === raw.lab);
  if (lab === undefined) return wrong(['lab'], message('There is no lab “{lab}” in this course.', { lab: raw.lab }));
  const text = textOf(raw.lab, raw.file);
  if (text === null) {
    return wrong(['file'], message('The lab “{lab}” has no file “{file}”.', { lab: raw.lab, file: raw.file }));
  }
  const heads = raw.block === undefined ? [] : [raw.block].flat();
  if (findPart(text, heads) === null) {
    const block = heads.join(' > ');
    return wrong(['block'], message('The file “{file}” has no block “{block}”.', { file: raw.file, block }));
  }
  if (raw.arm !== undefined && lab.arms.length > 0 && !lab.arms.includes(raw.arm)) {
    return wrong(['arm'], message('The lab “{lab}” has no arm “{arm}”.', { lab: raw.lab, arm: raw.arm }));
  }
  return ok({ kind: 'listing', lab: raw.lab, file: raw.file, heads, arm: raw.arm ?? null });
}
