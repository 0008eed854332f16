import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../base/clock';
import type { WarmStart } from '../base/workerStart';

/** Threads that nobody took are let go after this long. */
const KEEP_MS = 120_000;
const MOST = 8;

/** What to have ready: the worker entry's path and the libraries it should have loaded. */
export interface WarmWish {
  readonly path: string;
  readonly preload: readonly string[];
  readonly count: number;
}

/**
 * Threads started before they are needed: starting one and loading its libraries is most of the time between a click on
 * Run and the first number. Idle ones cost memory only, and go when nobody takes them.
 */
export class WarmThreads {
  readonly #ready: { readonly path: string; readonly preload: string; readonly worker: Worker }[] = [];
  readonly #clock: Clock;
  #expiry: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has these ready, and nothing else. At most 8 in all. */
  prepare(wishes: readonly WarmWish[]): void {
    const wanted = wishes
      .flatMap(({ path, preload, count }) => Array.from({ length: count }, () => ({ path, preload })))
      .slice(0, MOST);
    const spare = [...this.#ready];
    for (const { path, preload } of wanted) {
      const names = preload.join(' ');
      const known = spare.findIndex((thread) => thread.path === path && thread.preload === names);
      if (known >= 0) spare.splice(known, 1);
      else this.#start(path, preload);
    }
    for (const { worker } of spare) this.#end(worker);
    this.#expiry?.cancel();
    this.#expiry = this.#clock.setTimeout(() => this.dispose(), KEEP_MS);
  }

  /** A thread that waits for its start, taken out for good; null: none of that path is ready. */
  take(path: string, preload: readonly string[]): Worker | null {
    const names = preload.join(' ');
    const exact = this.#ready.findIndex((thread) => thread.path === path && thread.preload === names);
    const found = exact >= 0 ? exact : this.#ready.findIndex((thread) => thread.path === path);
    const [taken] = found < 0 ? [] : this.#ready.splice(found, 1);
    if (taken === undefined) return null;
    taken.worker.removeAllListeners();
    return taken.worker;
  }

  dispose(): void {
    this.#expiry?.cancel();
    this.#expiry = null;
    for (const { worker } of [...this.#ready]) this.#end(worker);
  }

  #start(path: string, preload: readonly string[]): void {
    const worker = new Worker(path, {
      workerData: { warm: true, preload } satisfies WarmStart,
      stdout: true,
      stderr: true,
    });
    this.#ready.push({ path, preload: preload.join(' '), worker });
    // One that breaks while it waits is none; whoever needs it starts another.
    worker.once('error', () => this.#forget(worker));
    worker.once('exit', () => this.#forget(worker));
  }

  #end(worker: Worker): void {
    this.#forget(worker);
    // It has nothing open yet, so that terminating is safe.
    void worker.terminate();
  }

  #forget(worker: Worker): void {
    const index = this.#ready.findIndex((thread) => thread.worker === worker);
    if (index >= 0) this.#ready.splice(index, 1);
  }
}
