import type { AddressRange } from '../plan';

/** Addresses as numbers, to tell which network they are in. */

/** The address as nginx writes it, from its bytes (ngx_inet6_ntop); null: it is none. */
export function addressText(text: string): string | null {
  const bytes = bytesOf(text);
  return bytes === null ? null : textOf(bytes);
}

/** The same, of 4 or 16 bytes. */
export function textOf(bytes: ArrayLike<number>): string {
  return bytes.length === 4 ? Array.from(bytes).join('.') : ipv6Text(Array.from(bytes));
}

function ipv6Text(bytes: readonly number[]): string {
  const words = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  let zeroes = { at: -1, count: 1 };
  for (let at = 0; at < 8; at++) {
    let count = 0;
    while (words[at + count] === 0) count++;
    if (count > zeroes.count) zeroes = { at, count };
    at += count;
  }
  const { at, count } = zeroes;
  const mapped =
    at === 0 &&
    ((count === 5 && words[5] === 0xffff) || count === 6 || (count === 7 && bytes[14] !== 0 && bytes[15] !== 1));
  const shown = words.map((word) => word.toString(16));
  if (mapped) shown.splice(6, 2, bytes.slice(12).join('.'));
  if (at < 0) return shown.join(':');
  return `${shown.slice(0, at).join(':')}::${shown.slice(at + count).join(':')}`;
}

/** Whether an address is in the network. An IPv4 address in IPv6 clothes (::ffff:192.0.2.1) counts as IPv4, as in nginx. */
export function isWithin(address: string, range: AddressRange): boolean {
  const bytes = unmapped(bytesOf(address));
  const network = networkOf(range);
  if (bytes === null || network === null || bytes.length !== network.length) return false;
  const whole = range.prefix >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== network[i]) return false;
  const rest = range.prefix & 7;
  if (rest === 0) return true;
  const mask = 0xff << (8 - rest);
  return ((bytes[whole] ?? 0) & mask) === ((network[whole] ?? 0) & mask);
}

const networks = new WeakMap<AddressRange, readonly number[] | null>();

function networkOf(range: AddressRange): readonly number[] | null {
  let bytes = networks.get(range);
  if (bytes === undefined) {
    bytes = bytesOf(range.address);
    networks.set(range, bytes);
  }
  return bytes;
}

/** The 4 or 16 bytes of an address; null: it is none. */
export function bytesOf(text: string): readonly number[] | null {
  if (!text.includes(':')) return ipv4(text);
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head = '', tail] = halves;
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  if (before === null || after === null) return null;
  const missing = 16 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return null;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

function groups(text: string): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const last = i === parts.length - 1 ? ipv4(part) : null;
      if (last === null) return null;
      bytes.push(...last);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return null;
      const group = Number.parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
    }
  }
  return bytes;
}

function ipv4(text: string): readonly number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  return bytes.some((byte) => byte > 255) ? null : bytes;
}

function unmapped(bytes: readonly number[] | null): readonly number[] | null {
  if (bytes?.length !== 16) return bytes;
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.slice(12) : bytes;
}
