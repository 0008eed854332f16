import { message } from '../base/message';
import type { Problem } from '../base/problem';
import type { LineIndex } from './lineIndex';

/** Offsets count UTF-16 code units of the text; `end` is exclusive. */
export type Token =
  | {
      readonly kind: 'word';
      readonly value: string;
      readonly quoted: boolean;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: ';' | '{' | '}'; readonly start: number; readonly end: number }
  | { readonly kind: 'comment'; readonly start: number; readonly end: number };

export interface Tokens {
  readonly tokens: readonly Token[];
  readonly problems: readonly Problem[];
}

/** A word (or a comment) of this many bytes no longer fits nginx's read buffer (NGX_CONF_BUFFER). */
const longestWordBytes = 4096;

const spaces = new Set([' ', '\t', '\r', '\n']);

/**
 * Splits a configuration into words, punctuation and comments with the rules of ngx_conf_read_token(): `#` begins a
 * comment only where a word could begin, `${` does not open a block, a closing quote wants a space, `;`, `{` or `)`
 * behind it, and a backslash keeps the next character from having a meaning. Never throws; reports every problem.
 */
export function tokenize(text: string, lines: LineIndex): Tokens {
  const tokens: Token[] = [];
  const problems: Problem[] = [];
  let at = 0;

  const checkLength = (start: number, end: number) => {
    // Most words are short: measuring bytes is only worth it when the text could be too long.
    if ((end - start) * 3 < longestWordBytes) return;
    if (Buffer.byteLength(text.slice(start, end)) < longestWordBytes) return;
    problems.push({
      severity: 'error',
      message: message('too long parameter "{start}..." started', { start: text.slice(start, start + 10) }),
      span: lines.span(start, end),
      hint: message('nginx reads at most {bytes} bytes in one word or comment.', { bytes: longestWordBytes - 1 }),
    });
  };

  while (at < text.length) {
    const start = at;
    const ch = text[at] ?? '';
    if (spaces.has(ch)) {
      at += 1;
    } else if (ch === ';' || ch === '{' || ch === '}') {
      at += 1;
      tokens.push({ kind: ch, start, end: at });
    } else if (ch === '#') {
      const newline = text.indexOf('\n', at);
      at = newline === -1 ? text.length : newline;
      // A carriage return before the newline belongs to the line end, not to the comment.
      const end = text[at - 1] === '\r' && newline !== -1 ? at - 1 : at;
      checkLength(start, end);
      tokens.push({ kind: 'comment', start, end });
    } else if (ch === '"' || ch === "'") {
      const close = endOfQuoted(text, at);
      if (close === null) {
        at = endOfUnclosed(text, start);
        problems.push({
          severity: 'error',
          message: message('unexpected end of file, the quote {quote} is not closed', { quote: ch }),
          span: lines.span(start, at),
          hint: message('Put {quote} where the text ends.', { quote: ch }),
        });
        tokens.push({ kind: 'word', value: unescapeWord(text.slice(start + 1, at)), quoted: true, start, end: at });
        continue;
      }
      at = close;
      checkLength(start, at);
      tokens.push({ kind: 'word', value: unescapeWord(text.slice(start + 1, at - 1)), quoted: true, start, end: at });
      const next = text[at];
      if (next !== undefined && !spaces.has(next) && next !== ';' && next !== '{' && next !== ')') {
        const from = lines.position(start).line;
        problems.push({
          severity: 'error',
          message: message('unexpected "{character}"', { character: String.fromCodePoint(text.codePointAt(at) ?? 0) }),
          span: lines.span(at, at + 1),
          hint:
            from === lines.position(at).line
              ? message('Put a space, ";" or "{" behind the closing quote.')
              : message('The quoted text began on line {line}: is a closing quote missing there?', { line: from }),
        });
      }
    } else {
      at = endOfWord(text, at);
      checkLength(start, at);
      tokens.push({ kind: 'word', value: unescapeWord(text.slice(start, at)), quoted: false, start, end: at });
    }
  }
  return { tokens, problems };
}

/** Offset behind the closing quote, or null when the text ends first. */
function endOfQuoted(text: string, start: number): number | null {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return null;
}

/** Where to go on after an unclosed quote, so that the rest of the file is still read: before `;` or `{` at its line's end. */
function endOfUnclosed(text: string, start: number): number {
  const newline = text.indexOf('\n', start);
  const line = text.slice(start, newline === -1 ? text.length : newline);
  return start + Math.max(1, line.replace(/\s*[;{]?\s*$/, '').length);
}

function endOfWord(text: string, start: number): number {
  let afterDollar = false;
  let at = start;
  for (; at < text.length; at += 1) {
    const ch = text[at] ?? '';
    if (ch === '{' && afterDollar) {
      // nginx keeps the flag here, so that "${{" is one word too.
      continue;
    }
    afterDollar = ch === '$';
    if (ch === '\\') at += 1;
    else if (at > start && (spaces.has(ch) || ch === ';' || ch === '{')) return at;
  }
  return Math.min(at, text.length);
}

/** `\"`, `\'`, `\\`, `\t`, `\r` and `\n` are escapes; any other backslash stays. */
export function unescapeWord(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(/\\(["'\\trn])/g, (_, ch: string) => {
    if (ch === 't') return '\t';
    if (ch === 'r') return '\r';
    if (ch === 'n') return '\n';
    return ch;
  });
}
