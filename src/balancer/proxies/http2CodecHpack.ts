import { decodeHuffman, encodeHuffman, huffmanLength } from './http2CodecHuffman';
import { STATIC_TABLE } from './http2CodecTables';

/** RFC 7541: header blocks of one HTTP/2 connection, each direction with its own table. Names and values are latin1. */

/** SETTINGS_HEADER_TABLE_SIZE's initial value; neither side of ours asks for another. */
const TABLE_BYTES = 4_096;
/** What an entry takes besides its characters (section 4.1). */
const ENTRY_BYTES = 32;
const STATIC_COUNT = STATIC_TABLE.length;
/** Larger integers mean nothing here, and would not fit. */
const MOST = 2 ** 28;

interface Entry {
  readonly name: string;
  readonly value: string;
}

const STATIC_ENTRIES: readonly Entry[] = STATIC_TABLE.map(([name, value]) => ({ name, value }));

export class HpackDecoder {
  /** Oldest first. */
  #entries: Entry[] = [];
  #size = 0;
  #most = TABLE_BYTES;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** `longPadding`: only for test suites whose Huffman code ends with a byte of padding too many, as nginx takes it. */
  constructor(readonly longPadding = false) {}

  /**
   * Calls back with each field in order. False: the block is no valid one, the table is lost and with it the connection
   * (COMPRESSION_ERROR).
   */
  decode(block: Buffer, onField: (name: string, value: string) => void): boolean {
    this.#bytes = block;
    this.#at = 0;
    let begun = false;
    while (this.#at < block.length) {
      const first = block[this.#at] ?? 0;
      if (first >= 0x80) {
        const entry = this.#entry(this.#integer(7));
        if (entry === null) return false;
        onField(entry.name, entry.value);
      } else if (first >= 0x40 || first < 0x20) {
        const index = this.#integer(first >= 0x40 ? 6 : 4);
        if (index < 0) return false;
        const name = index === 0 ? this.#string() : (this.#entry(index)?.name ?? null);
        const value = name === null ? null : this.#string();
        if (name === null || value === null) return false;
        if (first >= 0x40) this.#insert({ name, value });
        onField(name, value);
      } else {
        const size = this.#integer(5);
        if (begun || size < 0 || size > TABLE_BYTES) return false;
        this.#most = size;
        this.#evict();
        continue;
      }
      begun = true;
    }
    return true;
  }

  #entry(index: number): Entry | null {
    if (index <= 0) return null;
    if (index <= STATIC_COUNT) return STATIC_ENTRIES[index - 1] ?? null;
    return this.#entries[this.#entries.length - (index - STATIC_COUNT)] ?? null;
  }

  #insert(entry: Entry): void {
    this.#entries.push(entry);
    this.#size += entry.name.length + entry.value.length + ENTRY_BYTES;
    this.#evict();
  }

  #evict(): void {
    let gone = 0;
    for (; this.#size > this.#most && gone < this.#entries.length; gone++) {
      const entry = this.#entries[gone];
      if (entry !== undefined) this.#size -= entry.name.length + entry.value.length + ENTRY_BYTES;
    }
    if (gone > 0) this.#entries.splice(0, gone);
  }

  /** Section 5.1; -1: cut off, or too large. */
  #integer(prefixBits: number): number {
    const bytes = this.#bytes;
    const mask = (1 << prefixBits) - 1;
    let value = (bytes[this.#at++] ?? 0) & mask;
    if (value < mask) return value;
    for (let factor = 1; ; factor *= 128) {
      if (this.#at >= bytes.length || factor > MOST) return -1;
      const byte = bytes[this.#at++] ?? 0;
      value += (byte & 127) * factor;
      if (value > MOST) return -1;
      if (byte < 128) return value;
    }
  }

  /** Section 5.2; null: cut off, or badly coded. */
  #string(): string | null {
    const bytes = this.#bytes;
    if (this.#at >= bytes.length) return null;
    const coded = (bytes[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    if (length < 0 || start + length > bytes.length) return null;
    this.#at = start + length;
    return coded
      ? decodeHuffman(bytes, start, start + length, this.longPadding)
      : bytes.toString('latin1', start, start + length);
  }
}

const staticNames = new Map<string, number>();
const staticFields = new Map<string, number>();
STATIC_TABLE.forEach(([name, value], i) => {
  if (!staticNames.has(name)) staticNames.set(name, i + 1);
  staticFields.set(`${name}\0${value}`, i + 1);
});

/** Different in nearly every message: they would only push others out of the table. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  'age',
  'content-length',
  'content-range',
  'etag',
  'grpc-message',
  'grpc-status-details-bin',
  'last-modified',
  'location',
]);
/** Secrets that neighbours must not keep in tables either (section 7.1.3). */
const NEVER_KEPT: ReadonlySet<string> = new Set(['authorization', 'set-cookie']);
const LONGEST_KEPT = 256;

let scratch = Buffer.allocUnsafe(4_096);

export class HpackEncoder {
  /** What stands in the table, with its number in the order of insertion. */
  readonly #numbers = new Map<string, number>();
  readonly #queue: { readonly key: string; readonly size: number }[] = [];
  #inserted = 0;
  #size = 0;
  #most = TABLE_BYTES;
  #announce = false;
  #at = 0;

  /** The other side's SETTINGS_HEADER_TABLE_SIZE; no more than the initial size is ever used. */
  limit(bytes: number): void {
    const most = Math.min(bytes, TABLE_BYTES);
    if (most === this.#most) return;
    this.#most = most;
    this.#announce = true;
    this.#evict();
  }

  /** Begins a block, with so many bytes left free before it. */
  begin(reserved: number): void {
    this.#at = reserved;
    if (!this.#announce) return;
    this.#announce = false;
    this.#integer(0x20, 5, this.#most);
  }

  add(name: string, value: string): void {
    const key = `${name}\0${value}`;
    const known = staticFields.get(key);
    if (known !== undefined) {
      this.#integer(0x80, 7, known);
      return;
    }
    const number = this.#numbers.get(key);
    if (number !== undefined) {
      this.#integer(0x80, 7, STATIC_COUNT + this.#inserted - number);
      return;
    }
    const size = name.length + value.length + ENTRY_BYTES;
    const kept = value.length <= LONGEST_KEPT && size <= this.#most && !NOT_KEPT.has(name) && !NEVER_KEPT.has(name);
    const nameIndex = staticNames.get(name) ?? 0;
    if (kept) this.#integer(0x40, 6, nameIndex);
    else this.#integer(NEVER_KEPT.has(name) ? 0x10 : 0, 4, nameIndex);
    // Coding costs more time than it saves bytes, but for what is sent once and then referred to.
    if (nameIndex === 0) this.#string(name, kept);
    this.#string(value, kept);
    if (!kept) return;
    this.#numbers.set(key, this.#inserted++);
    this.#queue.push({ key, size });
    this.#size += size;
    this.#evict();
  }

  /** The block with the bytes reserved before it, in memory of its own. */
  end(): Buffer {
    return Buffer.from(scratch.subarray(0, this.#at));
  }

  #evict(): void {
    while (this.#size > this.#most) {
      const oldest = this.#queue.shift();
      if (oldest === undefined) return;
      this.#size -= oldest.size;
      this.#numbers.delete(oldest.key);
    }
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= scratch.length) return;
    const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, this.#at + bytes));
    scratch.copy(larger, 0, 0, this.#at);
    scratch = larger;
  }

  #integer(pattern: number, prefixBits: number, value: number): void {
    this.#room(8);
    const mask = (1 << prefixBits) - 1;
    if (value < mask) {
      scratch[this.#at++] = pattern | value;
      return;
    }
    scratch[this.#at++] = pattern | mask;
    let rest = value - mask;
    for (; rest >= 128; rest = Math.floor(rest / 128)) scratch[this.#at++] = (rest % 128) | 128;
    scratch[this.#at++] = rest;
  }

  #string(text: string, worthCoding: boolean): void {
    const coded = worthCoding ? huffmanLength(text) : text.length;
    if (coded < text.length) {
      this.#integer(0x80, 7, coded);
      this.#room(coded);
      this.#at = encodeHuffman(text, scratch, this.#at);
      return;
    }
    this.#integer(0, 7, text.length);
    this.#room(text.length);
    this.#at += scratch.write(text, this.#at, 'latin1');
  }
}
