/** First bytes; most connections of a stream server never need more at once. */
const SMALL_BYTES = 16 * 1024;
/** For what comes as a stream: the fewer reads and writes, the less a byte costs. */
const LARGE_BYTES = 256 * 1024;

/** Returned and waiting for the next to borrow; those beyond `most` are left to the garbage collector. */
class Spare {
  readonly #buffers: Buffer[] = [];

  constructor(
    readonly bytes: number,
    readonly most: number,
  ) {}

  take(): Buffer {
    return this.#buffers.pop() ?? Buffer.allocUnsafeSlow(this.bytes);
  }

  giveBack(buffer: Buffer): void {
    if (this.#buffers.length < this.most) this.#buffers.push(buffer);
  }
}

const small = new Spare(SMALL_BYTES, 128);
const large = new Spare(LARGE_BYTES, 16);

/**
 * What one connection reads into, for the `onread` of its socket. It is lent, as making it anew for each connection
 * costs more than the reads, and grows once, when a read has filled it.
 */
export class ReadBuffer {
  #current = small.take();
  #outgrown: Buffer | null = null;

  /** For the next read. */
  get current(): Buffer {
    return this.#current;
  }

  /** Tells how many bytes a read brought. They stay where they are. */
  took(bytes: number): void {
    if (bytes < this.#current.length || this.#outgrown !== null) return;
    this.#outgrown = this.#current;
    this.#current = large.take();
  }

  /** Once, when nobody reads into it or writes out of it any more. */
  release(): void {
    // A read that was cancelled may go on for a while there.
    if (process.platform === 'win32') return;
    if (this.#outgrown === null) small.giveBack(this.#current);
    else {
      small.giveBack(this.#outgrown);
      large.giveBack(this.#current);
    }
  }
}
