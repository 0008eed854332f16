import { isIP } from 'node:net';
import { textOf } from '../gateway/addressRange';
import type { Ends } from './origin';

/** PROXY protocol (haproxy.org, proxy-protocol.txt): version 1, the text form, and 2, the binary one, which is only read. */

/** The longest possible line with its line end, bytes. */
export const PROXY_LINE_BYTES = 107;

/** What a header of version 2 begins with (section 2.2). */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** The part that every header of version 2 has: signature, version and command, family and transport, length of the rest. */
const FIXED_BYTES = 16;
/** NGX_PROXY_PROTOCOL_MAX_HEADER: what nginx reads of a header with all that it may carry. */
const BINARY_BYTES = 4096;
/** Version 2 and the command PROXY; the other one, LOCAL, is a proxy speaking for itself. */
const VERSION = 2;
const PROXY = 1;
const STREAM = 1;

export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'bad' }
  /** `ends` null: "UNKNOWN" or nothing that TCP could be, the connection's own addresses hold. */
  | { readonly kind: 'header'; readonly length: number; readonly ends: Ends | null };

/** Reads the header that the bytes begin with. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (bytes[0] === SIGNATURE[0] && SIGNATURE.subarray(0, bytes.length).equals(bytes.subarray(0, SIGNATURE.length))) {
    return bytes.length < FIXED_BYTES ? { kind: 'more' } : parseBinary(bytes);
  }
  const lf = bytes.subarray(0, PROXY_LINE_BYTES).indexOf(10);
  const expected = 'PROXY ';
  const start = bytes.toString('latin1', 0, Math.min(bytes.length, expected.length));
  if (!expected.startsWith(start)) return { kind: 'bad' };
  const next = bytes.toString('latin1', expected.length, expected.length + 'UNKNOWN'.length);
  // nginx waits for nothing; what can come to no good end is not waited for here.
  if (!['TCP4 ', 'TCP6 ', 'UNKNOWN'].some((word) => word.startsWith(next) || next.startsWith(word))) {
    return { kind: 'bad' };
  }
  if (lf < 0) return { kind: bytes.length >= PROXY_LINE_BYTES ? 'bad' : 'more' };
  if (lf < 1 || bytes[lf - 1] !== 13) return { kind: 'bad' };
  const words = bytes.toString('latin1', 0, lf - 1).split(' ');
  const length = lf + 1;
  if (words[1] === 'UNKNOWN') return { kind: 'header', length, ends: null };
  const [, family, remoteAddress = '', localAddress = '', remotePort = '', localPort = ''] = words;
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : 0;
  const good =
    version !== 0 &&
    words.length === 6 &&
    isIP(remoteAddress) === version &&
    isIP(localAddress) === version &&
    isPort(remotePort) &&
    isPort(localPort);
  if (!good) return { kind: 'bad' };
  return {
    kind: 'header',
    length,
    ends: { remoteAddress, remotePort: Number(remotePort), localAddress, localPort: Number(localPort) },
  };
}

/** ngx_proxy_protocol_v2_read. What follows the addresses (TLVs) is passed over. */
function parseBinary(bytes: Buffer): ProxyHeader {
  const version = bytes.readUInt8(12) >> 4;
  const command = bytes.readUInt8(12) & 15;
  const family = bytes.readUInt8(13) >> 4;
  const transport = bytes.readUInt8(13) & 15;
  const length = FIXED_BYTES + bytes.readUInt16BE(14);
  if (version !== VERSION || length > BINARY_BYTES) return { kind: 'bad' };
  if (bytes.length < length) return { kind: 'more' };
  const size = family === 1 ? 4 : 16;
  if (command !== PROXY || transport !== STREAM || (family !== 1 && family !== 2)) {
    return { kind: 'header', length, ends: null };
  }
  const ports = FIXED_BYTES + 2 * size;
  if (length < ports + 4) return { kind: 'bad' };
  return {
    kind: 'header',
    length,
    ends: {
      remoteAddress: textOf(bytes.subarray(FIXED_BYTES, FIXED_BYTES + size)),
      remotePort: bytes.readUInt16BE(ports),
      localAddress: textOf(bytes.subarray(FIXED_BYTES + size, ports)),
      localPort: bytes.readUInt16BE(ports + 2),
    },
  };
}

export function proxyHeader(origin: Ends): string {
  const family = isIP(origin.remoteAddress);
  if (family === 0) return 'PROXY UNKNOWN\r\n';
  return `PROXY TCP${family} ${origin.remoteAddress} ${origin.localAddress} ${origin.remotePort} ${origin.localPort}\r\n`;
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535;
}
