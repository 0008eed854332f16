import type { Clock, Timer } from '../base/clock';

export interface LoadShape {
  readonly requests: number;
  /** At most so many in flight. */
  readonly bound: number;
  /** Open loop: requests per second; null: closed loop. */
  readonly rate: number | null;
  /** Counts of sent requests at which `mark` is called, ascending. */
  readonly marks?: readonly number[];
}

/** Sends request number `index`, which was to start at `intendedAt` (of the clock). The answer comes back as ended(). */
export type Issue = (index: number, intendedAt: number) => void;

/**
 * When each request of a run is sent.
 *
 * Open loop: request i is due at start + i/rate, whatever became of the ones before; those that the in-flight bound
 * holds back go out late, but their latency counts from when they were due. So a stall of the server shows in the
 * percentiles of all who had to wait, not in the one that met it ("coordinated omission", Gil Tene).
 * Closed loop: `bound` requests at a time, the next as soon as one ends; due when it is sent.
 *
 * Calls `done` once, when all are sent (or it was stopped) and none is in flight.
 */
export class Load {
  readonly #shape: LoadShape;
  readonly #clock: Clock;
  readonly #issue: Issue;
  readonly #done: () => void;
  readonly #mark: (sent: number) => void;
  #marks: readonly number[];
  #rate: number | null;
  /** Request number `from` is due at `at`, the ones behind it by the rate. */
  #paced = { at: 0, from: 0 };
  #issued = 0;
  #inFlight = 0;
  #timer: Timer | null = null;
  #state: 'idle' | 'running' | 'stopping' | 'done' = 'idle';
  #pumping = false;

  constructor(shape: LoadShape, clock: Clock, issue: Issue, done: () => void, mark: (sent: number) => void = () => {}) {
    this.#shape = shape;
    this.#rate = shape.rate;
    this.#marks = shape.marks ?? [];
    this.#mark = mark;
    this.#clock = clock;
    this.#issue = issue;
    this.#done = done;
  }

  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    this.#paced = { at: this.#clock.now(), from: 0 };
    this.#pump();
  }

  /** Another rate from now on. What was due before and is late goes out first, by its own due time's order. */
  setRate(rate: number | null): void {
    const now = this.#clock.now();
    const next = this.#dueAt(now);
    this.#rate = rate;
    this.#paced = { at: Math.min(next, now), from: this.#issued };
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#state === 'running') this.#pump();
  }

  /** A request ended, one way or the other. May be called while it is being issued. */
  ended(): void {
    this.#inFlight -= 1;
    this.#pump();
  }

  /** Sends no more; what is in flight may end. */
  stop(): void {
    if (this.#state === 'done') return;
    this.#state = 'stopping';
    this.#timer?.cancel();
    this.#timer = null;
    this.#finishIfOver();
  }

  #pump(): void {
    // A request may end while it is issued; the flag keeps that a loop rather than a recursion.
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#state === 'running' && this.#issued < this.#shape.requests && this.#inFlight < this.#shape.bound) {
      const now = this.#clock.now();
      const dueAt = this.#dueAt(now);
      if (dueAt > now) {
        this.#wakeAt(dueAt, now);
        break;
      }
      this.#inFlight += 1;
      this.#issue(this.#issued++, dueAt);
      while (this.#marks[0] !== undefined && this.#marks[0] <= this.#issued) {
        this.#marks = this.#marks.slice(1);
        this.#mark(this.#issued);
      }
    }
    this.#pumping = false;
    this.#finishIfOver();
  }

  #dueAt(now: number): number {
    return this.#rate === null ? now : this.#paced.at + ((this.#issued - this.#paced.from) * 1000) / this.#rate;
  }

  #wakeAt(dueAt: number, now: number): void {
    if (this.#timer !== null) return;
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timer = null;
        this.#pump();
      },
      Math.ceil(dueAt - now),
    );
  }

  #finishIfOver(): void {
    const over = this.#state === 'stopping' || (this.#state === 'running' && this.#issued >= this.#shape.requests);
    if (!over || this.#inFlight > 0) return;
    this.#state = 'done';
    this.#done();
  }
}
