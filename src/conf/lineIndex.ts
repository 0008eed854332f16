import type { Span } from '../base/problem';

/** Turns offsets of a text into lines and columns and back. Lines end at LF only, as nginx counts them. */
export class LineIndex {
  readonly #starts: number[] = [0];
  readonly #length: number;

  constructor(
    readonly path: string,
    text: string,
  ) {
    this.#length = text.length;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** Line and column, both from 1; columns count UTF-16 code units, as editors do. */
  position(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }

  span(start: number, end: number): Span {
    const from = this.position(start);
    const to = this.position(end);
    return { file: this.path, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
  }

  /** The offset of a line and column; places outside the text are moved to its ends. */
  offset(line: number, column: number): number {
    const start = line < 1 ? 0 : (this.#starts[line - 1] ?? this.#length);
    return Math.max(0, Math.min(this.#length, start + column - 1));
  }

  /** Start and end offset of a span of this text. */
  range(span: Span): readonly [start: number, end: number] {
    return [this.offset(span.line, span.column), this.offset(span.endLine, span.endColumn)];
  }
}
