import {
  type HeaderFields,
  HeaderList,
  type HeaderName,
  headerName,
  isTokenChar,
  keptName,
  NAME,
} from '../gateway/headers';
import { LIMITS } from './limits';

/**
 * HTTP/1 messages out of bytes (RFC 9112), incrementally and strictly: what two parsers could read in two ways is
 * refused. Pulled, not pushed: push() gives bytes, next() says what comes next, so that the caller alone decides when
 * a body goes on or a pipelined request begins. The same bytes give the same events however they are cut.
 */

/** Nothing more can be said before more bytes come. */
export const MORE = 0;
/** A head is complete; the parser's fields describe it. */
export const HEAD = 1;
/** `data` holds the next piece of the body. */
export const BODY = 2;
/** The message is complete; next() goes on with the one behind it. */
export const END = 3;
/** The message is bad: see `bad`. Nothing can be read from this connection any more. */
export const BAD = 4;

export type ParseEvent = typeof MORE | typeof HEAD | typeof BODY | typeof END | typeof BAD;

/** Why a message was refused. `status` is what a client is told. */
export interface BadMessage {
  readonly status: number;
  /** For the log, in nginx's manner: "client sent ...". */
  readonly reason: string;
  /** Its error page, where that is not the status's own. */
  readonly page?: number;
}

export interface CodecOptions {
  /** Only for test suites written for servers that take a bare LF; never on otherwise. */
  readonly tolerateBareLf?: boolean;
  /** Of one of the buffers for what the first does not hold: no longer line goes beyond the first. */
  readonly lineBytes?: number;
  /** Of all buffers together. */
  readonly headBytes?: number;
  /** The buffer that a head begins in. */
  readonly firstBytes?: number;
  /** Names with other than letters, digits and hyphens that are taken nevertheless. */
  readonly takes?: 'none' | 'underscores' | 'all';
}

/** Where the body ends. */
export const NO_BODY = 0;
export const BY_LENGTH = 1;
export const BY_CHUNKS = 2;
export const BY_CLOSE = 3;

const START = 0;
const FIELDS = 1;
const IN_LENGTH = 2;
const IN_CLOSE = 3;
const CHUNK_SIZE = 4;
const CHUNK_DATA = 5;
const CHUNK_END = 6;
const TRAILERS = 7;
const COMPLETE = 8;
const FAILED = 9;

const CR = 13;
const LF = 10;
const EMPTY = Buffer.alloc(0);
const NO_FIELDS: HeaderFields = new HeaderList();
/** Hex digits of a chunk size: 2^52 bytes are enough. */
const CHUNK_DIGITS = 13;

/** A head that was read before, and what it came to. */
interface KnownHead {
  /** From its start line to the end of the empty line. */
  readonly bytes: Buffer;
  readonly startLine: string;
  /** Where in the bytes the fields begin. */
  readonly fieldsAt: number;
  readonly fields: HeaderFields;
  readonly lines: number;
  /** The longest of the fields' lines, bytes. */
  readonly longestLine: number;
}

/** Heads up to this length are remembered: what an idle connection keeps in memory for it stays small. */
const REMEMBERED_BYTES = 2_048;

/** Not out of Node's pool: a few bytes that are kept would keep 8 KB of it. */
function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

export abstract class MessageParser {
  /** 1 for HTTP/1.1 (and any later 1.x), 0 for HTTP/1.0. */
  minorVersion = 1;
  /** Not to be changed: the next message may have the very same. */
  headers: HeaderFields = NO_FIELDS;
  /** NO_BODY, BY_LENGTH, BY_CHUNKS or BY_CLOSE. */
  framing = NO_BODY;
  /** Content-Length as declared, bytes; -1: none was. */
  contentLength = -1;
  data: Buffer = EMPTY;
  /** Of the chunked body that just ended, or null. */
  trailers: HeaderList | null = null;
  bad: BadMessage | null = null;

  protected readonly tolerateBareLf: boolean;
  readonly #takes: 'none' | 'underscores' | 'all';
  #lineBytes: number;
  #headBytes: number;
  /** Bytes ever given, and where in them the message began. */
  #given = 0;
  #messageStart = 0;
  #state = START;
  /** `headers` while they come in; null: none came, or they are known already. */
  #fields: HeaderList | null = null;
  #buffer: Buffer = EMPTY;
  #position = 0;
  #left = 0;
  #headUsed = 0;
  readonly #firstBytes: number;
  /** Left of the buffer in use, and the buffers left. A line lies in one of them (ngx_http_alloc_large_header_buffer). */
  #room = 0;
  #buffersLeft = 0;
  /**
   * Who sends many messages on one connection sends the same fields with nearly all of them, and often the same head:
   * those need no second look. Nothing is remembered of a first message, which for many connections is the only one.
   */
  #known: KnownHead | null = null;
  /** It was the last head read, so that all conclusions from it still stand ... */
  #standing: KnownHead | null = null;
  /** ... and bytes of body followed. */
  #standingLeft = 0;
  #heads = 0;
  #emptyLines = 0;
  #lines = 0;
  #extensionBytes = 0;

  constructor(options: CodecOptions = {}) {
    this.tolerateBareLf = options.tolerateBareLf === true;
    this.#takes = options.takes ?? 'none';
    this.#lineBytes = options.lineBytes ?? LIMITS.lineBytes;
    this.#headBytes = options.headBytes ?? LIMITS.headBytes;
    this.#firstBytes = options.firstBytes ?? 0;
    this.#emptyBuffers();
  }

  #emptyBuffers(): void {
    this.#headUsed = 0;
    this.#room = this.#firstBytes;
    this.#buffersLeft = Math.floor((this.#headBytes - this.#firstBytes) / this.#lineBytes);
  }

  /** A good line takes its place. */
  #useBuffer(length: number): void {
    this.#headUsed += length;
    if (length <= this.#room) {
      this.#room -= length;
      return;
    }
    this.#buffersLeft--;
    this.#room = this.#lineBytes - length;
  }

  /** Reads the start line (without its line end). False: it is bad, and fail() was called. */
  protected abstract startLine(line: string): boolean;
  /** Draws the conclusions from the complete head: framing above all. False: it is bad, and fail() was called. */
  protected abstract headComplete(): boolean;
  /** A new message is to begin: nothing of the one before holds. */
  protected forgetHead(): void {}
  /** A start line that is too long: what came of it. */
  protected cutLine(_line: string): void {}
  /** What to answer to a start line or head that is too long. */
  protected abstract readonly tooLongStart: BadMessage;
  protected abstract readonly tooLongHead: BadMessage;
  protected abstract readonly badStatus: number;

  /** Changes the limits for the heads to come, bytes. */
  limitHead(lineBytes: number, headBytes: number): void {
    this.#lineBytes = lineBytes;
    this.#headBytes = headBytes;
    if (this.#headUsed === 0) this.#emptyBuffers();
  }

  /** Bytes of the head's good lines so far. */
  get headBytes(): number {
    return this.#headUsed;
  }

  /** Bytes given but not yet read. */
  get buffered(): number {
    return this.#buffer.length - this.#position;
  }

  /** Bytes of this message read so far, from its start line on. */
  get messageBytes(): number {
    return this.#given - this.buffered - this.#messageStart;
  }

  /** Between two messages, with nothing of the next one seen. */
  get isIdle(): boolean {
    const isBetween = this.#state === COMPLETE || (this.#state === START && this.#headUsed === 0);
    return isBetween && this.#position >= this.#buffer.length;
  }

  push(chunk: Buffer): void {
    this.#given += chunk.length;
    if (this.#position >= this.#buffer.length) this.#buffer = chunk;
    else this.#buffer = Buffer.concat([this.#buffer.subarray(this.#position), chunk]);
    this.#position = 0;
  }

  /** The memory of what was pushed is about to be used for something else: what is not yet read gets its own. */
  keepRest(): void {
    if (this.#position >= this.#buffer.length) this.#buffer = EMPTY;
    else this.#buffer = Buffer.from(this.#buffer.subarray(this.#position));
    this.#position = 0;
  }

  /** Bytes read so far are all there will be: END where the close ends the body, else BAD where a message is cut off. */
  finish(): ParseEvent {
    if (this.#state === IN_CLOSE) return this.#complete();
    if (this.#state === FAILED) return BAD;
    if (this.isIdle || this.#state === COMPLETE) return MORE;
    return this.fail(this.badStatus, 'closed the connection in the middle of a message');
  }

  next(): ParseEvent {
    for (;;) {
      switch (this.#state) {
        case COMPLETE:
          this.#state = START;
          this.headers = NO_FIELDS;
          this.#fields = null;
          this.trailers = null;
          this.#emptyBuffers();
          this.#emptyLines = 0;
          this.#lines = 0;
          this.#extensionBytes = 0;
          continue;
        case START:
        case FIELDS:
          if (this.#position < this.#buffer.length) return this.#readHead();
          // An idle connection holds on to nothing it has read.
          this.#buffer = EMPTY;
          this.#position = 0;
          return MORE;
        case IN_LENGTH:
          if (this.#left === 0) return this.#complete();
          return this.#take();
        case IN_CLOSE:
          if (this.#position >= this.#buffer.length) return MORE;
          this.data = this.#buffer.subarray(this.#position);
          this.#position = this.#buffer.length;
          return BODY;
        case CHUNK_SIZE: {
          const event = this.#readChunkSize();
          if (event !== END) return event;
          continue;
        }
        case CHUNK_DATA:
          if (this.#left === 0) {
            this.#state = CHUNK_END;
            continue;
          }
          return this.#take();
        case CHUNK_END: {
          const event = this.#readChunkEnd();
          if (event !== END) return event;
          continue;
        }
        case TRAILERS:
          return this.#position >= this.#buffer.length ? MORE : this.#readTrailers();
        default:
          return BAD;
      }
    }
  }

  protected fail(status: number, reason: string): typeof BAD {
    return this.#failWith({ status, reason });
  }

  /** Called by headComplete(). */
  protected setFraming(framing: number, length = 0): void {
    this.framing = framing;
    this.#left = length;
  }

  #forget(): void {
    this.#standing = null;
    this.forgetHead();
  }

  /** What headComplete() concludes has changed. */
  protected reconsider(): void {
    this.#standing = null;
  }

  /** Forgets the head just read (an interim response), so that next() reads another. */
  protected startOver(): void {
    this.#known = null;
    this.headers = NO_FIELDS;
    this.#fields = null;
    this.contentLength = -1;
    this.#state = START;
  }

  #failWith(bad: BadMessage): typeof BAD {
    this.bad = bad;
    this.#state = FAILED;
    this.#buffer = EMPTY;
    this.#position = 0;
    return BAD;
  }

  #complete(): typeof END {
    this.#state = COMPLETE;
    return END;
  }

  /** The next piece of `left` bytes. */
  #take(): ParseEvent {
    const available = this.#buffer.length - this.#position;
    if (available === 0) return MORE;
    const size = available < this.#left ? available : this.#left;
    this.data =
      this.#position === 0 && size === this.#buffer.length
        ? this.#buffer
        : this.#buffer.subarray(this.#position, this.#position + size);
    this.#position += size;
    this.#left -= size;
    return BODY;
  }

  #readHead(): ParseEvent {
    const start = this.#position;
    const known = this.#known;
    if (known !== null && this.#headUsed === 0 && this.#repeats(known, start, 0)) {
      this.#messageStart = this.#given - this.#buffer.length + start;
      if (known === this.#standing) {
        this.#headUsed = known.bytes.length;
        this.headers = known.fields;
        this.#left = this.#standingLeft;
        return this.#beginBody(start + known.bytes.length);
      }
      this.#forget();
      if (!this.startLine(known.startLine)) return BAD;
      this.#state = FIELDS;
      this.contentLength = -1;
      const event = this.#endKnown(known, start, 0);
      if (event === HEAD) {
        this.#standing = known;
        this.#standingLeft = this.#left;
      }
      return event;
    }
    if (this.#state === START && this.#headUsed === 0) this.#forget();
    // One more than the limit, so that a line that is too long shows as such.
    const end = Math.min(this.#buffer.length, start + this.#headBytes + 1);
    const text = this.#buffer.toString('latin1', start, end);
    let at = 0;
    /** Where start line and fields begin, if that is in this text. */
    let startLineAt = 0;
    let fieldsAt = -1;
    let startLine = '';
    let longestLine = 0;
    for (;;) {
      if (known !== null && fieldsAt === at && this.#repeats(known, start + at, known.fieldsAt)) {
        return this.#endKnown(known, start + at, known.fieldsAt);
      }
      const lf = text.indexOf('\n', at);
      const length = (lf < 0 ? text.length : lf + 1) - at;
      if (length > longestLine) longestLine = length;
      const tooLong = this.#tooLong(length);
      if (tooLong !== null) {
        if (this.#state === START) this.cutLine(text.slice(at));
        return this.#failWith(tooLong);
      }
      if (lf < 0) {
        this.#position = start + at;
        return MORE;
      }
      const line = this.#line(text, at, lf);
      if (line === null) return BAD;
      at = lf + 1;
      this.#useBuffer(length);
      if (this.#state === START) {
        if (line === '') {
          this.#emptyLines++;
          if (this.#emptyLines > LIMITS.leadingEmptyLines)
            return this.fail(this.badStatus, 'sent too many empty lines');
          startLineAt = at;
          continue;
        }
        this.#messageStart = this.#given - this.#buffer.length + start + at - length;
        if (!this.startLine(line)) return BAD;
        this.#state = FIELDS;
        this.contentLength = -1;
        startLine = line;
        fieldsAt = at;
        longestLine = 0;
        continue;
      }
      if (line === '') {
        if (fieldsAt >= 0 && at - startLineAt <= REMEMBERED_BYTES && ++this.#heads > 1) {
          this.#known = {
            bytes: ownCopy(this.#buffer.subarray(start + startLineAt, start + at)),
            startLine,
            fieldsAt: fieldsAt - startLineAt,
            fields: this.headers,
            lines: this.#lines,
            longestLine,
          };
        }
        return this.#endHead(start + at);
      }
      if (this.#fields === null) {
        this.#fields = new HeaderList();
        this.headers = this.#fields;
      }
      if (!this.#field(line, this.#fields)) {
        this.#headUsed -= length;
        return BAD;
      }
    }
  }

  /** The head is whole, and what follows it begins there. */
  #endHead(position: number): ParseEvent {
    this.#position = position;
    this.#standing = null;
    if (!this.headComplete()) return BAD;
    if (this.#state === START) {
      // An interim response: a head of its own follows.
      this.#emptyBuffers();
      this.#emptyLines = 0;
      this.#lines = 0;
      return position >= this.#buffer.length ? MORE : this.#readHead();
    }
    return this.#beginBody(position);
  }

  #beginBody(position: number): typeof HEAD {
    this.#position = position;
    // Without a body: none of its zero bytes is left.
    this.#state = this.framing === BY_CHUNKS ? CHUNK_SIZE : this.framing === BY_CLOSE ? IN_CLOSE : IN_LENGTH;
    return HEAD;
  }

  /** Whether the known head comes again from `from` of its bytes on, and is within the limits as they are now. */
  #repeats({ bytes, fieldsAt, longestLine }: KnownHead, position: number, from: number): boolean {
    const buffer = this.#buffer;
    const length = bytes.length - from;
    const longest = from > 0 ? longestLine : Math.max(longestLine, fieldsAt);
    return (
      position + length <= buffer.length &&
      // Where the line ends lie elsewhere it is another head: seen without asking for the rest.
      buffer[position + length - 1] === LF &&
      (from > 0 || buffer[position + fieldsAt - 1] === LF) &&
      (length <= this.#room ||
        (longest <= this.#lineBytes && length <= this.#buffersLeft * (this.#lineBytes - longest))) &&
      buffer.compare(bytes, from, bytes.length, position, position + length) === 0
    );
  }

  /** What is at this position is the known head, from `from` of its bytes on. */
  #endKnown(known: KnownHead, position: number, from: number): ParseEvent {
    const length = known.bytes.length - from;
    this.#headUsed += length;
    this.#lines = known.lines;
    this.headers = known.fields;
    return this.#endHead(position + length);
  }

  #tooLong(lineLength: number): BadMessage | null {
    if (lineLength <= this.#room || (lineLength <= this.#lineBytes && this.#buffersLeft > 0)) return null;
    return this.#state === START ? this.tooLongStart : this.tooLongHead;
  }

  /** The line without its end, or null after fail(). */
  #line(text: string, at: number, lf: number): string | null {
    let end = lf;
    if (lf > at && text.charCodeAt(lf - 1) === CR) end--;
    else if (!this.tolerateBareLf) {
      this.fail(this.badStatus, 'sent a bare LF');
      return null;
    }
    return text.slice(at, end);
  }

  /** One header or trailer line into the list. False after fail(). */
  #field(line: string, into: HeaderList): boolean {
    if (++this.#lines > LIMITS.headerLines) {
      this.#failWith(this.tooLongHead);
      return false;
    }
    const colon = line.indexOf(':');
    const name = colon > 0 ? headerName(line.slice(0, colon)) : null;
    if (name === null) {
      // Among them: a space before the colon, and obs-fold (RFC 9112, sections 5.1 and 5.2).
      this.fail(this.badStatus, 'sent invalid header line');
      return false;
    }
    let from = colon + 1;
    let to = line.length;
    for (; from < to; from++) {
      const code = line.charCodeAt(from);
      if (code !== 32 && code !== 9) break;
    }
    for (; to > from; to--) {
      const code = line.charCodeAt(to - 1);
      if (code !== 32 && code !== 9) break;
    }
    for (let i = from; i < to; i++) {
      const code = line.charCodeAt(i);
      if (code === 0 || code === CR) {
        this.fail(this.badStatus, 'sent invalid header line');
        return false;
      }
    }
    if (name.kind !== NAME.dropped) into.add(name, line.slice(from, to));
    else if (this.#takesName(name)) into.add(keptName(name), line.slice(from, to));
    return true;
  }

  #takesName({ text }: HeaderName): boolean {
    return this.#takes === 'all' || (this.#takes === 'underscores' && /^[\w-]+$/.test(text));
  }

  /** END: read on. */
  #readChunkSize(): ParseEvent {
    const limit = LIMITS.chunkExtensionBytes + CHUNK_DIGITS + 2;
    const lf = this.#buffer.indexOf(LF, this.#position);
    const length = (lf < 0 ? this.#buffer.length : lf + 1) - this.#position;
    if (length > limit) return this.fail(this.badStatus, 'sent invalid chunked body');
    if (lf < 0) return MORE;
    const text = this.#buffer.toString('latin1', this.#position, lf + 1);
    this.#position = lf + 1;
    const line = this.#line(text, 0, text.length - 1);
    if (line === null) return BAD;
    let size = 0;
    let digits = 0;
    for (; digits < line.length; digits++) {
      const digit = hexDigit(line.charCodeAt(digits));
      if (digit < 0) break;
      size = size * 16 + digit;
    }
    if (digits === 0 || digits > CHUNK_DIGITS) return this.fail(this.badStatus, 'sent invalid chunked body');
    if (digits < line.length) {
      this.#extensionBytes += line.length - digits;
      if (this.#extensionBytes > LIMITS.chunkExtensionBytes || !isChunkExtension(line, digits)) {
        return this.fail(this.badStatus, 'sent invalid chunked body');
      }
    }
    if (size === 0) {
      this.#state = TRAILERS;
      this.#headUsed = 0;
      this.#lines = 0;
      return END;
    }
    this.#left = size;
    this.#state = CHUNK_DATA;
    return END;
  }

  /** END: read on. */
  #readChunkEnd(): ParseEvent {
    const first = this.#buffer[this.#position];
    if (first === undefined) return MORE;
    if (this.tolerateBareLf && first === LF) {
      this.#position++;
      this.#state = CHUNK_SIZE;
      return END;
    }
    if (first !== CR) return this.fail(this.badStatus, 'sent invalid chunked body');
    const second = this.#buffer[this.#position + 1];
    if (second === undefined) return MORE;
    if (second !== LF) return this.fail(this.badStatus, 'sent invalid chunked body');
    this.#position += 2;
    this.#state = CHUNK_SIZE;
    return END;
  }

  #readTrailers(): ParseEvent {
    const start = this.#position;
    const text = this.#buffer.toString('latin1', start, Math.min(this.#buffer.length, start + this.#headBytes + 1));
    let at = 0;
    for (;;) {
      const lf = text.indexOf('\n', at);
      const length = (lf < 0 ? text.length : lf + 1) - at;
      if (length > this.#lineBytes || this.#headUsed + length > this.#headBytes)
        return this.#failWith(this.tooLongHead);
      if (lf < 0) {
        this.#position = start + at;
        return MORE;
      }
      const line = this.#line(text, at, lf);
      if (line === null) return BAD;
      at = lf + 1;
      this.#headUsed += length;
      if (line === '') {
        this.#position = start + at;
        return this.#complete();
      }
      this.trailers ??= new HeaderList();
      if (!this.#field(line, this.trailers)) return BAD;
    }
  }
}

/** Value of a hex digit, or -1. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  if (code >= 65 && code <= 70) return code - 55;
  return -1;
}

/** chunk-ext of RFC 9112, section 7.1.1, from `at` to the end of the line; blanks only around `;` and `=`. */
export function isChunkExtension(line: string, at: number): boolean {
  let i = at;
  const blanks = () => {
    while (i < line.length && (line.charCodeAt(i) === 32 || line.charCodeAt(i) === 9)) i++;
  };
  const token = () => {
    const from = i;
    while (i < line.length && isTokenChar(line.charCodeAt(i))) i++;
    return i > from;
  };
  while (i < line.length) {
    blanks();
    if (line[i] !== ';') return false;
    i++;
    blanks();
    if (!token()) return false;
    const nameEnd = i;
    blanks();
    if (line[i] !== '=') {
      // Blanks may precede the next `;` but not end the line.
      if (i < line.length && line[i] !== ';') return false;
      if (i === line.length && i !== nameEnd) return false;
      continue;
    }
    i++;
    blanks();
    if (line[i] === '"') {
      if (!quoted()) return false;
    } else if (!token()) return false;
  }
  return true;

  function quoted(): boolean {
    for (i++; i < line.length; i++) {
      const code = line.charCodeAt(i);
      if (code === 34) {
        i++;
        return true;
      }
      if (code === 92) i++;
      else if ((code < 32 && code !== 9) || code === 127) return false;
    }
    return false;
  }
}

/** Digits only, at most 2^53 - 1; -1 if it is anything else (RFC 9110, section 8.6). */
export function parseContentLength(value: string): number {
  if (value.length === 0 || value.length > 16) return -1;
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return Number.isSafeInteger(length) ? length : -1;
}
