import type { ConfFile, Directive } from './ast';
import { LineIndex } from './lineIndex';

/**
 * The text of a tree: every word, brace, `;`, comment and stray piece that the tree holds, with the white space
 * between them. It equals the file exactly when the tree holds everything the file says; a piece lost in parsing
 * would be missing here.
 */
export function printConf(file: ConfFile): string {
  const lines = new LineIndex(file.path, file.text);
  const ranges: (readonly [number, number])[] = [];
  const add = (directive: Directive) => {
    for (const word of [directive.name, ...directive.args]) ranges.push(lines.range(word.span));
    if (directive.semicolon !== null) ranges.push(lines.range(directive.semicolon));
    if (directive.braces !== null) {
      ranges.push(lines.range(directive.braces.open));
      if (directive.braces.close !== null) ranges.push(lines.range(directive.braces.close));
    }
    directive.block?.forEach(add);
  };
  file.directives.forEach(add);
  for (const comment of file.comments) ranges.push(lines.range(comment.span));
  for (const span of file.stray) ranges.push(lines.range(span));
  ranges.sort((a, b) => a[0] - b[0]);

  let printed = '';
  let at = 0;
  for (const [start, end] of ranges) {
    printed += whiteSpace(file.text.slice(at, start)) + file.text.slice(start, end);
    at = end;
  }
  return printed + whiteSpace(file.text.slice(at));
}

function whiteSpace(between: string): string {
  return between.replace(/[^ \t\r\n]/g, '');
}
