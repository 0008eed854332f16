import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { type Message, message } from '../base/message';
import type { StoreState } from '../measurement/snapshot';
import type { SharedStore } from '../protocol/backendWorker';
import type { FromStore, StoreChoice, StoreStart, ToStore } from '../protocol/storeWorker';
import type { PortClaims } from './portClaims';
import { WorkerThread } from './workerThread';

type Ready = Extract<FromStore, { readonly type: 'ready' }>;

export interface RunStoreOptions {
  readonly workerPath: string;
  readonly clock: Clock;
  readonly choice: StoreChoice;
  /** As declared; where it is taken, another. */
  readonly port: number;
  readonly claims: PortClaims;
  /** It ended though nobody asked it to. */
  onCrash(error: Error | null): void;
}

/** The session store of one run: a thread with a store in it, or that watches over a Redis program or address. */
export class RunStore implements Disposable {
  readonly #options: RunStoreOptions;
  readonly #prefix = `traffic-lab:${randomUUID()}:`;
  #thread: WorkerThread<ToStore, FromStore> | null = null;
  #ready: Ready | null = null;
  #state: StoreState['state'] = 'starting';

  constructor(options: RunStoreOptions) {
    this.#options = options;
  }

  get state(): StoreState {
    return { name: this.#ready?.name ?? '', state: this.#state, isOurs: this.#ready?.isOurs ?? true };
  }

  /** Where the servers find it; null before it was started. */
  get shared(): SharedStore | null {
    return this.#ready === null ? null : { url: this.#ready.url, prefix: this.#prefix };
  }

  /** Resolves when sessions can be kept there, to what a reader should know of the choice. Throws ReaderError. */
  async start(): Promise<Message | null> {
    const { choice, port, claims } = this.#options;
    this.#ready = await this.#open(choice, await claims.portFor(port));
    return this.#ready.note;
  }

  /** Ends it at once with all it held. Throws ReaderError for a store that is the reader's own. */
  async kill(): Promise<void> {
    this.needOurs();
    const thread = this.#thread;
    if (thread === null) return;
    this.#thread = null;
    this.#state = 'dead';
    await thread.end({ type: 'kill' });
  }

  /** Starts it again, empty, where it was: the servers go on trying there. Throws ReaderError. */
  async revive(): Promise<void> {
    const was = this.#ready;
    if (was === null || this.#state !== 'dead') return;
    const choice: StoreChoice = was.name === BUILT_IN ? { kind: 'built-in' } : this.#options.choice;
    this.#ready = await this.#open(choice, was.port);
    if (this.#ready.port !== was.port) {
      throw new ReaderError(
        'store-port',
        message('The port of the session store, {port}, was taken meanwhile. Run the lab again.', { port: was.port }),
      );
    }
  }

  /** Throws ReaderError where the store is the reader's own, which no lab may end. */
  needOurs(): void {
    if (this.#ready === null || this.#ready.isOurs) return;
    throw new ReaderError(
      'store-not-ours',
      message('{store} is your own Redis, and the lab does not end it. Leave its address empty to try this.', {
        store: this.#ready.name,
      }),
    );
  }

  async #open(choice: StoreChoice, port: number): Promise<Ready> {
    const { workerPath, clock, onCrash } = this.#options;
    this.#state = 'starting';
    const thread: WorkerThread<ToStore, FromStore> = new WorkerThread(
      { path: workerPath, start: { choice, port, prefix: this.#prefix } satisfies StoreStart },
      clock,
      {
        onMessage: () => {},
        onExit: ({ expected, error }) => {
          if (this.#thread !== thread) return;
          this.#thread = null;
          const served = this.#state === 'up';
          this.#state = 'dead';
          if (!expected && served) onCrash(error);
        },
      },
    );
    this.#thread = thread;
    const answer = await thread.next('ready', 'failed');
    if (answer?.type !== 'ready') this.#state = 'dead';
    if (answer === null) {
      throw new ReaderError('store-died', message('The session store could not start. Run the lab again.'));
    }
    if (answer.type === 'failed') throw new ReaderError(answer.code, answer.text);
    this.#state = 'up';
    return answer;
  }

  async dispose(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.dispose();
  }
}

const BUILT_IN = 'built-in';
