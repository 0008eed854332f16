import type { Clock } from '../base/clock';
import type { Disposable } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { message } from '../base/message';
import type { FromTraffic, LoadPlan, ToTraffic, TrafficReport } from '../protocol/trafficWorker';
import { type ThreadStart, WorkerThread } from './workerThread';

/** The clients of one run, wherever they are. */
export interface Traffic extends Disposable {
  /** Connects as far as the plan's clients do before their first request. Throws ReaderError. */
  prepare(plan: LoadPlan): Promise<void>;
  /** Sends; resolves to the last report. Throws ReaderError. */
  go(): Promise<TrafficReport>;
  tell(order: Extract<ToTraffic, { readonly type: 'stop' | 'adjust' | 'compare' | 'targets' }>): void;
}

/** The clients' thread of one run. */
export class RunTraffic implements Traffic {
  readonly #thread: WorkerThread<ToTraffic, FromTraffic>;

  constructor(
    options: Omit<ThreadStart, 'start'>,
    clock: Clock,
    handlers: {
      onReport(report: TrafficReport): void;
      /** So many requests were sent. */
      onMark(sent: number): void;
      onFailure(error: ReaderError): void;
    },
  ) {
    this.#thread = new WorkerThread<ToTraffic, FromTraffic>({ ...options, start: null }, clock, {
      onMessage: (received) => {
        if (received.type === 'report') handlers.onReport(received.report);
        if (received.type === 'mark') handlers.onMark(received.sent);
        if (received.type === 'failed') handlers.onFailure(failure(received));
      },
      onExit: (cause) => {
        if (!cause.expected) handlers.onFailure(trafficDied(cause.error));
      },
    });
  }

  async prepare(plan: LoadPlan): Promise<void> {
    const ready = this.#thread.next('ready', 'failed');
    this.#thread.post({ type: 'prepare', plan });
    const answer = await ready;
    if (answer === null) throw trafficDied(null);
    if (answer.type === 'failed') throw failure(answer);
  }

  async go(): Promise<TrafficReport> {
    const done = this.#thread.next('done');
    this.#thread.post({ type: 'go' });
    const final = await done;
    if (final === null) {
      throw new ReaderError('traffic-ended', message('The traffic thread ended before the run did.'));
    }
    return final.report;
  }

  tell(order: Parameters<Traffic['tell']>[0]): void {
    this.#thread.post(order);
  }

  dispose(): Promise<void> {
    return this.#thread.dispose();
  }
}

function failure(received: Extract<FromTraffic, { readonly type: 'failed' }>): ReaderError {
  return new ReaderError(received.code, message('{detail}', { detail: received.text }));
}

function trafficDied(error: Error | null): ReaderError {
  return new ReaderError(
    'traffic-died',
    message('The traffic thread died: {detail} The lab was stopped; run it again.', { detail: error?.message ?? '' }),
  );
}
