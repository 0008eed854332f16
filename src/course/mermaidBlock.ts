import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { LabReference } from '../quiz/quizKind';
import { type Fence, spanInFence } from './fences';
import { anchorName } from './markdown';
import { type LabNetworkOf, readMeasuredDiagram } from './measuredDiagram';
import type { ParsedBlock } from './parsedCourse';

type MermaidBlock = Extract<ParsedBlock, { readonly kind: 'mermaid' }>;

/**
 * Checks a diagram: a kind the page can draw, a title and a description for those who do not see it, an id (`%% id: name`)
 * by which links find it, and no settings, which belong to the page. Its syntax is mermaid's own affair, but where a lab's
 * numbers are to be written into it (see readMeasuredDiagram).
 */
export function readMermaid(
  fence: Fence,
  labs: readonly LabReference[],
  networkOf: LabNetworkOf,
): Result<MermaidBlock, readonly Problem[]> {
  const problems: Problem[] = [];
  const lines = fence.content.replace(/\n$/, '').split('\n');
  const problem = (line: number, text: Problem['message']): void => {
    const length = Math.max(1, (lines[line] ?? '').length);
    problems.push({ severity: 'error', message: text, span: spanInFence(fence, line, 1, length) });
  };

  lines.forEach((line, index) => {
    if (/^\s*%%\{/.test(line) || /^\s*---\s*$/.test(line)) {
      problem(index, message('A diagram has no settings of its own; its look is the page’s.'));
    }
    if (/^\s*(click|href|callback)\s/.test(line)) problem(index, message('Nothing in a diagram can be clicked.'));
  });

  const first = lines.findIndex((line) => line.trim() !== '' && !/^\s*%%/.test(line));
  if (!/^\s*(flowchart\s+(LR|RL|TB|TD|BT)|sequenceDiagram)\s*;?\s*$/.test(lines[first] ?? '')) {
    problem(
      Math.max(0, first),
      message('A diagram begins with “flowchart LR” (or TD, TB, BT, RL) or “sequenceDiagram”.'),
    );
  }

  const id = /^\s*%%\s*id:\s*(\S+)\s*$/m.exec(fence.content)?.[1] ?? '';
  if (!anchorName.test(id)) {
    problem(0, message('A diagram needs an id of small letters, digits and hyphens: “%% id: name”.'));
  }
  const title = /^\s*accTitle\s*:\s*(.+)$/m.exec(fence.content)?.[1]?.trim() ?? '';
  if (title === '') problem(0, message('A diagram needs a title for those who do not see it: “accTitle: …”.'));
  const description = describe(fence.content);
  if (description === '') {
    problem(0, message('A diagram needs a description for those who do not see it: “accDescr: …”.'));
  }
  const measured = readMeasuredDiagram(fence, labs, networkOf);
  if (!measured.ok) problems.push(...measured.error);
  if (problems.length > 0 || !measured.ok) return err(problems);
  const numbers = measured.value === null ? {} : { measured: measured.value };
  return ok({ kind: 'mermaid', id, source: fence.content, title, description, ...numbers });
}

/** `accDescr: one line` or `accDescr { several lines }`. */
function describe(source: string): string {
  const oneLine = /^\s*accDescr\s*:\s*(.+)$/m.exec(source)?.[1];
  const braced = /^\s*accDescr\s*\{([^}]*)\}/m.exec(source)?.[1];
  return (oneLine ?? braced ?? '').trim().replace(/\s+/g, ' ');
}
