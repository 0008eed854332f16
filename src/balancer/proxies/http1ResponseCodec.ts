import { NAME } from '../gateway/headers';
import {
  BY_CHUNKS,
  BY_CLOSE,
  BY_LENGTH,
  type CodecOptions,
  MessageParser,
  NO_BODY,
  parseContentLength,
} from './http1Codec';
import { LIMITS } from './limits';

/** Responses as a proxy reads them from a server. Anything bad is a 502 for the client. */
export class ResponseParser extends MessageParser {
  status = 0;
  /** Reason phrase as sent; may be ''. */
  reason = '';
  /** Connection field, all lines joined; ''. */
  connection = '';
  #answersHead = false;
  #interim = 0;

  protected readonly badStatus = 502;
  protected readonly tooLongStart = { status: 502, reason: 'sent too big header' };
  protected readonly tooLongHead = { status: 502, reason: 'sent too big header' };

  constructor(options: CodecOptions = {}) {
    // Servers may name their fields as they like.
    super({ lineBytes: LIMITS.headBytes, takes: 'all', ...options });
  }

  /** The request was HEAD: no body comes, whatever the head declares. */
  get answersHead(): boolean {
    return this.#answersHead;
  }

  set answersHead(does: boolean) {
    if (does === this.#answersHead) return;
    this.#answersHead = does;
    this.reconsider();
  }

  /** The connection stays usable after this response (RFC 9112, section 9.3). */
  get keepsAlive(): boolean {
    if (this.framing === BY_CLOSE) return false;
    const connection = this.connection;
    if (connection === '') return this.minorVersion > 0;
    const lower = connection.toLowerCase();
    return this.minorVersion > 0 ? !lower.includes('close') : lower.includes('keep-alive');
  }

  protected startLine(line: string): boolean {
    // "HTTP/1.1 200 OK"; the reason and the space before it may be missing.
    const minor = line.charCodeAt(7) - 48;
    const status = Number(line.slice(9, 12));
    if (
      !line.startsWith('HTTP/1.') ||
      !(minor >= 0 && minor <= 9) ||
      line.charCodeAt(8) !== 32 ||
      !(status >= 100 && status <= 999) ||
      !Number.isInteger(status) ||
      line.slice(9, 12).trim().length !== 3 ||
      (line.length > 12 && line.charCodeAt(12) !== 32)
    ) {
      this.fail(502, 'sent no valid HTTP/1 header');
      return false;
    }
    this.minorVersion = Math.min(minor, 1);
    this.status = status;
    this.reason = line.slice(13);
    for (let i = 0; i < this.reason.length; i++) {
      const code = this.reason.charCodeAt(i);
      if ((code < 32 && code !== 9) || code === 127) {
        this.fail(502, 'sent no valid HTTP/1 header');
        return false;
      }
    }
    return true;
  }

  protected headComplete(): boolean {
    if (this.status < 200) {
      if (this.status === 101) return this.#refuse('sent an upgrade that was not asked for');
      if (++this.#interim > LIMITS.interimResponses) return this.#refuse('sent too many interim responses');
      this.startOver();
      return true;
    }
    this.#interim = 0;
    const { names, values } = this.headers;
    let length: string | null = null;
    let encoding: string | null = null;
    let connection = '';
    for (let i = 0; i < names.length; i++) {
      const value = values[i] ?? '';
      switch (names[i]?.kind) {
        case NAME.contentLength:
          if (length !== null) return this.#refuse('sent duplicate header line: "Content-Length"');
          length = value;
          break;
        case NAME.transferEncoding:
          if (encoding !== null) return this.#refuse('sent duplicate header line: "Transfer-Encoding"');
          encoding = value;
          break;
        case NAME.connection:
          connection = connection === '' ? value : `${connection}, ${value}`;
          break;
      }
    }
    this.connection = connection;
    if (length !== null) {
      if (encoding !== null) {
        return this.#refuse('sent "Content-Length" and "Transfer-Encoding" headers at the same time');
      }
      this.contentLength = parseContentLength(length);
      if (this.contentLength < 0) return this.#refuse('sent invalid "Content-Length" header');
    }
    if (encoding !== null && (encoding.toLowerCase() !== 'chunked' || this.minorVersion === 0)) {
      return this.#refuse(`sent unknown "Transfer-Encoding": "${encoding}"`);
    }
    if (this.answersHead || this.status === 204 || this.status === 304) this.setFraming(NO_BODY);
    else if (encoding !== null) this.setFraming(BY_CHUNKS);
    else if (this.contentLength === 0) this.setFraming(NO_BODY);
    else if (this.contentLength > 0) this.setFraming(BY_LENGTH, this.contentLength);
    else this.setFraming(BY_CLOSE);
    return true;
  }

  #refuse(reason: string): false {
    this.fail(502, reason);
    return false;
  }
}
