import type { Clock, Timer } from '../../base/clock';

/** Something that must happen before a moment. Setting the moment is one store; no timer is made or cleared for it. */
export interface Timed {
  /** On the clock's now() scale, ms; Infinity: none. */
  deadlineAt: number;
  onDeadline(): void;
}

/** How late a deadline may be noticed, ms. */
const STEP_MS = 50;

/** Watches all deadlines of the data plane with one interval, which runs only while there is something to watch. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #watched = new Set<Timed>();
  #interval: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  watch(timed: Timed): void {
    this.#watched.add(timed);
    this.#interval ??= this.#clock.setInterval(() => this.#sweep(), STEP_MS);
  }

  unwatch(timed: Timed): void {
    this.#watched.delete(timed);
    if (this.#watched.size > 0) return;
    this.#interval?.cancel();
    this.#interval = null;
  }

  #sweep(): void {
    const now = this.#clock.now();
    // First all that are due, then what that leads to: what comes to be watched meanwhile has its turn another time, so
    // that one sweep ends whatever they do.
    const due: Timed[] = [];
    for (const timed of this.#watched) if (timed.deadlineAt <= now) due.push(timed);
    for (const timed of due) {
      if (!this.#watched.has(timed) || timed.deadlineAt > now) continue;
      timed.deadlineAt = Number.POSITIVE_INFINITY;
      timed.onDeadline();
    }
  }
}
