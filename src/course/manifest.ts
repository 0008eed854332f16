import * as v from 'valibot';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import { checkYaml, readYaml } from '../base/yamlSource';

/** course.yaml: what a course folder says about itself. */
export interface CourseManifest {
  readonly id: string;
  /** Counts up with every release of the course; answers are carried over by progress.ts. */
  readonly version: number;
  /** By language id. */
  readonly title: Readonly<Record<string, string>>;
  /** Languages it is written in, the author's first choice first; each has its course.<language>.md. */
  readonly languages: readonly string[];
  /** Place among several courses of a workspace; smaller comes first. */
  readonly order: number;
}

const language = v.pipe(v.string(), v.regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/));
const schema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/), v.maxLength(60)),
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  title: v.record(v.string(), v.pipe(v.string(), v.trim(), v.nonEmpty())),
  languages: v.pipe(v.array(language), v.minLength(1)),
  order: v.optional(v.pipe(v.number(), v.integer()), 0),
});

/** Reads a course.yaml. All problems at once, each with file, line and column. */
export function parseCourseManifest(text: string, file: string): Result<CourseManifest, readonly Problem[]> {
  const source = readYaml(text, file);
  if (!source.ok) return source;
  const checked = checkYaml(source.value, schema);
  if (!checked.ok) return checked;
  const manifest = checked.value;
  const problems: Problem[] = [];
  manifest.languages.forEach((id, index) => {
    if (manifest.languages.indexOf(id) < index) {
      const text = message('The language “{language}” is listed twice.', { language: id });
      problems.push({ severity: 'error', message: text, span: source.value.locate(['languages', index]) });
    } else if (!Object.hasOwn(manifest.title, id)) {
      const text = message('There is no title in the language “{language}”.', { language: id });
      problems.push({ severity: 'error', message: text, span: source.value.locate(['title']) });
    }
  });
  return problems.length > 0 ? err(problems) : ok(manifest);
}
