/** What ssl_preread reads of a TLS connection that passes through (ngx_stream_ssl_preread_module). */
export interface ClientHello {
  /** SNI in lower case; ''. */
  readonly serverName: string;
  /** The highest version that the client offers: "TLSv1.3"; '' where it is none that has a name. */
  readonly protocol: string;
  /** ALPN, joined with commas; ''. */
  readonly alpnProtocols: string;
}

export type HelloReading =
  | { readonly kind: 'more' }
  /** No TLS handshake, or a broken one: the connection goes on, and the variables are empty. */
  | { readonly kind: 'other' }
  | { readonly kind: 'hello'; readonly hello: ClientHello };

const MORE: HelloReading = { kind: 'more' };
const OTHER: HelloReading = { kind: 'other' };

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const VERSIONS = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** Reads the ClientHello that a connection begins with (RFC 8446, section 4.1.2); it may be spread over records. */
export function readClientHello(bytes: Buffer): HelloReading {
  const parts: Buffer[] = [];
  let have = 0;
  let at = 0;
  while (at + 5 <= bytes.length) {
    const old = at === 0 ? oldHello(bytes) : null;
    if (old !== null) return old;
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3) return OTHER;
    const length = bytes.readUInt16BE(at + 3);
    // As nginx does: only whole records are read.
    if (bytes.length < at + 5 + length) return MORE;
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    have += length;
    at += 5 + length;
    if (have < 4) continue;
    const message = Buffer.concat(parts);
    if (message[0] !== CLIENT_HELLO) return OTHER;
    const body = message.readUIntBE(1, 3);
    if (have >= 4 + body) return parse(message.subarray(4, 4 + body));
  }
  return MORE;
}

/** A ClientHello in SSL 2.0's form, which names nothing but the version. */
function oldHello(bytes: Buffer): HelloReading | null {
  const [first = 0, , type, major, minor = 0] = bytes;
  if ((first & 0x80) === 0 || type !== CLIENT_HELLO || (major !== 0 && major !== 3)) return null;
  const protocol = major === 0 ? (minor === 2 ? 'SSLv2' : '') : (VERSIONS[minor] ?? '');
  return { kind: 'hello', hello: { serverName: '', protocol, alpnProtocols: '' } };
}

function parse(body: Buffer): HelloReading {
  const reader = new Reader(body);
  const version = reader.take(2);
  reader.take(32);
  reader.vector(1);
  reader.vector(2);
  reader.vector(1);
  if (version === null || reader.failed) return OTHER;
  let minor = version[0] === 3 ? (version[1] ?? 0) : -1;
  let serverName = '';
  let alpnProtocols = '';
  // Extensions may be left out altogether.
  const extensions = reader.isAtEnd ? null : reader.vector(2);
  if (reader.failed) return OTHER;
  const list = new Reader(extensions ?? Buffer.alloc(0));
  while (!list.isAtEnd) {
    const type = list.number(2);
    const data = list.vector(2);
    if (data === null) return OTHER;
    if (type === SERVER_NAME) serverName = nameIn(data);
    else if (type === ALPN) alpnProtocols = protocolsIn(data);
    else if (type === SUPPORTED_VERSIONS) minor = Math.max(minor, newestIn(data));
  }
  return { kind: 'hello', hello: { serverName, protocol: VERSIONS[minor] ?? '', alpnProtocols } };
}

function nameIn(data: Buffer): string {
  const names = new Reader(new Reader(data).vector(2) ?? Buffer.alloc(0));
  while (!names.isAtEnd) {
    const type = names.number(1);
    const name = names.vector(2);
    if (name === null) return '';
    if (type === 0) return name.toString('latin1').toLowerCase();
  }
  return '';
}

function protocolsIn(data: Buffer): string {
  const list = new Reader(new Reader(data).vector(2) ?? Buffer.alloc(0));
  const found: string[] = [];
  while (!list.isAtEnd) {
    const name = list.vector(1);
    if (name === null) break;
    found.push(name.toString('latin1'));
  }
  return found.join(',');
}

/** Minor number of the newest "3.x"; what is made up to keep servers flexible (RFC 8701) is none of them. */
function newestIn(data: Buffer): number {
  const versions = new Reader(data).vector(1) ?? Buffer.alloc(0);
  let newest = -1;
  for (let i = 0; i + 1 < versions.length; i += 2) {
    if (versions[i] === 3) newest = Math.max(newest, versions[i + 1] ?? 0);
  }
  return newest;
}

/** Takes bytes from the front; null, and failed from then on, where there are too few. */
class Reader {
  failed = false;
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.failed || this.#at >= this.bytes.length;
  }

  take(count: number): Buffer | null {
    if (this.failed || this.#at + count > this.bytes.length) {
      this.failed = true;
      return null;
    }
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }

  number(size: number): number {
    return this.take(size)?.readUIntBE(0, size) ?? -1;
  }

  /** Bytes behind their length. */
  vector(lengthSize: number): Buffer | null {
    const length = this.number(lengthSize);
    return length < 0 ? null : this.take(length);
  }
}
