import type { Clock } from '../base/clock';
import type { Disposable } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import type { BalancerCounts } from '../measurement/snapshot';
import type {
  AddressMap,
  BalancerReport,
  BalancerStart,
  ConfSource,
  FromBalancer,
  ListenerAddress,
  ToBalancer,
} from '../protocol/balancerWorker';
import { ConfProblems } from './labConf';
import { type ThreadStart, WorkerThread } from './workerThread';

/** The balancer's thread of one run. */
export class RunBalancer implements Disposable {
  readonly #thread: WorkerThread<ToBalancer, FromBalancer>;
  readonly #clock: Clock;
  #reloads = 0;

  constructor(
    options: Omit<ThreadStart, 'start'> & { readonly start: BalancerStart },
    clock: Clock,
    handlers: { onReport(report: BalancerReport): void; onDeath(error: ReaderError): void },
  ) {
    this.#clock = clock;
    this.#thread = new WorkerThread<ToBalancer, FromBalancer>(options, clock, {
      onMessage: (received) => {
        if (received.type === 'report') handlers.onReport(received.report);
      },
      onExit: (cause) => {
        if (!cause.expected) handlers.onDeath(balancerDied(cause.error));
      },
    });
  }

  /** Where it listens. Throws ConfProblems, ReaderError. */
  async listening(): Promise<readonly ListenerAddress[]> {
    const answer = await this.#thread.next('listening', 'refused', 'failed');
    if (answer?.type === 'refused') throw new ConfProblems(answer.problems);
    if (answer === null || answer.type === 'failed') {
      throw balancerDied(answer === null ? null : new Error(answer.text));
    }
    return answer.listeners;
  }

  /** Gives it a configuration; the problems if it refuses it and runs on with the old one, else null. Throws ReaderError. */
  async reload(conf: ConfSource, addresses: AddressMap): Promise<readonly Problem[] | null> {
    const answer = this.#thread.next('reloaded', 'refused', 'failed');
    this.#thread.post({ type: 'reload', conf, addresses, serial: ++this.#reloads });
    const received = await answer;
    if (received?.type === 'refused') return received.problems;
    if (received === null || received.type === 'failed') {
      throw balancerDied(received === null ? null : new Error(received.text));
    }
    return null;
  }

  /** CPU time of its thread so far, ms; null where the system does not tell. */
  async cpuMs(): Promise<number | null> {
    const answer = this.#thread.next('cpu');
    this.#thread.post({ type: 'cpu' });
    return (await answer)?.usedMs ?? null;
  }

  /** Its counts as they stand now; null where its thread is gone. */
  async counts(): Promise<BalancerCounts | null> {
    const answer = this.#thread.next('counts');
    this.#thread.post({ type: 'counts' });
    return (await answer)?.counts ?? null;
  }

  /** Waits until nothing is under way any more, at most `limitMs`; `meanwhile` runs between. */
  async drain(limitMs: number, meanwhile: () => Promise<void>): Promise<void> {
    const drained = this.#thread.next('drained');
    this.#thread.post({ type: 'drain' });
    await meanwhile();
    const limit = new Promise<null>((resolve) => this.#clock.setTimeout(() => resolve(null), limitMs));
    await Promise.race([drained, limit]);
  }

  dispose(): Promise<void> {
    return this.#thread.dispose();
  }
}

function balancerDied(error: Error | null): ReaderError {
  return new ReaderError(
    'balancer-died',
    message('The balancer thread died: {detail} The lab was stopped; run it again.', { detail: error?.message ?? '' }),
  );
}
