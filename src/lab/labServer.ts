import type { Clock } from '../base/clock';
import type { Disposable } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { message } from '../base/message';
import type { ServerState } from '../measurement/snapshot';
import {
  type BackendStart,
  type CallsReport,
  COUNTER,
  COUNTER_BYTES,
  type Fault,
  type FromBackend,
  type InnerTarget,
  type SharedStore,
  type ToBackend,
} from '../protocol/backendWorker';
import type { PortClaims } from './portClaims';
import type { WarmThreads } from './warmThreads';
import { WorkerThread } from './workerThread';

/** No request came for so long: nobody sends to a server that left the configuration any more. */
const QUIET_MS = 100;
/** Connections that were bound to it before (L4) go on using it; then it says goodbye. */
const LINGER_MS = 600;
const DRAIN_LIMIT_MS = 3_000;

export type LabServerOptions = Omit<BackendStart, 'counters' | 'store' | 'calls'> & {
  /** Asked at each start: where the servers of the run share their sessions. */
  readonly store: () => SharedStore | null;
  readonly workerPath: string;
  readonly warm: WarmThreads | undefined;
  readonly clock: Clock;
  /** Of the run: nobody else listens where this server does, even while it is dead. */
  readonly claims: PortClaims;
  /** What it measured of its own calls; `life` counts its starts from 0. */
  onCalls(life: number, report: CallsReport): void;
  /** The thread ended though nobody asked it to. */
  onCrash(error: Error | null): void;
};

/** What one life of a server sent to others. */
export interface CallLife {
  readonly sent: number;
  readonly connectionsOpened: number;
  readonly isRunning: boolean;
}

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
  readonly store: { readonly connections: number; readonly connectionsOpen: number; readonly commands: number };
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
  #listen: BackendStart['listen'];
  #calls: readonly InnerTarget[] | null = null;
  #leaving: Promise<void> = Promise.resolve();

  constructor(options: LabServerOptions) {
    this.id = options.id;
    this.#options = options;
    this.#listen = options.listen;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** How many times it was killed or crashed. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Where it listens from its next start on. */
  listenOn(listen: BackendStart['listen']): void {
    this.#listen = listen;
  }

  /** Whom it may ask from its next start on; null: nobody. */
  callOn(targets: readonly InnerTarget[] | null): void {
    this.#calls = targets;
  }

  /** Has it tell (onCalls) what it measured of its own calls; for one that asks nobody nothing follows. */
  askForCalls(): void {
    if (this.#calls !== null) this.#thread?.post({ type: 'report-calls' });
  }

  /** What it sent to others, life by life; null: it asks nobody. */
  callLives(): readonly CallLife[] | null {
    if (this.#calls === null) return null;
    return this.#lives.map((cells, index) => ({
      sent: Atomics.load(cells, COUNTER.callsSent),
      connectionsOpened: Atomics.load(cells, COUNTER.callConnections),
      isRunning: index === this.#lives.length - 1 && this.#thread !== null,
    }));
  }

  /** Starts (or restarts) the thread. Gives declared -> actual port for each listener; throws ReaderError. */
  async start(): Promise<ReadonlyMap<number, number>> {
    // Its last life may not have left its port yet.
    await this.#leaving;
    const counters = new SharedArrayBuffer(COUNTER_BYTES);
    this.#lives.push(new Int32Array(counters));
    this.#state = 'starting';
    const { workerPath, warm, onCrash, onCalls, clock, claims, store, ...start } = this.#options;
    const declared = this.#listen;
    const listen = await Promise.all(declared.map(async (at) => ({ ...at, port: await claims.portFor(at.port) })));
    const life = this.#lives.length - 1;
    const calls = this.#calls === null ? {} : { calls: this.#calls };
    const preload = [...new Set(declared.map(({ protocol }) => protocol))];
    const thread: WorkerThread<ToBackend, FromBackend> = new WorkerThread(
      {
        path: workerPath,
        start: { ...start, store: store(), listen, counters, ...calls } satisfies BackendStart,
        warm: warm && { threads: warm, preload },
      },
      clock,
      {
        onMessage: (received) => {
          if (received.type === 'calls') onCalls(life, received.report);
        },
        onExit: (cause) => {
          if (this.#thread !== thread) return;
          this.#thread = null;
          if (this.#state === 'draining' && cause.expected) this.#state = 'removed';
          else this.#markDead();
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
    // It tells them in the order in which it was given them.
    return new Map(answer.listen.map(({ actualPort }, index) => [declared[index]?.port ?? actualPort, actualPort]));
  }

  /** Ends the thread at once, sockets and all, as a crash of the process would. */
  async kill(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    this.#thread = null;
    this.#markDead();
    await thread.end({ type: 'kill' });
  }

  /**
   * Ends it as an operator does who took it out of the configuration: it goes on serving until nobody asks it any more
   * (QUIET_MS, at most LINGER_MS), then says goodbye on its connections, finishes what runs, and ends.
   */
  drain(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) {
      if (this.#state === 'dead') this.#state = 'removed';
      return this.#leaving;
    }
    if (this.#state !== 'draining') {
      this.#state = 'draining';
      this.#leaving = this.#leave(thread);
    }
    return this.#leaving;
  }

  async #leave(thread: WorkerThread<ToBackend, FromBackend>): Promise<void> {
    await this.#untilQuiet();
    const { clock } = this.#options;
    const limit = clock.setTimeout(() => {
      // Cut off in the middle of something: what it had counted need not add up.
      this.#deaths += 1;
      void thread.dispose();
    }, DRAIN_LIMIT_MS);
    await thread.leave({ type: 'drain' });
    limit.cancel();
  }

  async #untilQuiet(): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.now() + LINGER_MS;
    let received = -1;
    let since = clock.now();
    while (this.#thread !== null && clock.now() < deadline) {
      const now = this.counts();
      if (now.received !== received || now.inFlight > 0 || now.queued > 0) {
        received = now.received;
        since = clock.now();
      } else if (clock.now() - since >= QUIET_MS) return;
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 20));
    }
  }

  setFault(fault: Fault): void {
    this.#fault = fault;
    this.#thread?.post({ type: 'fault', fault });
    if (this.#thread !== null && this.#state !== 'draining')
      this.#state = fault.errorRate > 0 ? 'failing' : fault.slowFactor > 1 ? 'slow' : 'up';
  }

  counts(): LabServerCounts {
    const sum = (index: number): number => this.#lives.reduce((total, life) => total + Atomics.load(life, index), 0);
    const now = (index: number): number => {
      const life = this.#lives.at(-1);
      return life === undefined || this.#state === 'dead' || this.#state === 'removed' ? 0 : Atomics.load(life, index);
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
      store: {
        connections: sum(COUNTER.storeConnections),
        connectionsOpen: now(COUNTER.storeConnectionsOpen),
        commands: sum(COUNTER.storeCommands),
      },
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
