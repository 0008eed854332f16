import { HeaderList, headerName, isTokenChar } from '../gateway/headers';
import type { RequestHead } from './call';
import { parseContentLength } from './http1Codec';
import { isHost } from './http1RequestCodec';
import { LIMITS } from './limits';

/** Meaningful between neighbours on HTTP/1 only; on HTTP/2 their mere presence is malformed (RFC 9113, section 8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** What is wrong with a request, and the status that its client is told. */
export interface BadHead {
  readonly status: number;
  readonly reason: string;
}

/**
 * The fields of one header block as they come out of HPACK, checked one by one (RFC 9113, section 8). After the first
 * fault nothing is kept any more, so that what is held stays within the limit whatever is sent.
 */
export class RequestFields {
  readonly list = new HeaderList();
  bad: BadHead | null = null;
  /** More than the limit of names and values, or of lines. */
  tooLarge = false;
  /** Of the header block as it came. */
  wireBytes = 0;
  method: string | null = null;
  scheme: string | null = null;
  path: string | null = null;
  authority: string | null = null;
  #bytes = 0;
  #lines = 0;
  #cookies = 0;

  constructor(
    readonly mostBytes: number,
    readonly mostLineBytes: number,
    /** Trailers have no pseudo-header fields. */
    readonly trailers: boolean,
  ) {}

  add(name: string, value: string): void {
    this.#bytes += name.length + value.length;
    this.#lines++;
    if (
      this.#bytes > this.mostBytes ||
      this.#lines > LIMITS.headerLines ||
      name.length > this.mostLineBytes ||
      value.length > this.mostLineBytes
    ) {
      this.tooLarge = true;
    }
    if (this.bad !== null || this.tooLarge) return;
    const fault = this.#fault(name, value);
    if (fault !== null) this.bad = { status: 400, reason: fault };
  }

  /** The request's head, or what is wrong with it. */
  head(ended: boolean): RequestHead | BadHead {
    if (this.bad !== null) return this.bad;
    const { method, scheme, path, list } = this;
    if (method === 'CONNECT' || method === 'TRACE') return { status: 405, reason: `sent ${method} method` };
    if (method === null) return faulty('sent no :method');
    if (scheme === null) return faulty('sent no :scheme');
    if (path === null) return faulty('sent no :path');
    let hosts = 0;
    let lengths = 0;
    for (const { lower } of list.names) {
      if (lower === 'host') hosts++;
      else if (lower === 'content-length') lengths++;
    }
    const named = list.get('host');
    const host = this.authority ?? named ?? '';
    if (hosts > 1) return faulty('sent two Host fields');
    if (this.authority !== null && named !== null && this.authority.toLowerCase() !== named.toLowerCase()) {
      return faulty('sent a Host unlike :authority');
    }
    if (!isHost(host)) return faulty('sent an invalid :authority or Host');
    const declared = list.get('content-length');
    const length = declared === null ? -1 : parseContentLength(declared);
    if (lengths > 1 || (declared !== null && length < 0)) return faulty('sent an invalid Content-Length');
    if (ended && length > 0) return faulty('sent no body where Content-Length declares one');
    return {
      method,
      target: path,
      protocol: 'HTTP/2.0',
      host,
      headers: this.#cookies > 1 ? joinCookies(list) : list,
      connection: '',
      bodyLength: ended ? 0 : length === 0 ? -1 : length,
      expectsContinue: false,
      wireBytes: this.wireBytes,
    };
  }

  /** What came before the fault, for logs and error pages; its line was never put together. */
  get beginning(): RequestHead {
    return {
      line: '',
      method: this.method ?? '',
      target: this.path ?? '',
      protocol: 'HTTP/2.0',
      host: this.authority ?? '',
      headers: this.list,
      connection: '',
      bodyLength: 0,
      expectsContinue: false,
      wireBytes: this.wireBytes,
    };
  }

  #fault(name: string, value: string): string | null {
    if (!isFieldValue(value)) return 'sent an invalid header value';
    if (name.charCodeAt(0) === 58) return this.#pseudo(name, value);
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i);
      if (!isTokenChar(code) || (code >= 65 && code <= 90)) return 'sent an invalid header name';
    }
    const known = headerName(name);
    if (known === null) return 'sent an empty header name';
    if (CONNECTION_SPECIFIC.has(name)) return `sent the connection-specific field ${name}`;
    if (name === 'te' && value.toLowerCase() !== 'trailers') return 'sent TE with other than trailers';
    if (name === 'cookie') this.#cookies++;
    this.list.add(known, value);
    return null;
  }

  #pseudo(name: string, value: string): string | null {
    if (this.trailers || this.list.length > 0) return `sent ${name} in the wrong place`;
    switch (name) {
      case ':method':
        if (this.method !== null) return 'sent :method twice';
        if (!/^[A-Z_-]+$/.test(value)) return 'sent an invalid :method';
        this.method = value;
        return null;
      case ':scheme':
        if (this.scheme !== null) return 'sent :scheme twice';
        if (!/^[A-Za-z][A-Za-z0-9+.-]*$/.test(value)) return 'sent an invalid :scheme';
        this.scheme = value;
        return null;
      case ':path':
        if (this.path !== null) return 'sent :path twice';
        if (!isTarget(value)) return 'sent an invalid :path';
        this.path = value;
        return null;
      case ':authority':
        if (this.authority !== null) return 'sent :authority twice';
        this.authority = value;
        return null;
    }
    return 'sent an unknown pseudo-header field';
  }
}

function faulty(reason: string): BadHead {
  return { status: 400, reason };
}

/** No NUL, CR or LF, and no white space around it (RFC 9113, section 8.2.1). */
function isFieldValue(value: string): boolean {
  const { length } = value;
  if (length === 0) return true;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code < 14 && (code === 0 || code === 10 || code === 13)) return false;
  }
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(length - 1);
  return first !== 32 && first !== 9 && last !== 32 && last !== 9;
}

function isTarget(path: string): boolean {
  if (path.charCodeAt(0) !== 47) return false;
  for (let i = 1; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code <= 32 || code === 127) return false;
  }
  return true;
}

/** HTTP/2 may split a Cookie field; HTTP/1 servers must get it whole (RFC 9113, section 8.2.3). */
function joinCookies(list: HeaderList): HeaderList {
  const joined = new HeaderList();
  const cookie = headerName('cookie');
  if (cookie !== null) joined.add(cookie, list.joined('cookie', '; '));
  for (let i = 0; i < list.length; i++) {
    const name = list.names[i];
    if (name !== undefined && name.lower !== 'cookie') joined.add(name, list.values[i] ?? '');
  }
  return joined;
}
