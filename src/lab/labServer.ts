import type { Clock } from '../base/clock';
import type { Disposable } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { message } from '../base/message';
import type { ServerState } from '../measurement/snapshot';
import {
  type BackendStart,
  COUNTER,
  COUNTER_BYTES,
  type Fault,
  type FromBackend,
  type ToBackend,
} from '../protocol/backendWorker';
import { WorkerThread } from './workerThread';

export type LabServerOptions = Omit<BackendStart, 'counters'> & {
  readonly workerPath: string;
  readonly clock: Clock;
  /** The thread ended though nobody asked it to. */
  onCrash(error: Error | null): void;
};

/** Counters of one server over all its lives: a revived server goes on where the killed one stopped. */
export interface LabServerCounts {
  readonly connections: number;
  readonly connectionsOpen: number;
  readonly received: number;
  readonly answered: number;
  readonly rejected: number;
  /** Their clients went away before the answer. */
  readonly abandoned: number;
  readonly inFlight: number;
  readonly queued: number;
}

/**
 * One backend of a running lab: a thread that can be killed and revived. Its counters live in shared memory, so that
 * what a killed thread had counted is not lost with it.
 */
export class LabServer implements Disposable {
  readonly id: string;
  readonly #options: LabServerOptions;
  readonly #lives: Int32Array[] = [];
  #thread: WorkerThread<ToBackend, FromBackend> | null = null;
  #state: ServerState = 'starting';
  #fault: Fault = { slowFactor: 1, errorRate: 0 };
  #deaths = 0;

  constructor(options: LabServerOptions) {
    this.id = options.id;
    this.#options = options;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** How many times it was killed or crashed. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Starts (or restarts) the thread. Gives declared -> actual port for each listener; throws ReaderError. */
  async start(): Promise<ReadonlyMap<number, number>> {
    const counters = new SharedArrayBuffer(COUNTER_BYTES);
    this.#lives.push(new Int32Array(counters));
    this.#state = 'starting';
    const { workerPath, onCrash, clock, ...start } = this.#options;
    const thread: WorkerThread<ToBackend, FromBackend> = new WorkerThread(
      workerPath,
      { ...start, counters } satisfies BackendStart,
      clock,
      {
        onMessage: () => {},
        onExit: (cause) => {
          if (this.#thread !== thread) return;
          this.#thread = null;
          this.#markDead();
          if (!cause.expected) onCrash(cause.error);
        },
      },
    );
    this.#thread = thread;
    const answer = await thread.next('listening', 'failed');
    if (answer === null || answer.type === 'failed') {
      const detail = answer?.text ?? 'the thread ended';
      throw new ReaderError('backend-start', message('Server {id} could not start: {detail}', { id: this.id, detail }));
    }
    this.#state = 'up';
    if (this.#fault.slowFactor !== 1 || this.#fault.errorRate !== 0) this.setFault(this.#fault);
    return new Map(answer.listen.map((entry) => [entry.declaredPort, entry.actualPort]));
  }

  /** Ends the thread at once, sockets and all, as a crash of the process would. */
  async kill(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    this.#thread = null;
    this.#markDead();
    await thread.end({ type: 'kill' });
  }

  setFault(fault: Fault): void {
    this.#fault = fault;
    this.#thread?.post({ type: 'fault', fault });
    if (this.#state !== 'dead') this.#state = fault.errorRate > 0 ? 'failing' : fault.slowFactor > 1 ? 'slow' : 'up';
  }

  counts(): LabServerCounts {
    const sum = (index: number): number => this.#lives.reduce((total, life) => total + Atomics.load(life, index), 0);
    const now = (index: number): number => {
      const life = this.#lives.at(-1);
      return life === undefined || this.#state === 'dead' ? 0 : Atomics.load(life, index);
    };
    return {
      connections: sum(COUNTER.connectionsAccepted),
      connectionsOpen: now(COUNTER.connectionsOpen),
      received: sum(COUNTER.received),
      answered: sum(COUNTER.answered),
      rejected: sum(COUNTER.rejected),
      abandoned: sum(COUNTER.abandoned),
      inFlight: now(COUNTER.inFlight),
      queued: now(COUNTER.queued),
    };
  }

  async dispose(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.dispose();
  }

  #markDead(): void {
    this.#state = 'dead';
    this.#deaths += 1;
  }
}
