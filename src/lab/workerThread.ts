import { Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/dispose';
import type { LateStart } from '../base/workerStart';
import type { WarmThreads } from './warmThreads';

/** A thread that was asked to end gets this long; then it is terminated. */
const END_LIMIT_MS = 2_000;

/** Where the built worker entries are: one path each, so that tests may build their own. */
export interface WorkerPaths {
  readonly balancer: string;
  readonly backend: string;
  readonly traffic: string;
}

/** How a thread is started. */
export interface ThreadStart {
  readonly path: string;
  /** What its entry begins with. */
  readonly start: unknown;
  /** Where one may wait already, and with which libraries loaded. */
  readonly warm?: { readonly threads: WarmThreads; readonly preload: readonly string[] } | undefined;
}

export type ExitCause = { readonly expected: boolean; readonly error: Error | null };

/**
 * A worker thread with typed messages. A crash (uncaught error, out of memory, unexpected exit) ends in onExit with
 * `expected: false`, never in an exception of the host. Disposing asks the thread to close what it has and to end, and
 * waits until it is gone: Worker.terminate() while HTTP/2 data arrives can abort the whole process (nodejs/node#38418),
 * so that is kept for a thread that does not end by itself.
 */
export class WorkerThread<To extends { readonly type: string }, From extends { readonly type: string }>
  implements Disposable
{
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #waiting = new Set<{ matches(message: From): boolean; resolve(message: From | null): void }>();
  #error: Error | null = null;
  #ending = false;
  #gone = false;

  constructor(
    { path, start, warm }: ThreadStart,
    private readonly clock: Clock,
    handlers: { onMessage(message: From): void; onExit(cause: ExitCause): void },
  ) {
    const waiting = warm?.threads.take(path, warm.preload) ?? null;
    // stdout and stderr of a worker never reach the command line's standard output.
    this.#worker = waiting ?? new Worker(path, { workerData: start, stdout: true, stderr: true });
    waiting?.postMessage({ type: 'start', start } satisfies LateStart);
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.on('message', (message: From) => {
      for (const waiter of this.#waiting) {
        if (waiter.matches(message)) {
          this.#waiting.delete(waiter);
          waiter.resolve(message);
        }
      }
      handlers.onMessage(message);
    });
    this.#worker.on('error', (error) => {
      this.#error = error instanceof Error ? error : new Error(String(error));
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#gone = true;
        for (const waiter of this.#waiting) waiter.resolve(null);
        this.#waiting.clear();
        handlers.onExit({ expected: this.#ending, error: this.#error });
        resolve();
      });
    });
  }

  post(message: To): void {
    if (!this.#gone) this.#worker.postMessage(message);
  }

  /** The next message that is of one of the types; null when the worker is gone before it comes. */
  next<T extends From['type']>(...types: readonly T[]): Promise<Extract<From, { readonly type: T }> | null> {
    if (this.#gone) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#waiting.add({
        matches: (message) => (types as readonly string[]).includes(message.type),
        resolve: (message) => resolve(message as Extract<From, { readonly type: T }> | null),
      });
    });
  }

  /** Waits until the thread is gone. `order` is what it is told to end by. */
  async end(order: To): Promise<void> {
    this.#ending = true;
    this.post(order);
    const limit = this.clock.setTimeout(() => void this.#worker.terminate(), END_LIMIT_MS);
    await this.#exited;
    limit.cancel();
  }

  /** Tells the thread to end by itself, in its own time, and waits until it is gone. `dispose` cuts it short. */
  async leave(order: To): Promise<void> {
    this.#ending = true;
    this.post(order);
    await this.#exited;
  }

  dispose(): Promise<void> {
    return this.end({ type: 'close' } as unknown as To);
  }
}
