import { isIP } from 'node:net';
import type { Ends } from './origin';

/** PROXY protocol, version 1 (the text form; haproxy.org, proxy-protocol.txt, section 2.1). */

/** The longest possible line with its line end, bytes. */
export const PROXY_LINE_BYTES = 107;

/** What a header of version 2 begins with (section 2.2). */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'bad' }
  /** The binary form, which is not supported. */
  | { readonly kind: 'version2' }
  /** `ends` null: "UNKNOWN", the connection's own addresses hold. */
  | { readonly kind: 'header'; readonly length: number; readonly ends: Ends | null };

/** Reads the line that the bytes begin with. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (bytes[0] === SIGNATURE[0] && SIGNATURE.subarray(0, bytes.length).equals(bytes.subarray(0, SIGNATURE.length))) {
    return { kind: bytes.length < SIGNATURE.length ? 'more' : 'version2' };
  }
  const lf = bytes.subarray(0, PROXY_LINE_BYTES).indexOf(10);
  const expected = 'PROXY ';
  const start = bytes.toString('latin1', 0, Math.min(bytes.length, expected.length));
  if (!expected.startsWith(start)) return { kind: 'bad' };
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

export function proxyHeader(origin: Ends): string {
  const family = isIP(origin.remoteAddress);
  if (family === 0) return 'PROXY UNKNOWN\r\n';
  return `PROXY TCP${family} ${origin.remoteAddress} ${origin.localAddress} ${origin.remotePort} ${origin.localPort}\r\n`;
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535;
}
