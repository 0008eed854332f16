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

export function shortAnswer(more = ''): string {
  return [
    'id: s',
    'kind: short-answer',
    'prompt: What moves the clients?',
    'answers:',
    '  - id: max-age',
    '    text: A connection age',
    '    correct: true',
    '    accept: [max connection age, 연결 수명 제한, "grpc.max_connection_age*"]',
    '    explanation: It does.',
    '  - id: keepalive',
    '    text: Keepalive',
    '    accept: [keepalive, keep-alive, 킵얼라이브]',
    '    explanation: It keeps.',
    more,
  ].join('\n');
}

/** Steps a, b, c ... in the right order. */
export function order(steps: string): string {
  const lines = [...steps].map((id) => `  - { id: ${id}, text: Text ${id}, explanation: About ${id} }`);
  return ['id: o', 'kind: order', 'prompt: In which order?', 'steps:', ...lines].join('\n');
}

/** Pairs such as "a1 b2 c1". */
export function matching(pairs: string, partners: string): string {
  return [
    'id: m',
    'kind: match',
    'prompt: Which belongs where?',
    'pairs:',
    ...pairs
      .split(' ')
      .map(([id, to]) => `  - { id: ${id}, text: Text ${id}, partner: p${to}, explanation: About ${id} }`),
    'partners:',
    ...[...partners].map((id) => `  - { id: p${id}, text: "<Partner ${id}>" }`),
  ].join('\n');
}

export function outcome(...more: readonly string[]): string {
  return [
    'id: w',
    'kind: predict-outcome',
    'prompt: How many?',
    'lab: pinning',
    'arm: l4',
    'reading: latencyMs.p99',
    'explanation: So.',
    ...more,
  ].join('\n');
}

export const ranges = [
  'outcomes:',
  '  - { id: none, text: None, upTo: 0, explanation: About none }',
  '  - { id: some, text: Some, upTo: 10, explanation: About some }',
  '  - { id: many, text: Many, explanation: About many }',
];

export function fault(...parts: readonly string[]): string {
  const written = parts.length > 0 ? parts : ['line: 2, correct: true', 'line: 3'];
  return [
    'id: f',
    'kind: find-the-fault',
    'prompt: Which line?',
    'listing: |',
    '  server {',
    '      listen 127.0.0.1:1;',
    '      grpc_pass grpc://orders;',
    '',
    '  }',
    'parts:',
    ...written.map((part, index) => `  - { id: part-${index}, ${part}, explanation: About ${index} }`),
  ].join('\n');
}

export function interview(...more: readonly string[]): string {
  return [
    'id: i',
    'kind: interview',
    'prompt: Tell us.',
    'answer: |',
    '  About *one*.',
    '',
    '  About two.',
    ...more,
  ].join('\n');
}
