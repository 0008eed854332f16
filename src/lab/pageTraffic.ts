import type { Clock, Timer } from '../base/clock';
import { deferred } from '../base/deferred';
import { ReaderError } from '../base/errors';
import { message } from '../base/message';
import { ClientCounter } from '../measurement/clientCounter';
import type { ClientFindings } from '../measurement/findings';
import type { BrowseBatch, BrowsePlan, PageClientKind } from '../protocol/browse';
import { loadMessagesService, MESSAGE_TYPES } from '../protocol/messagesService';
import type { LoadPlan, TrafficReport } from '../protocol/trafficWorker';
import type { Traffic } from './runTraffic';

/** A page that says nothing for so long is hidden or gone, ms. */
const SILENCE_LIMIT_MS = 10_000;
/** A page that was told to stop has so long to tell of what was on its way, ms. */
const STOP_LIMIT_MS = 3_000;
/** Of each server stream, messages. */
const NOTES = 5;

/** Asks the course page to send; what it tells is handed to the function given, batch by batch. */
export type AskPage = (plan: BrowsePlan, told: (batch: BrowseBatch) => void) => AskedPage;

export interface AskedPage {
  /** Has the page send nothing new; it tells what was on its way, and then that it is done. */
  stop(): void;
  /** Another rate from now on, requests per second; null: as fast as answers come. */
  setRate(rate: number | null): void;
  /** It is not listened to any more. */
  forget(): void;
}

/** The clients of a run where only a browser can be the client: the course page itself. */
export class PageTraffic implements Traffic {
  readonly #kind: PageClientKind;
  readonly #ask: AskPage;
  readonly #clock: Clock;
  readonly #onReport: (report: TrafficReport) => void;
  readonly #counter = new ClientCounter();
  readonly #done = deferred<TrafficReport>();
  #plan: BrowsePlan | null = null;
  #page: AskedPage | null = null;
  #silence: Timer | null = null;
  #isStopped = false;
  #startedAt = 0;
  #sent = 0;
  #streams = 0;
  #streamed = 0;

  constructor(kind: PageClientKind, ask: AskPage, clock: Clock, onReport: (report: TrafficReport) => void) {
    this.#kind = kind;
    this.#ask = ask;
    this.#clock = clock;
    this.#onReport = onReport;
    // A run may end before anyone waits for it.
    this.#done.promise.catch(() => {});
  }

  async prepare({ workload, targets, requests, concurrency, rate }: LoadPlan): Promise<void> {
    if (workload.kind !== 'message' || workload.sent === undefined)
      throw new Error('A page sends a message of the lab');
    const { kind, value } = workload.sent;
    const { definition } = await loadMessagesService();
    const { method } = MESSAGE_TYPES[kind];
    const hex = (bytes: Buffer) => bytes.toString('hex');
    this.#plan = {
      kind: this.#kind,
      origins: targets.map((target) => `http://${target}`),
      requests,
      concurrency,
      rate,
      message: {
        restPath: `/api/messages/${kind}`,
        echoPath: definition[method].path,
        watchPath: definition.Watch.path,
        json: JSON.stringify(value),
        protobuf: hex(definition[method].requestSerialize(value)),
        watchRequest: hex(definition.Watch.requestSerialize({ messages: NOTES, every_ms: 10 })),
      },
    };
  }

  go(): Promise<TrafficReport> {
    if (this.#plan === null) throw new Error('Nothing is prepared');
    this.#startedAt = this.#clock.now();
    this.#listen();
    this.#page = this.#ask(this.#plan, (batch) => this.#take(batch));
    return this.#done.promise;
  }

  /** A page sends what it was asked for, as one client; only another rate and an end can be told. */
  tell(order: Parameters<Traffic['tell']>[0]): void {
    if (order.type === 'adjust' && order.rate !== undefined) this.#page?.setRate(order.rate);
    if (order.type !== 'stop' || this.#page === null) return;
    this.#page.stop();
    this.#silence?.cancel();
    this.#silence = this.#clock.setTimeout(
      () => this.#done.reject(new ReaderError('disposed', message('The run was closed.'))),
      STOP_LIMIT_MS,
    );
    this.#isStopped = true;
  }

  dispose(): void {
    this.#silence?.cancel();
    this.#page?.forget();
  }

  #listen(): void {
    if (this.#isStopped) return;
    this.#silence?.cancel();
    this.#silence = this.#clock.setTimeout(() => {
      const text = message('The course page did not answer. Keep it in view while this arm runs.');
      this.#done.reject(new ReaderError('page-silent', text));
    }, SILENCE_LIMIT_MS);
  }

  #take({ sent, replies, tried, said, done }: BrowseBatch): void {
    this.#listen();
    const atMs = this.#clock.now() - this.#startedAt;
    for (; this.#sent < sent; this.#sent += 1) this.#counter.sent();
    for (const { streamed, ...reply } of replies) {
      this.#counter.ended({ ...reply, retries: 0 }, atMs);
      if (streamed > 1) {
        this.#streams += 1;
        this.#streamed += streamed;
      }
    }
    const findings: ClientFindings = {
      browser: { tried, said },
      ...(this.#streams === 0 ? {} : { streamed: { streams: this.#streams, toServer: 0, toClient: this.#streamed } }),
    };
    const report: TrafficReport = {
      atMs,
      counts: { ...this.#counter.counts(atMs, done, { opened: 0, open: 0 }), isBrowser: true },
      samples: [],
      findings,
      // A browser shows its scripts no sockets.
      bytes: 0,
      slots: this.#counter.takeSlots(),
    };
    if (done) {
      this.#silence?.cancel();
      this.#done.resolve(report);
    } else this.#onReport(report);
  }
}
