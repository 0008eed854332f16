import { CODE_LENGTHS, END_OF_STRING } from './http2CodecTables';

/** RFC 7541, section 5.2: strings in HPACK's fixed Huffman code. */

const codes = new Uint32Array(CODE_LENGTHS.length);
/** The tree: two children per node; a leaf is ~symbol. */
const children: number[] = [0, 0];

const symbols = CODE_LENGTHS.map((_, symbol) => symbol).sort(
  (a, b) => (CODE_LENGTHS[a] ?? 0) - (CODE_LENGTHS[b] ?? 0) || a - b,
);
let nextCode = 0;
let lastLength = 0;
for (const symbol of symbols) {
  const length = CODE_LENGTHS[symbol] ?? 0;
  nextCode *= 2 ** (length - lastLength);
  lastLength = length;
  codes[symbol] = nextCode;
  let node = 0;
  for (let bit = length - 1; bit >= 0; bit--) {
    const at = node * 2 + ((nextCode >>> bit) & 1);
    if (bit === 0) children[at] = ~symbol;
    else {
      if (children[at] === 0) {
        children[at] = children.length / 2;
        children.push(0, 0);
      }
      node = children[at] ?? 0;
    }
  }
  nextCode++;
}

/**
 * What four bits lead to from a node: the next node, and above it symbol + 1 where one ends on the way (no code is
 * shorter than five bits); -1 where the end-of-string symbol does, which no text may hold.
 */
const steps = new Int32Array((children.length / 2) * 16);
for (let node = 0; node < children.length / 2; node++) {
  for (let bits = 0; bits < 16; bits++) {
    let at = node;
    let emitted = 0;
    for (let bit = 3; bit >= 0 && emitted >= 0; bit--) {
      const next = children[at * 2 + ((bits >>> bit) & 1)] ?? 0;
      if (next >= 0) at = next;
      else {
        emitted = ~next === END_OF_STRING ? -1 : ~next + 1;
        at = 0;
      }
    }
    steps[node * 16 + bits] = emitted < 0 ? -1 : at | (emitted << 9);
  }
}

/** Bits of ones since the last symbol with which a string may end, and those that nginx takes. */
const PADDING_BITS = 7;
const LONG_PADDING_BITS = 15;
/** By node: so many bits of nothing but ones lead there. */
const padding = new Uint8Array(children.length / 2).fill(255);
for (let node = 0, depth = 0; depth <= LONG_PADDING_BITS && node >= 0; depth++) {
  padding[node] = depth;
  node = children[node * 2 + 1] ?? -1;
}

let scratch = Buffer.allocUnsafe(16 * 1024);

/** The text (latin1) of the coded bytes, or null where they are no valid code. `longPadding`: a byte more of it is taken. */
export function decodeHuffman(bytes: Buffer, start: number, end: number, longPadding = false): string | null {
  const most = Math.ceil(((end - start) * 8) / 5);
  if (scratch.length < most) scratch = Buffer.allocUnsafe(most);
  const out = scratch;
  let length = 0;
  let node = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    let step = steps[node * 16 + (byte >>> 4)] ?? -1;
    if (step < 0) return null;
    if (step > 511) out[length++] = (step >>> 9) - 1;
    node = step & 511;
    step = steps[node * 16 + (byte & 15)] ?? -1;
    if (step < 0) return null;
    if (step > 511) out[length++] = (step >>> 9) - 1;
    node = step & 511;
  }
  const mostPadding = longPadding ? LONG_PADDING_BITS : PADDING_BITS;
  return (padding[node] ?? 255) <= mostPadding ? out.toString('latin1', 0, length) : null;
}

/** Bytes that the text (latin1) takes when coded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i) & 255] ?? 0;
  return (bits + 7) >>> 3;
}

/** Writes the coded text at the offset; the end of what was written. */
export function encodeHuffman(text: string, into: Buffer, offset: number): number {
  let at = offset;
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 255;
    const length = CODE_LENGTHS[symbol] ?? 0;
    const code = codes[symbol] ?? 0;
    for (let left = length; left > 0; ) {
      const take = Math.min(left, 8 - bits);
      left -= take;
      pending = (pending << take) | ((code >>> left) & ((1 << take) - 1));
      bits += take;
      if (bits === 8) {
        into[at++] = pending;
        pending = 0;
        bits = 0;
      }
    }
  }
  // The rest of the last byte: the beginning of the end-of-string symbol, all ones.
  if (bits > 0) into[at++] = (pending << (8 - bits)) | ((1 << (8 - bits)) - 1);
  return at;
}
