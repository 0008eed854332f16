/** MurmurHash2 by Austin Appleby (public domain), 32 bits, seeded as ngx_murmur_hash2() does: with the length alone. */
export function murmurHash2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  let left = data.length;
  let h = left;
  let at = 0;
  const byte = (i: number) => data[at + i] ?? 0;
  for (; left >= 4; left -= 4, at += 4) {
    let k = byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  if (left >= 3) h ^= byte(2) << 16;
  if (left >= 2) h ^= byte(1) << 8;
  if (left >= 1) h = Math.imul(h ^ byte(0), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return (h ^ (h >>> 15)) >>> 0;
}
