import type { Clock, Timer } from '../base/clock';
import { exponential, type Random } from '../base/random';
import type { Capacity as CapacityLimits } from '../protocol/backendWorker';

/** A request's place in a backend: waiting, being served, or gone. */
export interface Place {
  /** Gives the place up: it leaves the queue, or its slot goes to the next. Does nothing once served. */
  leave(): void;
}

interface Guest {
  readonly served: () => void;
  timer: Timer | null;
}

/** Largest rounding error carried from one service to the next, ms; a stall of the thread is not paid back in full. */
const MAX_CARRY_MS = 1;

/** Service time that is multiplied where a server without one is slowed, ms. */
const LEAST_SLOWED_MS = 1;

/**
 * Finite capacity: `slots` requests are served at a time, `queue` more wait in order of arrival, further ones are
 * refused. Service takes `serviceTimeMs` (times the slow factor), fixed or exponentially distributed, so that queues
 * build as they do in life (M/D/c and M/M/c with a finite queue). Holds no sockets; time and chance come in.
 */
export class Capacity {
  readonly #limits: CapacityLimits;
  readonly #clock: Clock;
  readonly #random: Random;
  // Sets keep the order of arrival and lose a guest in constant time.
  readonly #waiting = new Set<Guest>();
  readonly #serving = new Set<Guest>();
  #slowFactor = 1;
  #carryMs = 0;
  #filling = false;

  constructor(limits: CapacityLimits, clock: Clock, random: Random) {
    this.#limits = limits;
    this.#clock = clock;
    this.#random = random;
  }

  get serving(): number {
    return this.#serving.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Multiplies the service time of whoever begins to be served from now on. */
  setSlowFactor(factor: number): void {
    this.#slowFactor = factor;
  }

  /**
   * Takes a request in, or returns null: slots and queue are full. `served` is called once when its service time has
   * passed, its slot free again; it may be called before enter() returns, where service takes no time.
   */
  enter(served: () => void): Place | null {
    if (this.#serving.size >= this.#limits.slots && this.#waiting.size >= this.#limits.queue) return null;
    const guest: Guest = { served, timer: null };
    this.#waiting.add(guest);
    this.#fillSlots();
    return { leave: () => this.#leave(guest) };
  }

  #leave(guest: Guest): void {
    if (this.#waiting.delete(guest)) return;
    if (!this.#serving.delete(guest)) return;
    guest.timer?.cancel();
    this.#fillSlots();
  }

  #fillSlots(): void {
    // Service without delay ends inside this loop; the flag keeps it a loop where it would be a recursion.
    if (this.#filling) return;
    this.#filling = true;
    try {
      for (const guest of this.#waiting) {
        if (this.#serving.size >= this.#limits.slots) break;
        this.#waiting.delete(guest);
        this.#serve(guest);
      }
    } finally {
      this.#filling = false;
    }
  }

  #serve(guest: Guest): void {
    this.#serving.add(guest);
    // Timers count whole milliseconds and fire late. What a service took too long or too short is carried to the next,
    // so that the mean stays what was asked for even where it is 1.5 ms.
    const wantedMs = Math.max(0, this.#serviceTimeMs() + this.#carryMs);
    const timerMs = Math.floor(wantedMs);
    if (timerMs < 1) {
      this.#carry(wantedMs);
      this.#finish(guest);
      return;
    }
    const startedAt = this.#clock.now();
    guest.timer = this.#clock.setTimeout(() => {
      this.#carry(wantedMs - (this.#clock.now() - startedAt));
      this.#finish(guest);
      this.#fillSlots();
    }, timerMs);
  }

  #finish(guest: Guest): void {
    this.#serving.delete(guest);
    guest.served();
  }

  #carry(ms: number): void {
    this.#carryMs = Math.min(MAX_CARRY_MS, Math.max(-MAX_CARRY_MS, ms));
  }

  #serviceTimeMs(): number {
    // Times nothing is nothing: a server that takes no time to serve is slowed as if it took the least it could.
    const base =
      this.#slowFactor > 1 ? Math.max(LEAST_SLOWED_MS, this.#limits.serviceTimeMs) : this.#limits.serviceTimeMs;
    const mean = base * this.#slowFactor;
    return this.#limits.distribution === 'fixed' ? mean : exponential(this.#random, mean);
  }
}
