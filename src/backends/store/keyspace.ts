import type { Clock } from '../../base/clock';

/** Rough cost of an entry beside its own bytes. */
const ENTRY_BYTES = 96;

interface Entry {
  readonly value: Buffer;
  /** Milliseconds since the Unix epoch; null: never. */
  readonly expiresAt: number | null;
  /** Rises with every new key: SCAN goes on behind the last one it gave. */
  readonly order: number;
}

/**
 * Keys with values that may expire. Keys are bytes, held as latin1 strings. An expired key is gone for every caller at
 * once; what nobody asks for is taken away by sweep().
 */
export class Keyspace {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  #order = 0;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes that keys and values take, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many of the keys are to expire. */
  get expiring(): number {
    return [...this.#entries.values()].filter(({ expiresAt }) => expiresAt !== null).length;
  }

  get(key: string): Buffer | null {
    return this.#live(key)?.value ?? null;
  }

  has(key: string): boolean {
    return this.#live(key) !== null;
  }

  set(key: string, value: Buffer, expiresAt: number | null): void {
    const order = this.#live(key)?.order ?? ++this.#order;
    this.delete(key);
    this.#entries.set(key, { value, expiresAt, order });
    this.#bytes += costOf(key, value);
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#bytes -= costOf(key, entry.value);
    return !this.#isOver(entry);
  }

  /** Milliseconds since the Unix epoch, null: never; undefined: no such key. */
  expiryOf(key: string): number | null | undefined {
    return this.#live(key)?.expiresAt;
  }

  /** Does nothing without such a key. */
  setExpiry(key: string, expiresAt: number | null): void {
    const entry = this.#live(key);
    if (entry === null) return;
    // In its place: an entry that changes keeps its turn in a SCAN.
    this.#entries.set(key, { ...entry, expiresAt });
  }

  /** Up to `count` keys behind the cursor, oldest first, and the cursor to go on with; 0: all were seen. */
  scan(cursor: number, count: number): { readonly cursor: number; readonly keys: readonly string[] } {
    const behind = [...this.#entries]
      .filter(([, { order }]) => order > cursor)
      .toSorted((a, b) => a[1].order - b[1].order);
    const taken = behind.slice(0, count);
    const last = taken.at(-1)?.[1].order ?? 0;
    return {
      cursor: behind.length > taken.length ? last : 0,
      keys: taken.filter(([, entry]) => !this.#isOver(entry)).map(([key]) => key),
    };
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  /** Takes away what has expired. */
  sweep(): void {
    for (const key of [...this.#entries.keys()]) this.#live(key);
  }

  #live(key: string): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (!this.#isOver(entry)) return entry;
    this.delete(key);
    return null;
  }

  #isOver({ expiresAt }: Entry): boolean {
    return expiresAt !== null && expiresAt <= this.#clock.wallNow();
  }
}

function costOf(key: string, value: Buffer): number {
  return key.length + value.length + ENTRY_BYTES;
}
