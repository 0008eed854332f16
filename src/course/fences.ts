import type { Token } from 'markdown-it';
import type { Problem, Span } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import { readYaml, type YamlSource } from '../base/yamlSource';

/** Fences of these info strings are blocks of the course; every other fence is a code listing. */
export const blockFences = ['lab', 'quiz', 'mermaid', 'listing'] as const;
export type BlockFence = (typeof blockFences)[number];

export function isBlockFence(word: string): word is BlockFence {
  return (blockFences as readonly string[]).includes(word);
}

/** The first word of a fence's info string: what it holds. */
export function infoWord(token: Token): string {
  return token.info.trim().split(/\s+/)[0] ?? '';
}

/** A fenced block as it stands in the course file. */
export interface Fence {
  readonly file: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** Its text between the fences. */
  readonly content: string;
  /** Spaces before the fence, which are no part of `content`. */
  readonly indent: number;
  /** The block as written, fences and all. */
  readonly source: string;
}

/** A place in the fence's content; `line` 0 is its first line, `column` counts from 1. */
export function spanInFence(fence: Fence, line: number, column = 1, length = 1): Span {
  const at = fence.line + 1 + line;
  const from = fence.indent + column;
  return { file: fence.file, line: at, column: from, endLine: at, endColumn: from + length };
}

/** Reads the fence's content as YAML; every place is one of the course file. */
export function readFenceYaml(fence: Fence): Result<YamlSource, readonly Problem[]> {
  const moved = (span: Span): Span => ({
    ...span,
    column: span.column + fence.indent,
    endColumn: span.endColumn + fence.indent,
  });
  const source = readYaml(fence.content, fence.file, fence.line + 1);
  if (!source.ok) return err(source.error.map((problem) => ({ ...problem, span: moved(problem.span) })));
  return ok({ value: source.value.value, locate: (path) => moved(source.value.locate(path)) });
}

const opening = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/;
const closing = /^ {0,3}(`{3,}|~{3,})[ \t]*$/;
const startsSomethingNew = /^(#{1,6} |<a id=")/;

/**
 * Finds fences that are never closed. By CommonMark such a fence runs to the end of the document and would swallow the rest
 * of the course; for blocks of ours the closing line is put back in place of the blank line before the next heading, anchor
 * or block, so that one slip costs one block. Line numbers do not change.
 */
export function closeFences(lines: readonly string[]): {
  readonly lines: readonly string[];
  /** Opening lines, from 0. */
  readonly unclosed: ReadonlySet<number>;
} {
  const repaired = [...lines];
  const unclosed = new Set<number>();
  let at = 0;
  while (at < lines.length) {
    const opened = opening.exec(lines[at] ?? '');
    if (opened === null) {
      at += 1;
      continue;
    }
    const fence = opened[1] ?? '```';
    const end = endOfFence(lines, at, fence, isBlockFence(opened[2] ?? ''));
    if (!end.isClosed) {
      unclosed.add(at);
      if (end.next < lines.length && isBlank(lines[end.next - 1])) repaired[end.next - 1] = fence;
    }
    at = end.next;
  }
  return { lines: repaired, unclosed };
}

/** `next`: the first line after the fence, or the one at which an unclosed fence is taken to have ended. */
function endOfFence(
  lines: readonly string[],
  start: number,
  fence: string,
  isOurs: boolean,
): { readonly isClosed: boolean; readonly next: number } {
  let somethingNew: number | null = null;
  for (let at = start + 1; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const close = closing.exec(line)?.[1];
    if (close !== undefined && close[0] === fence[0] && close.length >= fence.length) {
      return { isClosed: true, next: at + 1 };
    }
    if (!isOurs) continue;
    const opensAnother = (opening.exec(line)?.[2] ?? '') !== '';
    if (somethingNew === null && at > start + 1 && isBlank(lines[at - 1])) {
      if (opensAnother || startsSomethingNew.test(line)) somethingNew = at;
    }
    // No YAML and no diagram contains the start of another fence: the end of this one was forgotten.
    if (opensAnother) return { isClosed: false, next: somethingNew ?? at };
  }
  return { isClosed: false, next: somethingNew ?? lines.length };
}

function isBlank(line: string | undefined): boolean {
  return (line ?? '').trim() === '';
}
