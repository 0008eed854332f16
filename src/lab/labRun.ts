import type { Clock, Timer } from '../base/clock';
import { deferred } from '../base/deferred';
import { type Disposable, DisposableStore } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { type Message, message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { Snapshot, TimelineEvent } from '../measurement/snapshot';
import type { AddressMap, BalancerReport, ConfSource, FromBalancer, ToBalancer } from '../protocol/balancerWorker';
import type { RunParams, RunResult, Topology } from '../protocol/run';
import type { FromTraffic, ToTraffic, TrafficReport } from '../protocol/trafficWorker';
import { type ArmWiring, topologyOf, type WiredBackend } from './armWiring';
import { DecisionLog } from './decisionLog';
import { ConfProblems, nextSpare, type PreparedConf, prepareConf, understandConf, withAddedServer } from './labConf';
import type { ArmDefinition, LabDefinition } from './labDefinition';
import { LabServer } from './labServer';
import { RunCounts } from './runCounts';
import { type WorkerPaths, WorkerThread } from './workerThread';

const SNAPSHOT_INTERVAL_MS = 100;
/** Answers still under way when the last request ended: the sides' counts are held against each other after this at most. */
const SETTLE_LIMIT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 10_000;
export const IN_PROCESS_ENGINE = 'in-process';

export interface LabRunOptions {
  readonly definition: LabDefinition;
  readonly arm: ArmDefinition;
  readonly params: RunParams;
  readonly workers: WorkerPaths;
  readonly clock: Clock;
  /** The arm's configuration where it is not the lab's own file (the reader's copy, an edited one). */
  readonly conf?: ConfSource;
  /** At most ten a second, the last one with phase done, stopped or failed. */
  onSnapshot?(snapshot: Snapshot): void;
  /** The shape changed (a server joined). */
  onTopology?(topology: Topology): void;
}

export interface FinishedRun {
  readonly result: RunResult;
  readonly snapshot: Snapshot;
}

export { ConfProblems };

/**
 * One run of one arm: starts backends, balancer and traffic in threads of their own, lets the reader interfere, and
 * ends with everything gone. All numbers come from the threads' own counts. Use once.
 */
export class LabRun implements Disposable {
  readonly #options: LabRunOptions;
  readonly #store = new DisposableStore();
  readonly #servers = new Map<string, LabServer>();
  readonly #decisions = new DecisionLog();
  readonly #timeline: TimelineEvent[] = [];
  readonly #movedPorts = new Map<string, string>();
  readonly #failure = deferred<never>();
  #counts: RunCounts;
  #phase: Snapshot['phase'] = 'starting';
  #conf: PreparedConf | null = null;
  #balancer: WorkerThread<ToBalancer, FromBalancer> | null = null;
  #traffic: WorkerThread<ToTraffic, FromTraffic> | null = null;
  #reloadSerial = 0;
  #startedAtMs: number | null = null;
  #ticker: Timer | null = null;
  #stopRequested = false;
  /** The traffic thread has reported for the last time. */
  #ended = false;
  /** Resolved when traffic flows, or never will. */
  readonly #flowing = deferred<void>();
  /** Changes of the configuration, one after the other: each begins with what the last one left. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: LabRunOptions) {
    this.#options = options;
    this.#counts = new RunCounts();
    // A failure may come before anyone waits for it.
    this.#failure.promise.catch(() => {});
  }

  get topology(): Topology | null {
    return this.#conf === null ? null : topologyOf(this.#conf.wiring, this.#protocolName());
  }

  /** Where a declared port was taken: declared -> actual. */
  get movedPorts(): readonly { readonly declared: string; readonly actual: string }[] {
    return [...this.#movedPorts].map(([declared, actual]) => ({ declared, actual }));
  }

  get canAddServer(): boolean {
    return this.#conf !== null && nextSpare(this.#options.definition, this.#conf.wiring) !== undefined;
  }

  /** Runs to the end. Throws ReaderError or ConfProblems; whatever happens, nothing is left running. */
  async run(): Promise<FinishedRun> {
    const calledAt = this.#options.clock.now();
    try {
      await Promise.race([this.#start(), this.#failure.promise]);
      const done = this.#needTraffic().next('done');
      this.#needTraffic().post({ type: 'go' });
      this.#startedAtMs = this.#options.clock.now();
      if (this.#phase !== 'draining') this.#phase = 'running';
      if (this.#stopRequested) this.#needTraffic().post({ type: 'stop' });
      const startMs = this.#startedAtMs - calledAt;
      this.#flowing.resolve();
      const final = await Promise.race([done, this.#failure.promise]);
      if (final === null)
        throw new ReaderError('traffic-ended', message('The traffic thread ended before the run did.'));
      this.#takeReport(final.report);
      this.#ended = true;
      await this.#settle();
      this.#phase = this.#stopRequested ? 'stopped' : 'done';
      const snapshot = this.snapshot();
      return { result: this.#result(snapshot, startMs), snapshot };
    } catch (error) {
      this.#phase = 'failed';
      throw error;
    } finally {
      const last = this.snapshot();
      this.#ended = true;
      this.#flowing.resolve();
      this.#ticker?.cancel();
      await this.#store.dispose();
      this.#options.onSnapshot?.(last);
    }
  }

  /** Ends the run early: nothing new is sent, what is in flight may end. */
  stop(): void {
    if (this.#stopRequested) return;
    this.#stopRequested = true;
    this.#phase = 'draining';
    if (this.#startedAtMs !== null) this.#traffic?.post({ type: 'stop' });
  }

  async killServer(id: string): Promise<void> {
    const server = this.#needServer(id);
    if (server.state === 'dead') return;
    this.#note('kill', id, message('{server} was killed', { server: id }));
    await server.kill();
    this.#emit();
  }

  async reviveServer(id: string): Promise<void> {
    const server = this.#needServer(id);
    if (server.state !== 'dead') return;
    await this.#startServer(server);
    this.#note('revive', id, message('{server} is back', { server: id }));
    await this.#inTurn(async () => {
      // Its port may be another one now.
      if (this.#conf !== null && this.#movedPorts.size > 0) await this.#reloadBalancer(this.#conf);
    });
    this.#emit();
  }

  /** Writes the next spare server into the running configuration and starts it, as an operator would. */
  async addServer(): Promise<void> {
    const { definition, arm } = this.#options;
    const added = await this.#inTurn(async () => {
      const spare = this.#conf === null ? undefined : nextSpare(definition, this.#conf.wiring);
      if (this.#conf === null || spare === undefined) {
        throw new ReaderError('no-spare', message('This lab has no further server to add.'));
      }
      return this.#changeConf(withAddedServer(definition, arm, this.#conf, spare).text);
    });
    if (!added.ok) throw new ConfProblems(added.error);
  }

  /**
   * Runs on with another text of the arm's configuration, as `nginx -s reload` does: servers that joined are started
   * first, those that left end after their last request, and no request fails of it. A text with problems changes
   * nothing. A call before traffic flows waits until it does; one after the end does nothing. Throws ReaderError.
   */
  reloadConf(text: string): Promise<Result<null, readonly Problem[]>> {
    return this.#inTurn(() => this.#changeConf(text));
  }

  setFault(id: string, fault: { readonly slowFactor: number; readonly errorRate: number }): void {
    this.#needServer(id).setFault(fault);
    const text =
      fault.errorRate > 0
        ? message('{server} fails {percent} % of its requests', {
            server: id,
            percent: Math.round(fault.errorRate * 100),
          })
        : fault.slowFactor > 1
          ? message('{server} is {factor} times slower', { server: id, factor: fault.slowFactor })
          : message('{server} is healthy again', { server: id });
    this.#note(fault.errorRate > 0 ? 'fail' : 'slow', id, text);
  }

  /** The configuration as it runs now, with servers that were added. */
  get confText(): string | null {
    return this.#conf?.text ?? null;
  }

  snapshot(): Snapshot {
    const clientSide =
      this.#conf?.wiring.layer === 'client-side'
        ? { policy: 'round_robin', servers: this.#conf.wiring.backends.map((backend) => backend.id) }
        : null;
    return this.#counts.snapshot({
      phase: this.#phase,
      layer: this.#conf?.wiring.layer ?? 'l4',
      servers: [...this.#servers.values()],
      samples: this.#decisions.explained(clientSide, this.#startedAtMs ?? this.#options.clock.now()),
      timeline: this.#timeline,
      final: this.#ended,
    });
  }

  async dispose(): Promise<void> {
    this.stop();
    this.#fail(new ReaderError('disposed', message('The run was closed.')));
    this.#ticker?.cancel();
    await this.#store.dispose();
  }

  async #start(): Promise<void> {
    const { definition, arm, clock } = this.#options;
    const conf = await prepareConf(definition, arm, this.#options.conf);
    this.#conf = conf;
    this.#ticker = clock.setInterval(() => this.#emit(), SNAPSHOT_INTERVAL_MS);
    this.#startTraffic();
    const listening = conf.wiring.listen === null ? null : this.#startBalancer(conf, conf.wiring.listen);
    // Awaited below, after the servers; a refusal must not go unhandled until then.
    listening?.catch(() => {});
    const moved = await Promise.all(conf.wiring.backends.map((backend) => this.#startServer(this.#serverFor(backend))));
    await listening;
    if (moved.includes(true)) {
      const refused = await this.#reloadBalancer(conf);
      if (refused !== null) throw new ConfProblems(refused);
    }
    this.#phase = this.#stopRequested ? 'draining' : 'warming';
    await this.#prepareTraffic(conf.wiring);
  }

  /** The server of that id, which may have served before, told where to listen. */
  #serverFor({ id, protocol, port }: WiredBackend): LabServer {
    const listen = [{ protocol, port }];
    const known = this.#servers.get(id);
    if (known !== undefined) {
      known.listenOn(listen);
      return known;
    }
    const server = new LabServer({
      id,
      workerPath: this.#options.workers.backend,
      clock: this.#options.clock,
      listen,
      capacity: this.#options.definition.capacity,
      maxConnectionAgeMs: this.#options.arm.maxConnectionAgeMs,
      seed: this.#options.params.seed,
      onCrash: (error) => {
        const detail = error?.message ?? '';
        this.#note('kill', id, message('{server} crashed: {detail}', { server: id, detail }));
      },
    });
    this.#servers.set(id, server);
    return this.#store.add(server);
  }

  /** True if a port had to move. */
  async #startServer(server: LabServer): Promise<boolean> {
    const ports = await server.start();
    let moved = false;
    for (const [declared, actual] of ports) {
      const key = `127.0.0.1:${declared}`;
      if (declared === actual) this.#movedPorts.delete(key);
      else this.#movedPorts.set(key, `127.0.0.1:${actual}`);
      moved ||= declared !== actual;
    }
    return moved;
  }

  async #startBalancer(conf: PreparedConf, listen: string): Promise<void> {
    const thread: WorkerThread<ToBalancer, FromBalancer> = this.#store.add(
      new WorkerThread<ToBalancer, FromBalancer>(
        this.#options.workers.balancer,
        {
          conf: { path: conf.path, text: conf.text },
          addresses: this.#addresses(),
          ports: 'fallback',
          listeners: [listen],
          seed: this.#options.params.seed,
        },
        this.#options.clock,
        {
          onMessage: (received) => {
            if (received.type === 'report') this.#takeBalancerReport(received.report);
          },
          onExit: (cause) => {
            if (!cause.expected) this.#fail(threadDied('balancer', cause.error));
          },
        },
      ),
    );
    this.#balancer = thread;
    const answer = await thread.next('listening', 'refused', 'failed');
    if (answer?.type === 'refused') throw new ConfProblems(answer.problems);
    if (answer === null || answer.type === 'failed')
      throw threadDied('balancer', answer === null ? null : new Error(answer.text));
    for (const { declared, actual } of answer.listeners) {
      if (declared !== actual) this.#movedPorts.set(declared, actual);
    }
  }

  #startTraffic(): void {
    const thread: WorkerThread<ToTraffic, FromTraffic> = this.#store.add(
      new WorkerThread<ToTraffic, FromTraffic>(this.#options.workers.traffic, null, this.#options.clock, {
        onMessage: (received) => {
          if (received.type === 'report') this.#takeReport(received.report);
          if (received.type === 'failed')
            this.#fail(new ReaderError(received.code, message('{detail}', { detail: received.text })));
        },
        onExit: (cause) => {
          if (!cause.expected) this.#fail(threadDied('traffic', cause.error));
        },
      }),
    );
    this.#traffic = thread;
  }

  async #prepareTraffic(wiring: ArmWiring): Promise<void> {
    const { params, arm } = this.#options;
    const ready = this.#needTraffic().next('ready', 'failed');
    this.#needTraffic().post({
      type: 'prepare',
      plan: {
        kind: arm.client,
        targets: this.#targets(wiring),
        requests: params.requests,
        concurrency: params.concurrency,
        clients: params.clients,
        rate: params.rate,
        timeoutMs: REQUEST_TIMEOUT_MS,
        seed: params.seed,
      },
    });
    const answer = await ready;
    if (answer === null) throw threadDied('traffic', null);
    if (answer.type === 'failed') throw new ReaderError(answer.code, message('{detail}', { detail: answer.text }));
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change);
    this.#changes = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  async #changeConf(text: string): Promise<Result<null, readonly Problem[]>> {
    await this.#flowing.promise;
    const before = this.#conf;
    if (this.#ended || before === null || before.text === text) return ok(null);
    const { definition, arm } = this.#options;
    const understood = understandConf(definition, arm, before.path, text);
    const problems = understood.ok ? movedServers(before.wiring, understood.value.wiring) : understood.error;
    if (!understood.ok || problems.length > 0) return this.#refuseConf(problems);
    const next = understood.value;
    const joining = without(next.wiring.backends, before.wiring.backends);
    const leaving = without(before.wiring.backends, next.wiring.backends);
    const withdraw = () => {
      for (const { id } of joining) void this.#servers.get(id)?.drain();
    };
    try {
      await Promise.all(joining.map((backend) => this.#startServer(this.#serverFor(backend))));
      const refused = await this.#reloadBalancer(next);
      if (refused !== null) {
        withdraw();
        return this.#refuseConf(refused);
      }
    } catch (error) {
      withdraw();
      throw error;
    }
    this.#conf = next;
    this.#options.onTopology?.(topologyOf(next.wiring, this.#protocolName()));
    for (const { id } of joining) {
      this.#note('add', id, message('{server} joined, and its line was added to the configuration', { server: id }));
    }
    for (const { id } of leaving) {
      this.#note(
        'drain',
        id,
        message('{server} left the configuration; it ends after its last request', { server: id }),
      );
      void this.#servers.get(id)?.drain();
    }
    if (this.#balancer === null) this.#traffic?.post({ type: 'targets', targets: this.#targets(next.wiring) });
    this.#emit();
    return ok(null);
  }

  #refuseConf(problems: readonly Problem[]): Result<null, readonly Problem[]> {
    this.#note('reload-refused', null, message('The new configuration was refused; the old one runs on'));
    this.#emit();
    return err(problems);
  }

  /** Gives the balancer a configuration; the problems if it refuses it and runs on with the old one, else null. */
  async #reloadBalancer(conf: PreparedConf): Promise<readonly Problem[] | null> {
    const thread = this.#balancer;
    if (thread === null) return null;
    const serial = ++this.#reloadSerial;
    const answer = thread.next('reloaded', 'refused', 'failed');
    thread.post({
      type: 'reload',
      conf: { path: conf.path, text: conf.text },
      addresses: this.#addresses(),
      serial,
    });
    const received = await answer;
    if (received?.type === 'refused') return received.problems;
    if (received === null || received.type === 'failed')
      throw threadDied('balancer', received === null ? null : new Error(received.text));
    // Telling it where taken ports moved to, before the run, is no event of the run.
    if (this.#startedAtMs !== null) this.#note('reload', null, message('The balancer reloaded its configuration'));
    return null;
  }

  /** Waits until the sides' counts agree, at most SETTLE_LIMIT_MS: the balancer's last report may still be on its way. */
  async #settle(): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.now() + SETTLE_LIMIT_MS;
    const drained = this.#balancer?.next('drained');
    this.#balancer?.post({ type: 'drain' });
    while (clock.now() < deadline) {
      const state = this.snapshot();
      const idle = state.servers.every((server) => server.inFlight === 0 && server.queued === 0);
      if (idle && state.reconciliation.agree) break;
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 20));
    }
    if (drained !== undefined) {
      const limit = new Promise<null>((resolve) => clock.setTimeout(() => resolve(null), 100));
      await Promise.race([drained, limit]);
    }
  }

  #takeReport(report: TrafficReport): void {
    const first = this.#counts.isEmpty;
    this.#counts.takeClient(report);
    this.#decisions.addSamples(report.samples);
    if (first) this.#emit();
  }

  #takeBalancerReport(report: BalancerReport): void {
    const changed = this.#counts.takeBalancer(report.counts);
    for (const peer of changed) {
      const server = peer.serverId ?? peer.address;
      this.#note(
        'health',
        peer.serverId,
        peer.health === 'up'
          ? message('The balancer sends traffic to {server} again', { server })
          : message('The balancer took {server} out', { server }),
      );
    }
    this.#decisions.addDecisions(report.decisions);
  }

  #emit(): void {
    this.#options.onSnapshot?.(this.snapshot());
  }

  #note(kind: TimelineEvent['kind'], server: string | null, text: Message): void {
    const atMs = this.#startedAtMs === null ? 0 : this.#options.clock.now() - this.#startedAtMs;
    this.#timeline.push({ atMs, kind, server, text });
  }

  #fail(error: Error): void {
    this.#failure.reject(error);
  }

  #result(snapshot: Snapshot, startMs: number): RunResult {
    const { definition, arm, params } = this.#options;
    const { client } = snapshot;
    return {
      lab: definition.id,
      arm: arm.id,
      engine: IN_PROCESS_ENGINE,
      sent: client.sent,
      answered: client.answered,
      failed: client.failed,
      inFlight: client.inFlight,
      servers: snapshot.servers.map(({ id, connections, requests }) => ({ id, connections, requests })),
      counts: snapshot.reconciliation.counts,
      outcomes: client.outcomes,
      latencyMs: client.latencyMs,
      requestsPerSecond: client.requestsPerSecond,
      startMs: Math.round(startMs),
      seed: params.seed,
    };
  }

  #addresses(): AddressMap {
    return Object.fromEntries(this.#movedPorts);
  }

  #targets(wiring: ArmWiring): readonly string[] {
    const declared = wiring.listen === null ? wiring.backends.map((backend) => backend.address) : [wiring.listen];
    return declared.map((address) => this.#movedPorts.get(address) ?? address);
  }

  #protocol(): 'rest' | 'grpc' {
    return this.#conf?.wiring.backends[0]?.protocol ?? 'grpc';
  }

  #protocolName(): string {
    return this.#protocol() === 'grpc' ? 'gRPC' : 'REST';
  }

  #needServer(id: string): LabServer {
    const server = this.#servers.get(id);
    if (server === undefined)
      throw new ReaderError('no-server', message('There is no server “{id}” in this run.', { id }));
    return server;
  }

  #needTraffic(): WorkerThread<ToTraffic, FromTraffic> {
    if (this.#traffic === null) throw new Error('traffic was not started');
    return this.#traffic;
  }
}

function without(backends: readonly WiredBackend[], others: readonly WiredBackend[]): readonly WiredBackend[] {
  return backends.filter(({ id }) => !others.some((other) => other.id === id));
}

/** Server lines that give a running server another address: its thread listens where it does. */
function movedServers(before: ArmWiring, next: ArmWiring): Problem[] {
  return next.backends.flatMap((backend) => {
    const was = before.backends.find(({ id }) => id === backend.id);
    if (was === undefined || (was.address === backend.address && was.protocol === backend.protocol)) return [];
    const line = next.upstream.servers.find((server) => server.lab?.serverId === backend.id);
    const text = message('{id} is at {address} while the lab runs. Stop the lab to move it.', {
      id: backend.id,
      address: was.address,
    });
    return [{ severity: 'error', message: text, span: (line ?? next.upstream).span }];
  });
}

function threadDied(which: 'balancer' | 'traffic', error: Error | null): ReaderError {
  const detail = error?.message ?? '';
  return which === 'balancer'
    ? new ReaderError(
        'balancer-died',
        message('The balancer thread died: {detail} The lab was stopped; run it again.', { detail }),
      )
    : new ReaderError(
        'traffic-died',
        message('The traffic thread died: {detail} The lab was stopped; run it again.', { detail }),
      );
}
