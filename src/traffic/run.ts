import type { Clock, Timer } from '../base/clock';
import type { Disposable } from '../base/dispose';
import { type Random, seededRandom } from '../base/random';
import { ClientCounter } from '../measurement/clientCounter';
import { TRACE_HEADER } from '../protocol/backendWorker';
import type { ClientSample, LoadPlan, Population, TrafficReport } from '../protocol/trafficWorker';
import type { Reply, TrafficClient } from './clients/client';
import type { ClientSockets } from './clients/clientSockets';
import { Load } from './load';
import { headersOf, personOf, senderOf } from './population';
import { SAMPLES_PER_REPORT, Tracer } from './tracer';
import { createWorkload } from './workloads/index';
import type { Call, Workload } from './workloads/workload';

const REPORT_MS = 100;

export interface RunListener {
  report(report: TrafficReport): void;
  done(report: TrafficReport): void;
  /** So many requests were sent: one of the plan's marks was reached. */
  mark(sent: number): void;
}

/** One run of a load plan over a prepared client: sends, counts, samples, and reports ten times a second. */
export class Run implements Disposable {
  readonly #clock: Clock;
  readonly #client: TrafficClient;
  readonly #sockets: ClientSockets;
  readonly #listener: RunListener;
  readonly #counter = new ClientCounter();
  readonly #tracer = new Tracer(REPORT_MS);
  readonly #random: Random;
  readonly #load: Load;
  readonly #workload: Workload;
  readonly #clients: number;
  #population: Population | null;
  #samples: ClientSample[] = [];
  #startedAt = 0;
  /** Bytes of making the connections: in no request. */
  #wireBefore = 0;
  #disposed = false;
  #answered = false;
  #reports: Timer | null = null;

  constructor(plan: LoadPlan, client: TrafficClient, sockets: ClientSockets, clock: Clock, listener: RunListener) {
    this.#clock = clock;
    this.#client = client;
    this.#sockets = sockets;
    this.#listener = listener;
    this.#random = seededRandom(plan.seed);
    this.#workload = createWorkload(plan.workload, {
      clock,
      ...(plan.services === undefined ? {} : { services: plan.services }),
      ...(plan.tokenKey === undefined ? {} : { tokenKey: plan.tokenKey }),
      protocol: plan.kind.startsWith('rest') ? 'rest' : 'grpc',
    });
    this.#clients = plan.clients;
    this.#population = plan.population;
    this.#load = new Load(
      {
        requests: plan.requests,
        bound: Math.min(plan.concurrency, client.lanes),
        rate: plan.rate,
        marks: plan.marks,
      },
      clock,
      (index, intendedAt) => this.#send(index, intendedAt),
      () => this.#finish(),
      (sent) => listener.mark(sent),
    );
  }

  /** Rejects if the workload cannot be made ready. */
  async prepare(): Promise<void> {
    await this.#workload.prepare?.();
  }

  start(): void {
    this.#wireBefore = this.#sockets.bytes;
    this.#startedAt = this.#clock.now();
    this.#reports = this.#clock.setInterval(() => this.#listener.report(this.#report(false)), REPORT_MS);
    this.#load.start();
  }

  /** Sends no more; 'done' follows when what is in flight has ended. */
  stop(): void {
    this.#load.stop();
  }

  adjust(change: { readonly rate?: number | null; readonly population?: Population }): void {
    if (change.population !== undefined) this.#population = change.population;
    if (change.rate !== undefined) this.#load.setRate(change.rate);
  }

  compare(): void {
    this.#workload.compare?.();
  }

  /** Sends no more and tells nothing more. */
  dispose(): void {
    this.#disposed = true;
    this.#load.stop();
    this.#reports?.cancel();
  }

  #send(index: number, intendedAt: number): void {
    const sentAt = this.#clock.now();
    const trace = this.#tracer.next(sentAt - this.#startedAt);
    this.#counter.sent();
    this.#client.send(
      senderOf(index, this.#clients, this.#population),
      (client) => this.#call(index, client, trace),
      (reply) => {
        const now = this.#clock.now();
        this.#counter.ended({ ...reply, latencyMs: now - intendedAt }, now - this.#startedAt);
        if (trace !== null) this.#sample(trace, reply, sentAt, now);
        // A reader who pressed Run sees the first answer at once, not at the next report.
        if (!this.#answered) {
          this.#answered = true;
          this.#listener.report(this.#report(false));
        }
        this.#load.ended();
      },
    );
  }

  #call(index: number, client: number, trace: string | null): Call {
    const call = this.#workload.next(index, client, this.#random);
    const sendsAtWill = this.#client.lanes === Number.POSITIVE_INFINITY;
    const person = this.#population === null ? null : headersOf(personOf(client, this.#population, sendsAtWill));
    if (person === null && trace === null) return call;
    return {
      ...call,
      headers: { ...person, ...call.headers, ...(trace === null ? null : { [TRACE_HEADER]: trace }) },
    };
  }

  #sample(id: string, reply: Reply, sentAt: number, now: number): void {
    if (this.#samples.length >= SAMPLES_PER_REPORT) return;
    this.#samples.push({
      id,
      atMs: sentAt - this.#startedAt,
      server: reply.by === 'client' || reply.by === 'balancer' ? null : reply.by,
      status: reply.status,
      latencyMs: now - sentAt,
      clientConnection: reply.clientConnection,
      serverConnection: reply.serverConnection,
      requestsBefore: reply.requestsBefore,
    });
  }

  #finish(): void {
    this.#reports?.cancel();
    if (!this.#disposed) this.#listener.done(this.#report(true));
  }

  #report(done: boolean): TrafficReport {
    const atMs = this.#clock.now() - this.#startedAt;
    const samples = this.#samples;
    this.#samples = [];
    const counts = this.#counter.counts(atMs, done, this.#sockets.count);
    return {
      atMs,
      counts,
      samples,
      findings: {
        ...this.#client.findings?.(),
        ...this.#workload.findings({
          bytes: this.#sockets.bytes - this.#wireBefore,
          requestsSent: counts.sent,
        }),
      },
      bytes: this.#sockets.bytes,
      slots: this.#counter.takeSlots(),
    };
  }
}
