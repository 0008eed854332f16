import { renderMessage } from '../../../src/base/message';
import { parseCourse } from '../../../src/course/parseCourse';
import type { ParsedCourse } from '../../../src/course/parsedCourse';
import type { LabReference } from '../../../src/quiz/quizKind';

export const labs: readonly LabReference[] = [
  {
    id: 'pinning',
    arms: ['l4', 'l7'],
    servers: ['server-a', 'server-b', 'server-c'],
    readings: ['failed', 'latencyMs.p99'],
  },
];

export const labFiles: Readonly<Record<string, string>> = {
  'l4.nginx.conf': 'stream {\n    upstream orders {\n        server 127.0.0.1:1;\n    }\n}\n',
};

/** A course file from its lines; line 1 is the first argument. */
export function course(...lines: readonly string[]): ParsedCourse {
  return parseCourse(lines.join('\n'), 'course.en.md', {
    labs,
    labFile: (lab, file) => (lab === 'pinning' ? (labFiles[file] ?? null) : null),
  });
}

/** Problems as "line:column text", as an editor would list them. */
export function problemsOf(parsed: ParsedCourse): readonly string[] {
  return parsed.problems.map((p) => `${p.span.line}:${p.span.column} ${renderMessage(p.message)}`);
}

export function kindsOf(parsed: ParsedCourse): readonly string[] {
  return parsed.blocks.map((block) => block.kind);
}

export function htmlOf(parsed: ParsedCourse): string {
  return parsed.blocks.map((block) => ('html' in block ? block.html : '')).join('');
}

export const title = ['# Course', ''];

export function quizLines(overrides: { readonly id?: string; readonly kind?: string } = {}): readonly string[] {
  return [
    '```quiz',
    `id: ${overrides.id ?? 'first'}`,
    `kind: ${overrides.kind ?? 'single-choice'}`,
    'prompt: Which **one**?',
    'options:',
    '  - id: yes-option',
    '    text: This',
    '    correct: true',
    '    explanation: Because.',
    '  - id: no-option',
    '    text: That',
    '    explanation: Since not.',
    '```',
  ];
}
