const polynomial = 0xedb88320;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** State of an empty CRC-32 (IEEE 802.3, as zlib and nginx compute it); feed it, then finish it. */
export const crc32Start = 0xffffffff;

export function crc32Byte(state: number, byte: number): number {
  return (table[(state ^ byte) & 0xff] ?? 0) ^ (state >>> 8);
}

/**
 * Feeds a text. Header values and URIs reach us with one character per byte, and count as those bytes; a text with
 * characters beyond that counts as UTF-8.
 */
export function crc32Text(state: number, text: string): number {
  let next = state;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return crc32Utf8(state, text);
    next = crc32Byte(next, code);
  }
  return next;
}

function crc32Utf8(state: number, text: string): number {
  let next = state;
  for (const byte of Buffer.from(text, 'utf8')) next = crc32Byte(next, byte);
  return next;
}

/** The checksum, 0 to 2^32 - 1. */
export function crc32Finish(state: number): number {
  return (state ^ 0xffffffff) >>> 0;
}
