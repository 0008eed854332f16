import type { Clock, Timer } from '../../src/base/clock';

/** A clock whose time passes only when a test says so. Timers fire in order of their time, then of their making. */
export class VirtualClock implements Clock {
  #now = 0;
  #made = 0;
  readonly #timers = new Map<Timer, { at: number; order: number; callback: () => void; everyMs: number | null }>();

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return 1_700_000_000_000 + this.#now;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    return this.#add(callback, ms, null);
  }

  setInterval(callback: () => void, ms: number): Timer {
    return this.#add(callback, ms, Math.max(1, ms));
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass to the next timer and fires it; false: there is none. */
  step(): boolean {
    let next: Timer | null = null;
    for (const [timer, { at, order }] of this.#timers) {
      const best = next === null ? undefined : this.#timers.get(next);
      if (best === undefined || at < best.at || (at === best.at && order < best.order)) next = timer;
    }
    const due = next === null ? undefined : this.#timers.get(next);
    if (next === null || due === undefined) return false;
    this.#now = Math.max(this.#now, due.at);
    if (due.everyMs === null) this.#timers.delete(next);
    else due.at += due.everyMs;
    due.callback();
    return true;
  }

  /** Lets this much time pass, firing what becomes due. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while ([...this.#timers.values()].some(({ at }) => at <= end)) this.step();
    this.#now = end;
  }

  #add(callback: () => void, ms: number, everyMs: number | null): Timer {
    const timer: Timer = { cancel: () => this.#timers.delete(timer) };
    this.#timers.set(timer, { at: this.#now + Math.max(0, ms), order: this.#made++, callback, everyMs });
    return timer;
  }
}
