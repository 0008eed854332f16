import { NAME } from '../gateway/headers';
import { TOO_LARGE_HEAD } from '../gateway/status';
import { BY_CHUNKS, BY_LENGTH, MessageParser, NO_BODY, parseContentLength } from './http1Codec';

/** Requests as a server reads them. Statuses of refusals are nginx's. */
export class RequestParser extends MessageParser {
  /** The request line as it came, also where it is bad; '' before it is there. */
  line = '';
  /** '' where the request line is bad; so is all that follows. */
  method = '';
  /** Path and query as sent, always with a leading slash. */
  target = '';
  /** Host with port as sent: of an absolute-form target, else of the Host field; '' on HTTP/1.0 without either. */
  host = '';
  /** The target names another host than the Host field, or there is no such field. */
  replacesHost = false;
  /** Connection field, all lines joined; ''. */
  connection = '';
  expectsContinue = false;
  #targetHost: string | null = null;

  protected readonly badStatus = 400;
  protected readonly tooLongStart = { status: 414, reason: 'sent too long URI' };
  protected readonly tooLongHead = { status: 400, reason: 'sent too large request', page: TOO_LARGE_HEAD };

  protected override forgetHead(): void {
    this.line = '';
    this.method = '';
    this.target = '';
    this.host = '';
    this.connection = '';
  }

  protected override cutLine(line: string): void {
    this.line = line;
  }

  protected startLine(line: string): boolean {
    this.line = line;
    const methodEnd = line.indexOf(' ');
    const targetEnd = line.indexOf(' ', methodEnd + 1);
    if (methodEnd <= 0 || targetEnd <= methodEnd + 1) return this.#refuse(400, 'sent invalid request');
    const method = line.slice(0, methodEnd);
    if (!isMethod(method)) return this.#refuse(400, 'sent invalid method');
    // Read from the left, as nginx does: `PRI * HTTP/2.0` is no valid request whatever its version.
    if (!/[/a-z]/i.test(line.charAt(methodEnd + 1))) return this.#refuse(400, 'sent invalid request');
    const version = versionOf(line, targetEnd + 1);
    if (version < 0) {
      return version === -505 ? this.#refuse(505, 'sent invalid version') : this.#refuse(400, 'sent invalid request');
    }
    for (let i = methodEnd + 1; i < targetEnd; i++) {
      const code = line.charCodeAt(i);
      if (code <= 32 || code === 127) return this.#refuse(400, 'sent invalid request');
    }
    this.method = method;
    this.minorVersion = version;
    this.#targetHost = null;
    if (line.charCodeAt(methodEnd + 1) === 47) this.target = line.slice(methodEnd + 1, targetEnd);
    else if (!this.#absoluteForm(line.slice(methodEnd + 1, targetEnd))) {
      return this.#refuse(400, 'sent invalid request');
    }
    // nginx never lets these two through.
    if (method === 'CONNECT' || method === 'TRACE') return this.#refuse(405, `sent ${method} method`);
    return true;
  }

  protected headComplete(): boolean {
    const { names, values } = this.headers;
    let host: string | null = null;
    let length: string | null = null;
    let encoding: string | null = null;
    let connection = '';
    this.expectsContinue = false;
    for (let i = 0; i < names.length; i++) {
      const value = values[i] ?? '';
      const name = names[i];
      if (name?.once === true && names.findIndex(({ lower }) => lower === name.lower) !== i) {
        return this.#refuse(400, `sent duplicate header line: "${name.text}: ${value}"`);
      }
      switch (name?.kind) {
        case NAME.host:
          if (host !== null) return this.#refuse(400, 'sent duplicate host header');
          host = value;
          break;
        case NAME.contentLength:
          if (length !== null) return this.#refuse(400, 'sent duplicate header line: "Content-Length"');
          length = value;
          break;
        case NAME.transferEncoding:
          if (encoding !== null) return this.#refuse(400, 'sent duplicate header line: "Transfer-Encoding"');
          encoding = value;
          break;
        case NAME.connection:
          connection = connection === '' ? value : `${connection}, ${value}`;
          break;
        case NAME.expect:
          if (this.minorVersion > 0 && value.toLowerCase() === '100-continue') this.expectsContinue = true;
          break;
      }
    }
    if (host === null) {
      if (this.minorVersion > 0) return this.#refuse(400, 'sent HTTP/1.1 request without "Host" header');
    } else if (!isHost(host)) return this.#refuse(400, 'sent invalid host header');
    this.host = this.#targetHost ?? host ?? '';
    this.replacesHost = this.#targetHost !== null && this.#targetHost !== host;
    this.connection = connection;
    return this.#frame(length, encoding);
  }

  #frame(length: string | null, encoding: string | null): boolean {
    if (encoding !== null) {
      if (this.minorVersion === 0) return this.#refuse(400, 'sent HTTP/1.0 request with "Transfer-Encoding" header');
      if (length !== null) {
        return this.#refuse(400, 'sent "Content-Length" and "Transfer-Encoding" headers at the same time');
      }
      if (encoding.toLowerCase() !== 'chunked') return this.#refuse(501, 'sent unknown "Transfer-Encoding"');
      this.setFraming(BY_CHUNKS);
      return true;
    }
    if (length === null) {
      this.setFraming(NO_BODY);
      return true;
    }
    this.contentLength = parseContentLength(length);
    if (this.contentLength < 0) return this.#refuse(400, 'sent invalid "Content-Length" header');
    this.setFraming(this.contentLength === 0 ? NO_BODY : BY_LENGTH, this.contentLength);
    return true;
  }

  /** `http://host/path`: its host wins over the Host field (RFC 9112, section 3.2.2). */
  #absoluteForm(target: string): boolean {
    const colon = target.indexOf('://');
    if (colon < 0) return false;
    const scheme = target.slice(0, colon).toLowerCase();
    if (scheme !== 'http' && scheme !== 'https') return false;
    const from = colon + 3;
    let to = from;
    for (; to < target.length; to++) {
      const code = target.charCodeAt(to);
      if (code === 47 || code === 63 || code === 35) break;
    }
    const host = target.slice(from, to);
    // nginx takes a fragment behind a path or query only.
    if (!isHost(host) || target.charCodeAt(to) === 35) return false;
    this.#targetHost = host;
    const rest = target.slice(to);
    this.target = rest.startsWith('/') ? rest : `/${rest}`;
    return true;
  }

  #refuse(status: number, reason: string): false {
    this.fail(status, reason);
    return false;
  }
}

/** As nginx: upper-case letters, `_` and `-`. */
function isMethod(method: string): boolean {
  for (let i = 0; i < method.length; i++) {
    const code = method.charCodeAt(i);
    if ((code < 65 || code > 90) && code !== 95 && code !== 45) return false;
  }
  return true;
}

/** Minor version of "HTTP/1.x" from `at` to the end; -505: another major version; -400: something else. */
function versionOf(line: string, at: number): number {
  const length = line.length - at;
  if (length === 8) {
    // The two that nearly all requests have.
    if (line.endsWith('HTTP/1.1')) return 1;
    if (line.endsWith('HTTP/1.0')) return 0;
  }
  if (!line.startsWith('HTTP/', at)) return -400;
  const major = line.charCodeAt(at + 5) - 48;
  // As nginx, which reads no further then.
  if (major > 1 && major <= 9) return -505;
  if (length < 8 || length > 9 || major !== 1 || line.charCodeAt(at + 6) !== 46) return -400;
  let minor = 0;
  for (let i = at + 7; i < line.length; i++) {
    const digit = line.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -400;
    minor = minor * 10 + digit;
  }
  return Math.min(minor, 1);
}

/** uri-host with an optional port (RFC 3986, sections 3.2.2 and 3.2.3), never empty, never with a user. */
export function isHost(text: string): boolean {
  let i = 0;
  if (text.charCodeAt(0) === 91) {
    const close = text.indexOf(']');
    if (close < 2 || text.includes('..')) return false;
    // "v" begins an address of a later version (IPvFuture).
    const isFuture = /^v[\da-f]+\../i.test(text.slice(1, close));
    for (i = 1; i < close; i++) {
      const code = text.charCodeAt(i);
      if (code !== 58 && code !== 46 && !(isFuture ? isRegName(code) : isHex(code))) return false;
    }
    i = close + 1;
  } else {
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 58) break;
      if (code === 37) {
        if (!isHex(text.charCodeAt(i + 1)) || !isHex(text.charCodeAt(i + 2))) return false;
        i += 2;
      } else if (!isRegName(code)) return false;
    }
    if (i === 0 || text.charCodeAt(0) === 46 || text.includes('..')) return false;
  }
  if (i === text.length) return true;
  if (text.charCodeAt(i) !== 58) return false;
  const digits = text.length - i - 1;
  if (digits < 1 || digits > 5) return false;
  let port = 0;
  for (i++; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65535;
}

function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

/** unreserved and sub-delims of RFC 3986. */
function isRegName(code: number): boolean {
  if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57)) return true;
  return code < 128 && "-._~!$&'()*+,;=".includes(String.fromCharCode(code));
}
