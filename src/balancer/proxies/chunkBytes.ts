/** A chunk's bytes with its size in hexadecimal in front and two line ends. */
export function chunkBytes(length: number): number {
  return length + Math.ceil((32 - Math.clz32(length)) / 4) + 4;
}
