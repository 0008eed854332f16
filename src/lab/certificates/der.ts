/** As much of DER (ITU-T X.690) as a certificate needs: each function gives the encoded value, tag and length included. */

export type Der = Uint8Array;

export function sequence(...parts: readonly Der[]): Der {
  return tagged(0x30, ...parts);
}

export function setOf(part: Der): Der {
  return tagged(0x31, part);
}

/** [number] EXPLICIT: a constructed value around others. */
export function explicit(number: number, ...parts: readonly Der[]): Der {
  return tagged(0xa0 + number, ...parts);
}

/** [number] IMPLICIT: a primitive value under another tag. */
export function implicit(number: number, content: Uint8Array): Der {
  return tagged(0x80 + number, content);
}

/** A whole number that is not negative, from its bytes, the most significant first. */
export function integer(bytes: Uint8Array): Der {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  // The first bit is the sign.
  return tagged(0x02, (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...digits) : digits);
}

export function boolean(value: boolean): Der {
  return tagged(0x01, Uint8Array.of(value ? 0xff : 0));
}

/** `unused`: how many of the last byte's bits, from the lowest, do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Der {
  return tagged(0x03, Uint8Array.of(unused), bytes);
}

export function octetString(bytes: Uint8Array): Der {
  return tagged(0x04, bytes);
}

export function utf8(text: string): Der {
  return tagged(0x0c, Buffer.from(text, 'utf8'));
}

/** "1.2.840.10045.4.3.2". */
export function objectId(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Uint8Array.from([40 * first + second, ...rest].flatMap(base128)));
}

/** A moment, ms since the Unix epoch, in whole seconds: UTCTime before 2050, then GeneralizedTime (RFC 5280, section 4.1.2.5). */
export function time(epochMs: number): Der {
  const date = new Date(epochMs);
  const digits = date.toISOString().replace(/\.\d+Z$|[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(`${digits.slice(2)}Z`, 'latin1'))
    : tagged(0x18, Buffer.from(`${digits}Z`, 'latin1'));
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Der {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(tag), lengthOf(content.length), content]);
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const digits: number[] = [];
  for (let left = length; left > 0; left >>>= 8) digits.unshift(left & 0xff);
  return Uint8Array.of(0x80 + digits.length, ...digits);
}

/** Seven bits a byte, all but the last with the highest bit set. */
function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
  return digits;
}
