import { LIMITS } from './limits';

/** A request's body on its way in: how much came, and what has to be kept of it so that it can be sent (again). */
export class RequestBody {
  /** All of it came. */
  complete: boolean;
  received = 0;
  /** The body is gathered first: its length has to be known. */
  holding = false;
  /** Nobody can take it yet: whatever comes is kept, however much that is (its source has been told to stop). */
  waiting = false;
  /** Nobody is to get it: an error page answers in place of what it was for. */
  discarded = false;
  #heldLength = -1;
  #kept: Buffer[] | null = [];
  #keptBytes = 0;

  /** Bytes as declared; 0: none; -1: as many as come. */
  constructor(readonly declared: number) {
    this.complete = declared === 0;
  }

  /** Bytes to declare to a server; 0: none; -1: as many as come. */
  get length(): number {
    return this.#heldLength >= 0 ? this.#heldLength : this.declared;
  }

  /** What came so far; null: too much to keep, so that it cannot be sent again. */
  get kept(): readonly Buffer[] | null {
    return this.#kept;
  }

  keep(chunk: Buffer): void {
    if (this.#kept === null) return;
    this.#keptBytes += chunk.length;
    const limit = this.holding ? LIMITS.heldBodyBytes : LIMITS.replayBytes;
    if (this.#keptBytes > limit && this.#heldLength < 0 && !this.waiting) this.#kept = null;
    else this.#kept.push(chunk);
  }

  /** All that was kept has been sent once: what is too much for another time need not stay. */
  forgetExcess(): void {
    if (this.#keptBytes > LIMITS.replayBytes && this.#heldLength < 0) this.#kept = null;
  }

  discard(): void {
    this.discarded = true;
    this.holding = false;
    this.#kept = [];
  }

  /** Everything that was held is there. */
  held(): void {
    this.holding = false;
    this.#heldLength = this.received;
  }
}
