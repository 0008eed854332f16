/**
 * Header names and lists as the proxies carry them. Names are interned: a name seen before costs one map lookup
 * instead of a check of every character, and what the proxies have to know of it is a number to switch on.
 */

/** What a proxy has to know of a header name. */
export const NAME = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  expect: 5,
  te: 6,
  upgrade: 7,
  /** Means something between two neighbours only (RFC 9110, section 7.6.1). */
  hopByHop: 8,
  /** Not passed from a server to a client: nginx writes its own or keeps it to itself. */
  responseOnlyHidden: 9,
  /** A token, but one that nginx leaves out (ignore_invalid_headers, underscores_in_headers off). */
  dropped: 10,
  trailer: 11,
} as const;

export interface HeaderName {
  readonly text: string;
  readonly lower: string;
  readonly kind: number;
  /** A request has one at most. */
  readonly once: boolean;
}

const KINDS: Readonly<Record<string, number>> = {
  host: NAME.host,
  'content-length': NAME.contentLength,
  'transfer-encoding': NAME.transferEncoding,
  connection: NAME.connection,
  expect: NAME.expect,
  te: NAME.te,
  upgrade: NAME.upgrade,
  'keep-alive': NAME.hopByHop,
  'proxy-connection': NAME.hopByHop,
  'http2-settings': NAME.hopByHop,
  date: NAME.responseOnlyHidden,
  server: NAME.responseOnlyHidden,
  'x-pad': NAME.responseOnlyHidden,
  'x-accel-expires': NAME.responseOnlyHidden,
  'x-accel-redirect': NAME.responseOnlyHidden,
  'x-accel-limit-rate': NAME.responseOnlyHidden,
  'x-accel-buffering': NAME.responseOnlyHidden,
  'x-accel-charset': NAME.responseOnlyHidden,
  trailer: NAME.trailer,
};

/** ngx_http_process_unique_header_line; Content-Length, Transfer-Encoding and Host, which say where a request ends, apart. */
const ONCE: ReadonlySet<string> = new Set([
  ...['if-modified-since', 'if-unmodified-since', 'if-match', 'if-none-match', 'if-range'],
  ...['content-range', 'expect', 'authorization'],
]);

/** 0: no token character; 1: a token character that nginx takes in header names; 2: one that it does not. */
const TOKEN = new Uint8Array(256);
for (const c of "!#$%&'*+.^_`|~") TOKEN[c.charCodeAt(0)] = 2;
for (const c of '-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') TOKEN[c.charCodeAt(0)] = 1;

/** Whether the character may stand in a token (RFC 9110, section 5.6.2). */
export function isTokenChar(code: number): boolean {
  return code < 256 && TOKEN[code] !== 0;
}

/** Whether the text is a token, as methods have to be. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isTokenChar(text.charCodeAt(i))) return false;
  return text !== '';
}

const NAMES_KEPT = 2_048;
const NAME_LENGTH_KEPT = 64;
const interned = new Map<string, HeaderName>();

/** The name, or null if it is no token. Bounded: strange names are checked each time rather than kept for ever. */
export function headerName(text: string): HeaderName | null {
  const known = interned.get(text);
  if (known !== undefined) return known;
  if (text.length === 0) return null;
  let dropped = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = code < 256 ? TOKEN[code] : 0;
    if (kind === 0) return null;
    if (kind === 2) dropped = true;
  }
  const lower = text.toLowerCase();
  const name = {
    text,
    lower,
    kind: dropped ? NAME.dropped : Object.hasOwn(KINDS, lower) ? (KINDS[lower] ?? 0) : NAME.other,
    once: ONCE.has(lower),
  };
  if (interned.size < NAMES_KEPT && text.length <= NAME_LENGTH_KEPT) {
    // A copy of its own: a slice would keep the whole received text alive.
    const own = Buffer.from(text, 'latin1').toString('latin1');
    interned.set(own, { ...name, text: own, lower: own.toLowerCase() });
  }
  return name;
}

const kept = new WeakMap<HeaderName, HeaderName>();

/** The same name, but not to be left out. */
export function keptName(name: HeaderName): HeaderName {
  if (name.kind !== NAME.dropped) return name;
  let all = kept.get(name);
  if (all === undefined) {
    all = { ...name, kind: NAME.other };
    kept.set(name, all);
  }
  return all;
}

/** Header fields to be read only: many messages may share them. */
export interface HeaderFields {
  readonly names: readonly HeaderName[];
  readonly values: readonly string[];
  readonly length: number;
  copy(): HeaderList;
  /** First value of the field, or null. */
  get(lower: string): string | null;
  /** All values of the field joined, as nginx's `$http_name`; '' where there is none. */
  joined(lower: string, separator?: string): string;
}

/** Header fields in the order received, names and values side by side. Values are latin1 text. */
export class HeaderList implements HeaderFields {
  constructor(
    readonly names: HeaderName[] = [],
    readonly values: string[] = [],
  ) {}

  get length(): number {
    return this.names.length;
  }

  copy(): HeaderList {
    return new HeaderList(this.names.slice(), this.values.slice());
  }

  add(name: HeaderName, value: string): void {
    this.names.push(name);
    this.values.push(value);
  }

  remove(lower: string): void {
    for (let i = this.names.length - 1; i >= 0; i--) {
      if (this.names[i]?.lower !== lower) continue;
      this.names.splice(i, 1);
      this.values.splice(i, 1);
    }
  }

  addAll(other: HeaderFields): void {
    this.names.push(...other.names);
    this.values.push(...other.values);
  }

  get(lower: string): string | null {
    const { names } = this;
    for (let i = 0; i < names.length; i++) if (names[i]?.lower === lower) return this.values[i] ?? null;
    return null;
  }

  joined(lower: string, separator = ', '): string {
    let all = '';
    let found = false;
    const { names } = this;
    for (let i = 0; i < names.length; i++) {
      if (names[i]?.lower !== lower) continue;
      all = found ? all + separator + (this.values[i] ?? '') : (this.values[i] ?? '');
      found = true;
    }
    return all;
  }
}

/**
 * Names that the sender's Connection field declares as meant for this hop only, or null where it lists none but
 * `close` and `keep-alive` (nearly always).
 */
export function connectionNamed(connection: string): ReadonlySet<string> | null {
  if (connection === 'keep-alive' || connection === 'close' || connection === '') return null;
  let named: Set<string> | null = null;
  for (const part of connection.split(',')) {
    const option = part.trim().toLowerCase();
    if (option === '' || option === 'close' || option === 'keep-alive') continue;
    named ??= new Set();
    named.add(option);
  }
  return named;
}

/** Whether a comma-separated list holds the token, letter case aside. */
export function hasListToken(list: string, token: string): boolean {
  if (list === token) return true;
  if (list.length < token.length) return false;
  for (const part of list.split(',')) if (part.trim().toLowerCase() === token) return true;
  return false;
}
