import { BodyFile } from './bodyFile';
import { LIMITS } from './limits';

/** A request's body on its way in: how much came, and what has to be kept of it so that it can be sent (again). */
export class RequestBody {
  /** All of it came. */
  complete: boolean;
  /** Bytes. */
  received = 0;
  /** It was all there as soon as anything of the request was. */
  cameAtOnce = false;
  /** The body is gathered first: its length has to be known. */
  holding = false;
  /** Nobody can take it yet: whatever comes is kept, however much that is (its source has been told to stop). */
  waiting = false;
  /** Nobody is to get it: an error page answers in place of what it was for. */
  discarded = false;
  /** Somebody may want it once more: what is too much for memory goes to a file. */
  neededAgain = false;
  /** Bytes that may stay in memory. */
  memoryLimit: number = LIMITS.replayBytes;
  #heldLength = -1;
  #memory: Buffer[] | null = [];
  #memoryBytes = 0;
  #file: BodyFile | null = null;

  /** Bytes as declared; 0: none; -1: as many as come. */
  constructor(readonly declared: number) {
    this.complete = declared === 0;
  }

  /** Bytes to declare to a server; 0: none; -1: as many as come. */
  get length(): number {
    return this.#heldLength >= 0 ? this.#heldLength : this.declared;
  }

  /** All that came is still there. False: it was too much, and cannot be sent again. */
  get isKept(): boolean {
    return this.#memory !== null || this.#file !== null;
  }

  /** Throws what the system says of the file. */
  keep(chunk: Buffer): void {
    if (this.#file !== null) this.#file.append(chunk);
    else if (this.#memory !== null) {
      this.#memory.push(chunk);
      this.#memoryBytes += chunk.length;
      if (!this.waiting) this.forgetExcess();
    }
  }

  /** A piece of what is kept, from `at` on; `at` is less than `received`. */
  read(at: number): Buffer {
    if (this.#file !== null) return this.#file.read(at);
    const [first, ...rest] = this.#memory ?? [];
    if (first === undefined) throw new Error('Nothing was kept of the body');
    const whole = rest.length === 0 ? first : Buffer.concat([first, ...rest]);
    this.#memory = [whole];
    return at === 0 ? whole : whole.subarray(at);
  }

  /**
   * latin1; '' where it is longer than `limit` (and a quarter, as nginx allots it) or not all there: what nginx has in a
   * file it does not tell either.
   */
  text(limit: number): string {
    if (!this.complete || this.discarded || this.received > limit * 1.25 || !this.isKept || this.received === 0)
      return '';
    let text = '';
    for (let at = 0; at < this.received; ) {
      const piece = this.read(at);
      text += piece.toString('latin1');
      at += piece.length;
    }
    return text;
  }

  /** What is too much for memory need not stay there: it goes to a file, or away if nobody needs it. */
  forgetExcess(): void {
    if (this.#memory === null || this.#memoryBytes <= this.memoryLimit) return;
    const chunks = this.#memory;
    this.#memory = null;
    if (!this.neededAgain && !this.holding) return;
    this.#file = new BodyFile();
    for (const chunk of chunks) this.#file.append(chunk);
  }

  discard(): void {
    this.discarded = true;
    this.holding = false;
    this.#memory = [];
    this.release();
  }

  /** Everything that was held is there. */
  held(): void {
    this.holding = false;
    this.#heldLength = this.received;
  }

  /** Nobody will ask for it any more. */
  release(): void {
    const file = this.#file;
    this.#file = null;
    file?.close();
  }
}
