import type { Span } from '../base/problem';
import type { ConfFile, Directive } from './ast';
import { LineIndex } from './lineIndex';

/** The text with one span replaced. */
export function replaceSpan(text: string, span: Span, newText: string): string {
  const [start, end] = new LineIndex(span.file, text).range(span);
  return text.slice(0, start) + newText + text.slice(end);
}

/** The file's text with a directive added on a line of its own behind another (and behind its comment), indented alike. */
export function insertDirectiveAfter(file: ConfFile, directive: Directive, text: string): string {
  const lines = new LineIndex(file.path, file.text);
  const [, end] = lines.range(directive.trailingComment?.span ?? directive.span);
  const newline = file.text.includes('\r\n') ? '\r\n' : '\n';
  const rest = file.text.slice(end);
  // Something else may follow on the same line: the new line then takes it down with it only if it must.
  const tail = /^[ \t]*(\r?\n|$)/.test(rest) ? '' : newline + indentOf(file, directive);
  const inserted = text.split(/\r?\n/).map((line) => newline + indentOf(file, directive) + line);
  return file.text.slice(0, end) + inserted.join('') + tail + (tail === '' ? rest : rest.replace(/^[ \t]+/, ''));
}

/** The white space that its line begins with. */
function indentOf(file: ConfFile, directive: Directive): string {
  const lines = new LineIndex(file.path, file.text);
  const start = lines.offset(directive.span.line, 1);
  return /^[ \t]*/.exec(file.text.slice(start))?.[0] ?? '';
}
