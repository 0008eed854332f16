import { message } from '../base/message';
import type { Problem } from '../base/problem';
import type { Comment, ConfFile, Directive, Word } from './ast';
import { LineIndex } from './lineIndex';
import { type Token, tokenize } from './tokenize';

export interface ParsedConf {
  readonly file: ConfFile;
  /** All syntax errors, in the order of the file. Empty: nginx's parser takes the file too. */
  readonly problems: readonly Problem[];
}

/** Blocks inside blocks beyond this are refused, so that no file can exhaust the stack. */
const deepestNesting = 200;

/**
 * Reads a whole file. Never throws: what cannot be read is reported and skipped, and the tree holds all the rest, so
 * that one missing `;` does not hide the other problems.
 */
export function parseConf(path: string, text: string): ParsedConf {
  const lines = new LineIndex(path, text);
  const { tokens, problems } = tokenize(text, lines);
  const parser = new Parser(text, lines, tokens);
  const directives = parser.directives(0);
  const file: ConfFile = { path, text, directives, comments: parser.comments, stray: parser.stray };
  const all = [...problems, ...parser.problems];
  all.sort((a, b) => a.span.line - b.span.line || a.span.column - b.span.column);
  return { file, problems: all };
}

/** A directive under construction: comments behind and above it are only known once the next token is seen. */
type Draft = { -readonly [K in keyof Directive]: Directive[K] };

class Parser {
  readonly comments: Comment[] = [];
  readonly stray: ReturnType<LineIndex['span']>[] = [];
  readonly problems: Problem[] = [];
  #next = 0;

  constructor(
    private readonly text: string,
    private readonly lines: LineIndex,
    private readonly tokens: readonly Token[],
  ) {}

  /** The directives up to the end of the file or of the block; its `}` is left for the caller. */
  directives(depth: number, orphans: Comment[] = []): Directive[] {
    const found: Draft[] = [];
    let pending: Comment[] = [];
    for (;;) {
      const token = this.tokens[this.#next];
      if (token === undefined) break;
      if (token.kind === 'comment') {
        this.#next += 1;
        const comment = this.#comment(token);
        const last = found.at(-1);
        if (
          last !== undefined &&
          last.trailingComment === null &&
          last.span.endLine === comment.span.line &&
          pending.length === 0
        ) {
          last.trailingComment = comment;
        } else {
          pending.push(comment);
        }
      } else if (token.kind === '}') {
        if (depth > 0) break;
        this.#next += 1;
        this.#stray(
          token,
          message('unexpected "}"'),
          message('There is no open block here: remove it, or add the missing "{".'),
        );
      } else if (token.kind === ';' || token.kind === '{') {
        this.#next += 1;
        this.#stray(
          token,
          message('unexpected "{character}"', { character: token.kind }),
          message('A directive has to begin with its name.'),
        );
        if (token.kind === '{') this.#anonymousBlock(depth, found);
      } else {
        const directive = this.#directive(depth);
        const above = ownLines(pending, directive.span.line);
        orphans.push(...pending.slice(0, pending.length - above.length));
        directive.innerComments = [...above, ...directive.innerComments];
        pending = [];
        found.push(directive);
      }
    }
    orphans.push(...pending);
    return found;
  }

  #directive(depth: number): Draft {
    const words: Word[] = [];
    const inside: Comment[] = [];
    let start = 0;
    let end = 0;
    const finish = (stop: number, rest: Partial<Draft>): Draft => {
      const [name, ...args] = words;
      if (name === undefined) throw new Error('A directive has a name: the caller saw its first word');
      return {
        name,
        args,
        block: null,
        span: this.lines.span(start, stop),
        headSpan: this.lines.span(start, end),
        braces: null,
        semicolon: null,
        trailingComment: null,
        innerComments: inside,
        ...rest,
      };
    };

    for (;;) {
      const token = this.tokens[this.#next];
      if (token === undefined) {
        this.#problem(
          end,
          end,
          message('unexpected end of file, expecting ";" or "}"'),
          message('End the directive with ";".'),
        );
        return finish(end, {});
      }
      if (token.kind === 'word') {
        if (words.length === 0) start = token.start;
        end = token.end;
        words.push({ value: token.value, quoted: token.quoted, span: this.lines.span(token.start, token.end) });
      } else if (token.kind === 'comment') {
        inside.push(this.#comment(token));
      } else if (token.kind === ';') {
        this.#next += 1;
        return finish(token.end, { semicolon: this.lines.span(token.start, token.end) });
      } else if (token.kind === '}') {
        // The `}` is nginx's place for this; the reader has to look where the `;` is missing.
        this.problems.push({
          severity: 'error',
          message: message('unexpected "}"'),
          span: this.lines.span(token.start, token.end),
          hint: message('Is a ";" missing behind "{word}" on line {line}?', {
            word: words.at(-1)?.value ?? '',
            line: this.lines.position(end).line,
          }),
        });
        return finish(end, {});
      } else {
        this.#next += 1;
        return this.#block(depth, token, finish, inside);
      }
      this.#next += 1;
    }
  }

  #block(depth: number, open: Token, finish: (stop: number, rest: Partial<Draft>) => Draft, inside: Comment[]): Draft {
    const openSpan = this.lines.span(open.start, open.end);
    if (depth >= deepestNesting) {
      this.problems.push({ severity: 'error', message: message('too many nested blocks'), span: openSpan });
      this.#skipBlock();
      return finish(open.end, { block: [], braces: { open: openSpan, close: null } });
    }
    const orphans: Comment[] = [];
    const block = this.directives(depth + 1, orphans);
    inside.push(...orphans);
    const close = this.tokens[this.#next];
    if (close?.kind === '}') {
      this.#next += 1;
      return finish(close.end, { block, braces: { open: openSpan, close: this.lines.span(close.start, close.end) } });
    }
    const stop = this.text.length;
    this.problems.push({
      severity: 'error',
      message: message('unexpected end of file, expecting "}"'),
      span: this.lines.span(stop, stop),
      hint: message('The block opened on line {line} is not closed.', { line: openSpan.line }),
    });
    return finish(stop, { block, braces: { open: openSpan, close: null } });
  }

  /** What is inside a `{` without a name is read as if the braces were not there. */
  #anonymousBlock(depth: number, into: Draft[]): void {
    if (depth >= deepestNesting) {
      this.#skipBlock();
      return;
    }
    into.push(...(this.directives(depth + 1) as Draft[]));
    const close = this.tokens[this.#next];
    if (close?.kind === '}') {
      this.#next += 1;
      this.stray.push(this.lines.span(close.start, close.end));
    }
  }

  #skipBlock(): void {
    let open = 1;
    for (; open > 0 && this.#next < this.tokens.length; this.#next += 1) {
      const token = this.tokens[this.#next];
      if (token?.kind === '{') open += 1;
      if (token?.kind === '}') open -= 1;
      if (token?.kind === 'comment') this.#comment(token);
      else if (token !== undefined) this.stray.push(this.lines.span(token.start, token.end));
    }
  }

  #comment(token: Token): Comment {
    const comment = {
      text: this.text.slice(token.start + 1, token.end).trim(),
      span: this.lines.span(token.start, token.end),
    };
    this.comments.push(comment);
    return comment;
  }

  #stray(token: Token, what: Problem['message'], hint: Problem['message']): void {
    this.stray.push(this.lines.span(token.start, token.end));
    this.#problem(token.start, token.end, what, hint);
  }

  #problem(start: number, end: number, what: Problem['message'], hint: Problem['message']): void {
    this.problems.push({ severity: 'error', message: what, span: this.lines.span(start, end), hint });
  }
}

/** Of comments seen before a directive, those alone on the lines right above it. */
function ownLines(pending: readonly Comment[], line: number): Comment[] {
  const own: Comment[] = [];
  let expected = line - 1;
  for (const comment of [...pending].reverse()) {
    if (comment.span.line !== expected) break;
    own.unshift(comment);
    expected -= 1;
  }
  return own;
}
