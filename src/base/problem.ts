import type { Message } from './message';

/** A place in a text file. Lines and columns count from 1; the end is exclusive. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Something wrong (or worth saying) about a file the reader wrote, at the exact place. */
export interface Problem {
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: Message;
  readonly span: Span;
  /** What to do about it. */
  readonly hint?: Message;
}
