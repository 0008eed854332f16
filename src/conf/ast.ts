import type { Span } from '../base/problem';

/** Syntax of an nginx configuration, no directive known here. Comments and spacing are kept so that printing gives back the file. */
export interface ConfFile {
  readonly path: string;
  readonly text: string;
  readonly directives: readonly Directive[];
  /** Every comment of the file, in order. */
  readonly comments: readonly Comment[];
  /** Pieces that belong to no directive; each is a syntax problem, so a good file has none. */
  readonly stray: readonly Span[];
}

export interface Directive {
  readonly name: Word;
  readonly args: readonly Word[];
  /** Children for a block directive; null for one that ends in `;`. */
  readonly block: readonly Directive[] | null;
  /** From the name to the `;` or `}`. */
  readonly span: Span;
  /** From the name to the end of the last argument. */
  readonly headSpan: Span;
  /** The `{` and the `}` of a block; `close` is null where the block is not closed. Null for a directive without block. */
  readonly braces: { readonly open: Span; readonly close: Span | null } | null;
  /** The `;`; null for a block, and where it is missing. */
  readonly semicolon: Span | null;
  /** The comment that starts behind this directive on its last line, if any. */
  readonly trailingComment: Comment | null;
  /** Comments alone on the lines right above it, and, for a block, those inside that no directive owns. */
  readonly innerComments: readonly Comment[];
}

export interface Word {
  /** Unquoted and unescaped. */
  readonly value: string;
  readonly quoted: boolean;
  readonly span: Span;
}

export interface Comment {
  /** Without the `#`, trimmed. */
  readonly text: string;
  readonly span: Span;
}
