import * as v from 'valibot';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, type Result } from '../base/result';
import { checkYaml, type YamlPath } from '../base/yamlSource';
import { quizKinds } from '../quiz/kinds/index';
import type { Quiz } from '../quiz/quiz';
import type { LabReference } from '../quiz/quizKind';
import { type Fence, readFenceYaml } from './fences';

export interface QuizSurroundings {
  readonly labs: readonly LabReference[];
  /** Questions the document has asked so far. */
  readonly asked: ReadonlyMap<string, Quiz>;
  /** Inline Markdown to safe HTML; `at` finds the place of its problems. */
  readonly renderInline: (markdown: string, at: () => Problem['span']) => string;
}

const schema = v.looseObject({ id: v.string(), kind: v.string() });

/** Reads a `quiz` block by the kind it names. */
export function readQuiz(fence: Fence, around: QuizSurroundings): Result<Quiz, readonly Problem[]> {
  const source = readFenceYaml(fence);
  if (!source.ok) return source;
  const checked = checkYaml(source.value, schema);
  if (!checked.ok) return checked;
  const problem = (path: YamlPath, text: Problem['message']): Problem => ({
    severity: 'error',
    message: text,
    span: source.value.locate(path),
  });
  const { id, kind: kindName } = checked.value;
  const kind = quizKinds.find((candidate) => candidate.kind === kindName);
  if (kind === undefined) {
    const known = quizKinds.map((candidate) => candidate.kind).join(', ');
    return err([
      problem(
        ['kind'],
        message('There is no kind of question “{kind}”; there are: {known}', { kind: kindName, known }),
      ),
    ]);
  }
  const parsed = kind.parse({
    ...source.value,
    labs: around.labs,
    renderInline: (markdown, path) => around.renderInline(markdown, () => source.value.locate(path)),
  });
  const again = around.asked.has(id) ? [problem(['id'], message('Another question has the id “{id}”.', { id }))] : [];
  if (!parsed.ok) return err([...again, ...parsed.error]);
  return again.length > 0 ? err(again) : parsed;
}
