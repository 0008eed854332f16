import type { AddressRange, RealIp } from '../plan';
import { addressText, isWithin } from './addressRange';
import type { HeaderFields } from './headers';

/** ngx_http_realip_module and ngx_stream_realip_module: who the client is when a trusted proxy stands in between. */

export interface ClientAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * The client's address by `real_ip_header`, where the connection comes from a trusted address; null: the connection's own
 * holds. `proxied` is what the PROXY protocol header told of the client; null: there was none. Call it with the server's
 * settings when the server is known, and, only if that gave null, once more with the location's in the preaccess phase.
 */
export function realAddress(
  realIp: RealIp | null,
  connection: ClientAddress,
  headers: HeaderFields,
  proxied: ClientAddress | null,
): ClientAddress | null {
  if (realIp === null || realIp.from.length === 0) return null;
  const lower = realIp.header.toLowerCase();
  if (lower === 'proxy_protocol') return realIpFromProxy(realIp.from, connection, proxied);
  // nginx takes all lines of X-Forwarded-For, but only the first of any other field.
  const value = lower === 'x-forwarded-for' ? headers.joined(lower, ', ') : (headers.get(lower) ?? '');
  if (value === '') return null;
  return through(realIp, connection, value);
}

/** stream, and `real_ip_header proxy_protocol`: the PROXY header is believed where it comes from a trusted address. */
export function realIpFromProxy(
  from: readonly AddressRange[],
  connection: ClientAddress,
  proxied: ClientAddress | null,
): ClientAddress | null {
  return proxied !== null && isTrusted(from, connection.address) ? proxied : null;
}

/** Walks a list of addresses from the last to the first while they are trusted (ngx_http_get_forwarded_addr_internal). */
function through({ from, recursive }: RealIp, connection: ClientAddress, value: string): ClientAddress | null {
  const entries = value.split(/[ ,]+/).filter((entry) => entry !== '');
  let found: ClientAddress | null = null;
  let current = connection;
  for (const entry of entries.reverse()) {
    if (!isTrusted(from, current.address)) break;
    const next = parse(entry);
    if (next === null) break;
    found = next;
    current = next;
    if (!recursive) break;
  }
  return found;
}

function isTrusted(from: readonly AddressRange[], address: string): boolean {
  return from.some((range) => isWithin(address, range));
}

/** "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or "[2001:db8::1]:80" (ngx_parse_addr_port); port 0 where none is told. */
function parse(text: string): ClientAddress | null {
  const plain = addressText(text);
  if (plain !== null) return { address: plain, port: 0 };
  const [, bracketed, bare, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text) ?? [];
  const address = addressText(bracketed ?? bare ?? '');
  const number = Number(port);
  return address === null || number < 1 || number > 65_535 ? null : { address, port: number };
}
