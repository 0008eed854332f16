import { renderMessage } from '../../../src/base/message';
import { readYaml } from '../../../src/base/yamlSource';
import { quizKinds } from '../../../src/quiz/kinds/index';
import type { Quiz } from '../../../src/quiz/quiz';
import type { LabReference } from '../../../src/quiz/quizKind';

export const lab: LabReference = { id: 'pinning', arms: ['l4', 'l7'], servers: ['server-a', 'server-b', 'server-c'] };

/** The question, or its problems as "line text". */
export function readQuiz(yaml: string, labs: readonly LabReference[] = [lab]): Quiz | readonly string[] {
  const source = readYaml(yaml, 'course.en.md');
  if (!source.ok) throw new Error('The test wrote broken YAML');
  const name = (source.value.value as { kind: string }).kind;
  const kind = quizKinds.find((candidate) => candidate.kind === name);
  if (kind === undefined) throw new Error(`No kind ${name}`);
  const parsed = kind.parse({ ...source.value, labs, renderInline: (markdown) => markdown });
  return parsed.ok ? parsed.value : parsed.error.map((p) => `${p.span.line} ${renderMessage(p.message)}`);
}

export function quiz(yaml: string): Quiz {
  const read = readQuiz(yaml);
  if ('kind' in read) return read;
  throw new Error(read.join('\n'));
}

/** A choice question with options a, b, c ... of which those named are right. */
export function choice(kind: 'single-choice' | 'multiple-choice', options: string, right: string): string {
  const lines = [...options].map(
    (id) => `  - { id: ${id}, text: Text ${id}, correct: ${right.includes(id)}, explanation: About ${id} }`,
  );
  return ['id: q', `kind: ${kind}`, 'prompt: Which?', 'options:', ...lines].join('\n');
}

export function prediction(more = ''): string {
  return ['id: p', 'kind: predict-split', 'prompt: How?', 'lab: pinning', 'arm: l4', 'explanation: So.', more].join(
    '\n',
  );
}
