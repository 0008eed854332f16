import { COUNTER } from '../protocol/backendWorker';

type CounterName = keyof typeof COUNTER;

/** The counters a backend shares with whoever started it. Written with Atomics: they outlive a killed thread. */
export class Counters {
  readonly #cells: Int32Array;
  #frozen = false;

  constructor(shared: SharedArrayBuffer) {
    this.#cells = new Int32Array(shared);
  }

  add(name: CounterName, by = 1): void {
    if (!this.#frozen) Atomics.add(this.#cells, COUNTER[name], by);
  }

  set(name: CounterName, value: number): void {
    if (!this.#frozen) Atomics.store(this.#cells, COUNTER[name], value);
  }

  /** Counts no more: a dead server does not notice how its clients go away. */
  freeze(): void {
    this.#frozen = true;
  }
}

export type BackendCounters = Readonly<Record<CounterName, number>>;

/** What a backend has counted so far; callable while it runs and after it died. */
export function readCounters(shared: SharedArrayBuffer): BackendCounters {
  const cells = new Int32Array(shared);
  return Object.fromEntries(
    Object.entries(COUNTER).map(([name, index]) => [name, Atomics.load(cells, index)]),
  ) as BackendCounters;
}
