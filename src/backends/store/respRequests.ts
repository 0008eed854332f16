/** What a client may send at most. Sessions are small: who sends more is wrong or hostile. */
export interface RequestLimits {
  /** Words of one request. */
  readonly words: number;
  /** Bytes of one word. */
  readonly wordBytes: number;
}

export const TRUSTED_LIMITS: RequestLimits = { words: 16_384, wordBytes: 1_048_576 };
/** Before a password was given, as Redis has it. */
export const STRANGER_LIMITS: RequestLimits = { words: 10, wordBytes: 16_384 };
/** One request in all: what is kept of an unfinished one. */
const MAX_REQUEST_BYTES = 8_388_608;
/** A line (a count, a length, an inline request) is no longer than this. */
const MAX_LINE_BYTES = 65_536;

/** The bytes are no RESP. The connection is told why and closed: nothing after this can be trusted. */
export class ProtocolError extends Error {}

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;

/**
 * Cuts what a client sends into requests: arrays of bulk strings, or inline requests as typed into telnet. Bytes may come
 * in any pieces. https://redis.io/docs/latest/develop/reference/protocol-spec/
 *
 * Stricter than Redis where Redis does not look: both bytes behind a line and behind a bulk string must be CR LF.
 */
export class RequestParser {
  #limits: RequestLimits;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Words still to come of the request being read; 0: none is. */
  #missing = 0;
  #words: Buffer[] = [];
  #requestBytes = 0;
  /** Of the bulk string being read; null: its length comes first. */
  #wordBytes: number | null = null;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  setLimits(limits: RequestLimits): void {
    this.#limits = limits;
  }

  push(bytes: Buffer): void {
    this.#bytes = this.#at === this.#bytes.length ? bytes : Buffer.concat([this.#bytes.subarray(this.#at), bytes]);
    this.#at = 0;
  }

  /** The next whole request, or null: more bytes are needed. Throws ProtocolError. */
  next(): readonly Buffer[] | null {
    while (this.#at < this.#bytes.length) {
      if (this.#missing === 0) {
        if (this.#bytes[this.#at] !== STAR) {
          const line = this.#line('too big inline request', 'lenient');
          if (line === null) return null;
          const words = inlineWords(line);
          if (words.length > 0) return words;
        } else {
          const line = this.#line('too big mbulk count string');
          if (line === null) return null;
          const count = wholeNumber(line.subarray(1));
          if (count === null || count > this.#limits.words) {
            throw new ProtocolError(
              count !== null && this.#limits === STRANGER_LIMITS
                ? 'unauthenticated multibulk length'
                : 'invalid multibulk length',
            );
          }
          // "*0" and negative counts are no request at all.
          this.#missing = Math.max(0, count);
          this.#words = [];
          this.#requestBytes = 0;
        }
        continue;
      }
      const word = this.#word();
      if (word === null) return null;
      this.#words.push(word);
      this.#missing -= 1;
      if (this.#missing === 0) return this.#words;
    }
    return null;
  }

  #word(): Buffer | null {
    if (this.#wordBytes === null) {
      const first = this.#bytes[this.#at];
      if (first !== DOLLAR) throw new ProtocolError(`expected '$', got '${printable(first ?? 0)}'`);
      const line = this.#line('too big bulk count string');
      if (line === null) return null;
      const length = wholeNumber(line.subarray(1));
      if (length === null || length < 0 || length > this.#limits.wordBytes) {
        throw new ProtocolError(
          length !== null && length >= 0 && this.#limits === STRANGER_LIMITS
            ? 'unauthenticated bulk length'
            : 'invalid bulk length',
        );
      }
      this.#requestBytes += length;
      if (this.#requestBytes > MAX_REQUEST_BYTES) throw new ProtocolError('too big request');
      this.#wordBytes = length;
    }
    const end = this.#at + this.#wordBytes;
    if (this.#bytes.length < end + 2) return null;
    if (this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF) {
      throw new ProtocolError('a bulk string does not end with CR LF');
    }
    // A copy: the value may be kept for long, and must not hold the whole chunk it came in.
    const word = Buffer.from(this.#bytes.subarray(this.#at, end));
    this.#at = end + 2;
    this.#wordBytes = null;
    return word;
  }

  /** The next line without its end, or null: it has not come yet. 'lenient': a bare LF ends it, too, as telnet may send. */
  #line(tooBig: string, ending: 'strict' | 'lenient' = 'strict'): Buffer | null {
    const end = this.#bytes.indexOf(LF, this.#at);
    const length = (end < 0 ? this.#bytes.length : end) - this.#at;
    if (length > MAX_LINE_BYTES) throw new ProtocolError(tooBig);
    if (end < 0) return null;
    const withCr = end > this.#at && this.#bytes[end - 1] === CR;
    if (!withCr && ending === 'strict') throw new ProtocolError('a line does not end with CR LF');
    const line = this.#bytes.subarray(this.#at, withCr ? end - 1 : end);
    this.#at = end + 1;
    return line;
  }
}

/** Digits with at most a minus before them, no leading zero: as Redis writes numbers itself. null: anything else. */
export function wholeNumber(bytes: Buffer): number | null {
  if (bytes.length > 20) return null;
  const text = bytes.toString('latin1');
  if (!/^(0|-?[1-9]\d*)$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

/** Words between white space; a word in quotes may hold anything, in double ones with the escapes of C. */
function inlineWords(line: Buffer): readonly Buffer[] {
  const text = line.toString('latin1');
  const words: Buffer[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const found = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))(?=\s|$)/.exec(rest);
    if (found === null) throw new ProtocolError('unbalanced quotes in request');
    const [whole, double, single, plain] = found;
    const word =
      double !== undefined ? unescaped(double) : single !== undefined ? single.replace(/\\'/g, "'") : (plain ?? '');
    words.push(Buffer.from(word, 'latin1'));
    rest = rest.slice(whole.length).trimStart();
  }
  return words;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\u0007' };

function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/g, (_whole, hex: string | undefined, letter: string) =>
    hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function printable(byte: number): string {
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
}
