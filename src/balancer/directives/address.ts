import { type Message, message } from '../../base/message';
import { err, ok, type Result } from '../../base/result';

/** "host[:port]" as written. */
export interface HostPort {
  /** Without brackets, as written; "" where only a port is given. */
  readonly host: string;
  /** null: none given. */
  readonly port: number | null;
  readonly ipv6: boolean;
}

/** Splits "host", "host:port", "[v6]:port" (ngx_parse_url without its look-ups). */
export function parseHostPort(text: string): Result<HostPort, Message> {
  const six = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (text.startsWith('[')) {
    if (six === null || !isIpv6(six[1] ?? '')) return err(message('invalid IPv6 address'));
    return withPort(six[1] ?? '', six[2], true);
  }
  const colon = text.indexOf(':');
  const host = colon === -1 ? text : text.slice(0, colon);
  if (/[/?#\s]/.test(host)) return err(message('invalid host'));
  return withPort(host, colon === -1 ? undefined : text.slice(colon + 1), false);
}

function withPort(host: string, port: string | undefined, ipv6: boolean): Result<HostPort, Message> {
  if (host === '') return err(message('no host'));
  if (port === undefined) return ok({ host, port: null, ipv6 });
  const number = parsePort(port);
  return number === null ? err(message('invalid port')) : ok({ host, port: number, ipv6 });
}

/** 1 to 65535; null: not a port. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : null;
}

/**
 * The address behind a host name that can be known without a network: literal addresses, and `localhost`. Anything
 * else is null, and refused as nginx refuses a name that does not resolve when it starts.
 */
export function resolveHost(host: HostPort): string | null {
  if (host.ipv6) return host.host;
  if (isIpv4(host.host)) return host.host;
  return host.host.toLowerCase() === 'localhost' ? '127.0.0.1' : null;
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

export function isIpv6(text: string): boolean {
  if (!/^[0-9a-fA-F:.]+$/.test(text)) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const all = groups.flat();
  const last = all.at(-1);
  const embedded = last !== undefined && isIpv4(last);
  const count = all.length + (embedded ? 1 : 0);
  const hex = embedded ? all.slice(0, -1) : all;
  if (!hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? count <= 7 : count === 8;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(host: string): boolean {
  return (isIpv4(host) && host.startsWith('127.')) || /^(0{0,4}:){0,7}:?0{0,3}1$/.test(host);
}
