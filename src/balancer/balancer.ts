import { dirname } from 'node:path';
import { type Clock, turnClock } from '../base/clock';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import type { Random } from '../base/random';
import { err, ok, type Result } from '../base/result';
import type { BalancerCounts } from '../measurement/snapshot';
import { type Bind, bindsOf, refusalsOf, upstreamsOf } from './binds';
import type { BucketState } from './gateway/limit';
import type { Log } from './log';
import type { Plan } from './plan';
import { type AddressMap, Engine } from './proxies/engine';
import { Generation } from './proxies/generation';
import { Http2Acceptor } from './proxies/http2';
import { LIMITS } from './proxies/limits';
import { Listener } from './proxies/listener';
import { type Report, Telemetry } from './telemetry';

export type { AddressMap } from './proxies/engine';
export type { DecisionRecord, Report } from './telemetry';

export interface BalancerOptions {
  readonly plan: Plan;
  /** Where the plan was read from; for the log. */
  readonly conf: { readonly path: string };
  readonly clock: Clock;
  readonly random: Random;
  /** 'declared': as nginx, fail when taken; 'fallback': take another loopback port when taken; 'any': always port 0. */
  readonly ports: 'declared' | 'fallback' | 'any';
  /** Declared "host:port" of servers -> where they really are. */
  readonly addresses: AddressMap;
  /** Bind only these listeners (declared "host:port"); null: all. */
  readonly listeners: readonly string[] | null;
  /** Error log without time, level and process id; levels as nginx uses them. `to`: as in Log. */
  readonly log: Log;
  /** Whether the log takes level "info", so that what is only for it need not be made; absent: it does not. */
  readonly logsInfo?: () => boolean;
  /** Every 100 ms while anything changed. */
  readonly onReport: (report: Report) => void;
  /** Requests with this header are traced ("why this backend?"); null or absent: none. */
  readonly traceHeader?: string | null;
  /** Only for test suites written for servers that take a bare LF. */
  readonly tolerateBareLf?: boolean;
  /** What relative paths of the file are relative to; absent: the folder of the file. */
  readonly prefix?: string;
}

export interface ListenerAddress {
  readonly declared: string;
  readonly actual: string;
}

export interface Balancer {
  readonly listeners: readonly ListenerAddress[];
  /** Notes of the plan, and of ports that had to differ. */
  readonly problems: readonly Problem[];
  /**
   * New connections run on the new plan at once, old ones on the old until they are done. Listeners in both stay open
   * throughout. On an error nothing has changed.
   */
  reload(
    plan: Plan,
    conf: { readonly path: string },
    addresses: AddressMap,
  ): Promise<Result<readonly ListenerAddress[], readonly Problem[]>>;
  /** Accepts no more, lets what runs end, closes what is idle; then as after close(). */
  drain(): Promise<void>;
  /** At once. Afterwards no socket, timer or report is left. */
  close(): Promise<void>;
  counts(): BalancerCounts;
  /** The leaky buckets of limit_req as they stand now, for whoever draws them. */
  buckets(): readonly BucketState[];
  /** Opens the access logs anew, for whoever has moved them away. */
  reopenLogs(): void;
}

/** Opens a plan's listeners and serves. The error has every listener that could not be opened; none is left open then. */
export async function startBalancer(options: BalancerOptions): Promise<Result<Balancer, readonly Problem[]>> {
  const balancer = new RunningBalancer(options);
  const started = await balancer.serve(options.plan, options.conf, options.addresses);
  if (!started.ok) {
    await balancer.close();
    return started;
  }
  return ok(balancer);
}

class RunningBalancer implements Balancer {
  problems: readonly Problem[] = [];
  readonly #engine: Engine;
  readonly #telemetry: Telemetry;
  readonly #http2 = new Http2Acceptor();
  readonly #listeners = new Map<string, Listener>();
  readonly #generations = new Set<Generation>();
  #current: Generation | null = null;
  #reloading: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(readonly options: BalancerOptions) {
    this.#telemetry = new Telemetry(options.clock, options.onReport);
    this.#engine = new Engine(
      turnClock(options.clock),
      options.random,
      this.#telemetry,
      options.log,
      options.traceHeader?.toLowerCase() ?? null,
      options.tolerateBareLf === true,
      options.prefix ?? dirname(options.conf.path),
      options.logsInfo ?? (() => false),
    );
    this.#telemetry.pipeline.watch(() => this.#engine.limits.levels());
  }

  get listeners(): readonly ListenerAddress[] {
    return [...this.#listeners].map(([declared, { actual }]) => ({ declared, actual }));
  }

  counts(): BalancerCounts {
    return this.#telemetry.counts();
  }

  buckets(): readonly BucketState[] {
    return this.#engine.limits.buckets();
  }

  reopenLogs(): void {
    for (const { accessLogs } of this.#generations) accessLogs.reopen();
  }

  reload(
    plan: Plan,
    conf: { readonly path: string },
    addresses: AddressMap,
  ): Promise<Result<readonly ListenerAddress[], readonly Problem[]>> {
    // One after the other: a second reload begins with what the first left.
    const reloaded = this.#reloading.then(async () => {
      if (this.#ended) return ok(this.listeners);
      const served = await this.serve(plan, conf, addresses);
      return served.ok ? ok(this.listeners) : served;
    });
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }

  async serve(
    plan: Plan,
    conf: { readonly path: string },
    addresses: AddressMap,
  ): Promise<Result<null, readonly Problem[]>> {
    const binds = bindsOf(plan, this.options.listeners);
    const refused = binds.flatMap(refusalsOf);
    if (plan.http !== null) refused.push(...this.#engine.limits.conflicts(plan.http.limitZones));
    if (plan.stream !== null) refused.push(...this.#engine.streamLimits.conflicts(plan.stream.limitZones));
    if (refused.length > 0) return err(refused);
    const generation = new Generation(this.#engine, plan, addresses);
    const unopened = generation.accessLogs.open();
    if (unopened !== null) return err([unopened]);
    const opened: [Bind, Listener][] = [];
    const problems: Problem[] = [];
    const notes: Problem[] = [...plan.notes];
    for (const bind of binds) {
      if (this.#listeners.has(bind.listen.declared)) continue;
      const listener = new Listener(bind.listen, this.#engine, this.#http2, { generation, service: bind.service });
      const problem = await this.#open(listener, notes);
      if (problem === null) opened.push([bind, listener]);
      else problems.push(problem);
    }
    if (problems.length > 0 || this.#ended) {
      for (const [, listener] of opened) listener.close();
      generation.accessLogs.close();
      return err(problems);
    }
    this.#switchTo(generation, binds, opened, conf);
    this.problems = notes;
    return ok(null);
  }

  #switchTo(
    generation: Generation,
    binds: readonly Bind[],
    opened: readonly [Bind, Listener][],
    conf: { readonly path: string },
  ): void {
    const declared = new Set(binds.map(({ listen }) => listen.declared));
    for (const [address, listener] of this.#listeners) {
      if (declared.has(address)) continue;
      listener.close();
      this.#listeners.delete(address);
    }
    for (const [bind, listener] of opened) this.#listeners.set(bind.listen.declared, listener);
    for (const { listen, service } of binds) {
      const listener = this.#listeners.get(listen.declared);
      if (listener !== undefined) listener.serving = { generation, service };
    }
    for (const upstream of upstreamsOf(binds, generation.plan)) generation.upstream(upstream);
    const none = { requests: [], connections: [] };
    this.#engine.limits.adopt(generation.plan.http?.limitZones ?? none);
    this.#engine.streamLimits.adopt(generation.plan.stream?.limitZones ?? none);
    const layer = binds.some(({ service }) => service.kind === 'http') ? 'l7' : 'l4';
    this.#telemetry.follow(layer, generation.upstreams);
    this.#telemetry.start();
    const before = this.#current;
    this.#current = generation;
    this.#generations.add(generation);
    before?.retire(
      LIMITS.retiredIdleMs,
      () => this.#generations.delete(before),
      (address) => this.#listeners.get(address)?.serving ?? null,
    );
    this.options.log('notice', `${before === null ? 'start' : 'reload'}: ${conf.path}, ${binds.length} listeners`);
  }

  async #open(listener: Listener, notes: Problem[]): Promise<Problem | null> {
    const { listen } = listener;
    const { ports } = this.options;
    let error = await listener.bind(ports === 'any' ? 0 : listen.port);
    if (error !== null && ports === 'fallback' && error.code === 'EADDRINUSE') {
      error = await listener.bind(0);
      if (error === null) {
        notes.push({
          severity: 'note',
          message: message('Port {declared} is taken; {actual} is used instead.', {
            declared: listen.declared,
            actual: listener.actual,
          }),
          span: listen.span,
        });
      }
    }
    if (error === null) return null;
    const taken = error.code === 'EADDRINUSE';
    const why = taken
      ? '98: Address already in use'
      : error.code === 'EACCES'
        ? '13: Permission denied'
        : error.message;
    this.options.log('emerg', `bind() to ${listen.declared} failed (${why})`);
    return {
      severity: 'error',
      message: message('bind() to {address} failed ({reason})', { address: listen.declared, reason: why }),
      span: listen.span,
      ...(taken ? { hint: message('Stop what listens there, or write another port.') } : {}),
    };
  }

  async drain(): Promise<void> {
    await this.#reloading;
    for (const listener of this.#listeners.values()) listener.close();
    const ends = [...this.#generations].map(
      (generation) => new Promise<void>((resolve) => generation.retire(0, resolve)),
    );
    await Promise.all(ends);
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    for (const listener of this.#listeners.values()) listener.close();
    for (const generation of [...this.#generations]) generation.close();
    this.#generations.clear();
    this.#http2.close();
    this.#telemetry.stop();
  }
}
