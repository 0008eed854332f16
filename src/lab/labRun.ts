import type { Clock, Timer } from '../base/clock';
import { deferred } from '../base/deferred';
import { type Disposable, DisposableStore } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { Snapshot } from '../measurement/snapshot';
import type { Fault } from '../protocol/backendWorker';
import type { BalancerReport, ConfSource } from '../protocol/balancerWorker';
import type { RunParams, RunResult, Topology } from '../protocol/run';
import type { StoreChoice } from '../protocol/storeWorker';
import type { Population, TrafficReport, WorkloadPlan } from '../protocol/trafficWorker';
import { type ArmWiring, drainedIn, spokenBy, topologyOf } from './armWiring';
import { Authority } from './certificates/authority';
import { confChange, unfollowable } from './confChange';
import { DecisionLog } from './decisionLog';
import {
  ConfProblems,
  nextSpare,
  type PreparedConf,
  prepareConf,
  understandConf,
  withAddedServer,
  withDrained,
} from './labConf';
import {
  type ArmDefinition,
  armOver,
  type LabDefinition,
  pageClientOf,
  type ScenarioAction,
  type ScenarioDefinition,
  servicesOf,
} from './labDefinition';
import { messageNamed, prepareMessage, sendsMessage } from './labMessages';
import { measured } from './measures';
import { type AskPage, PageTraffic } from './pageTraffic';
import { type MovedPort, PortClaims } from './portClaims';
import { RunBalancer } from './runBalancer';
import { type InsideState, RunCounts } from './runCounts';
import { RunHops } from './runHops';
import { type RunKeys, runKeys } from './runKeys';
import { RunServers } from './runServers';
import { RunStore } from './runStore';
import { RunTimeline } from './runTimeline';
import { RunTraffic, type Traffic } from './runTraffic';
import { act, marksOf } from './scenario';
import type { WarmThreads } from './warmThreads';
import type { WorkerPaths } from './workerThread';

const SNAPSHOT_INTERVAL_MS = 100;
/** Answers still under way when the last request ended: the sides' counts are held against each other after this at most. */
const SETTLE_LIMIT_MS = 1_000;
/** The balancer may take this long to say that it has nothing under way. */
const DRAIN_LIMIT_MS = 100;
const REQUEST_TIMEOUT_MS = 10_000;
/** Where servers that share no store keep their sessions. */
const OWN_MEMORY = 'memory';
export const IN_PROCESS_ENGINE = 'in-process';

export interface LabRunOptions {
  readonly definition: LabDefinition;
  readonly arm: ArmDefinition;
  readonly params: RunParams;
  readonly workers: WorkerPaths;
  /** Threads that may be waiting already. */
  readonly warm?: WarmThreads;
  readonly clock: Clock;
  /** The arm's configuration where it is not the lab's own file (the reader's copy, an edited one). */
  readonly conf?: ConfSource;
  /** Which session store serves the arms that share one; default: a Redis of the machine, else the one in the box. */
  readonly store?: StoreChoice;
  /** The same for the message that the arm sends. */
  readonly message?: ConfSource;
  /** Asks the course page to send, for the arms that only a browser can run. */
  readonly askPage?: AskPage;
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
  readonly #arm: ArmDefinition;
  readonly #scenario: ScenarioDefinition | undefined;
  readonly #store = new DisposableStore();
  /** Given up last, after all that listens. */
  readonly #claims = this.#store.add(new PortClaims());
  readonly #sessionStore: RunStore | null;
  readonly #servers: RunServers;
  readonly #keys: RunKeys | null;
  readonly #decisions = new DecisionLog();
  readonly #timeline: RunTimeline;
  readonly #failure = deferred<never>();
  readonly #counts = new RunCounts();
  readonly #authority: Authority;
  readonly #hops = new RunHops();
  #phase: Snapshot['phase'] = 'starting';
  #conf: PreparedConf | null = null;
  #balancer: RunBalancer | null = null;
  #traffic: Traffic | null = null;
  #startedAtMs: number | null = null;
  #ticker: Timer | null = null;
  #stopRequested = false;
  /** The traffic thread has reported for the last time. */
  #ended = false;
  /** CPU time of the balancer's thread from the first request to the last answer. */
  #balancerCpuMs: number | null = null;
  /** Events of the scenario that have happened. */
  #played = 0;
  /** Resolved when traffic flows, or never will. */
  readonly #flowing = deferred<void>();
  /** Changes of the configuration, one after the other: each begins with what the last one left. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: LabRunOptions) {
    this.#options = options;
    const { definition, params } = options;
    this.#arm = armOver(options.arm, params.protocol);
    this.#scenario = definition.scenarios.find(({ id }) => id === params.scenario);
    this.#authority = new Authority(options.clock);
    this.#timeline = new RunTimeline(options.clock);
    this.#keys = runKeys(definition);
    this.#sessionStore = this.#createStore();
    this.#servers = this.#store.add(
      new RunServers({
        definition,
        workerPath: options.workers.backend,
        warm: options.warm,
        clock: options.clock,
        claims: this.#claims,
        identityOf: (id) => this.#authority.issue(id),
        maxConnectionAgeMs: this.#arm.maxConnectionAgeMs,
        capacity: this.#scenario?.capacity ?? null,
        seed: params.seed,
        tokenKey: this.#keys?.verifying ?? null,
        store: () => this.#sessionStore?.shared ?? null,
        onCalls: (id, life, report) => this.#hops.take(id, life, report),
        onCrash: (id, error) => this.#timeline.crashed(id, error),
      }),
    );
    // A failure may come before anyone waits for it.
    this.#failure.promise.catch(() => {});
  }

  get topology(): Topology | null {
    return this.#conf === null ? null : this.#topologyOf(this.#conf.wiring);
  }

  /** Where a declared port was taken: declared -> actual. */
  get movedPorts(): readonly MovedPort[] {
    return Object.entries(this.#servers.addresses).map(([declared, actual]) => ({ declared, actual }));
  }

  get canAddServer(): boolean {
    return this.#conf !== null && nextSpare(this.#options.definition, this.#conf.wiring) !== undefined;
  }

  /** Runs to the end. Throws ReaderError or ConfProblems; whatever happens, nothing is left running. */
  async run(): Promise<FinishedRun> {
    const calledAt = this.#options.clock.now();
    try {
      await Promise.race([this.#start(), this.#failure.promise]);
      const cpuBefore = (await this.#balancer?.cpuMs()) ?? null;
      const done = this.#needTraffic().go();
      this.#startedAtMs = this.#options.clock.now();
      this.#timeline.begin(this.#startedAtMs);
      if (this.#phase !== 'draining') this.#phase = 'running';
      if (this.#stopRequested) this.#needTraffic().tell({ type: 'stop' });
      const startMs = this.#startedAtMs - calledAt;
      this.#flowing.resolve();
      this.#takeReport(await Promise.race([done, this.#failure.promise]));
      this.#ended = true;
      const cpuAfter = (await this.#balancer?.cpuMs()) ?? null;
      if (cpuBefore !== null && cpuAfter !== null) this.#balancerCpuMs = cpuAfter - cpuBefore;
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
    if (this.#startedAtMs !== null) this.#traffic?.tell({ type: 'stop' });
  }

  async killServer(id: string): Promise<void> {
    const server = this.#servers.named(id);
    if (server.state === 'dead') return;
    this.#timeline.killed(id);
    await server.kill();
    this.#emit();
  }

  async reviveServer(id: string): Promise<void> {
    const server = this.#servers.named(id);
    if (server.state !== 'dead') return;
    await this.#servers.restart(server);
    this.#timeline.revived(id);
    await this.#inTurn(async () => {
      // Its port may be another one now.
      if (this.#conf === null || this.movedPorts.length === 0) return;
      if ((await this.#reloadBalancer(this.#conf)) === null) this.#noteReload();
    });
    this.#emit();
  }

  /** Kills the session store with everything in it. Throws ReaderError where it is the reader's own. */
  async killStore(): Promise<void> {
    const store = this.#sessionStore;
    if (store === null) {
      this.#timeline.storeMissing();
      return;
    }
    if (store.state.state !== 'up') return;
    await store.kill();
    this.#timeline.storeKilled();
    this.#emit();
  }

  /** Starts the session store again; it has forgotten everything. */
  async reviveStore(): Promise<void> {
    const store = this.#sessionStore;
    if (store?.state.state !== 'dead') return;
    await store.revive();
    this.#timeline.storeRevived();
    this.#emit();
  }

  /** Writes the next spare server into the running configuration and starts it, as an operator would. */
  addServer(): Promise<void> {
    return this.#editConf((conf) => {
      const spare = nextSpare(this.#options.definition, conf.wiring);
      if (spare === undefined) {
        throw new ReaderError('no-spare', message('This lab has no further server to add.'));
      }
      return withAddedServer(this.#options.definition, this.#arm, conf, spare).text;
    });
  }

  /** Marks a server `down` in the running configuration: it gets nothing new and ends what it has. Or the reverse. */
  setDrained(id: string, drained: boolean): Promise<void> {
    this.#servers.named(id);
    return this.#editConf((conf) => withDrained(this.#options.definition, this.#arm, conf, id, drained).text);
  }

  /** Another rate from now on, requests per second; null: as fast as answers come. */
  setRate(rate: number | null): void {
    this.#timeline.rateSet(rate);
    this.#traffic?.tell({ type: 'adjust', rate });
  }

  /** Throws ReaderError where there are no clients to choose from. */
  setPopulation(population: Population): void {
    if (pageClientOf(this.#arm) !== null) {
      throw new ReaderError('one-client', message('The browser is the only client here: it cannot be many.'));
    }
    this.#timeline.populationSet(population);
    this.#traffic?.tell({ type: 'adjust', population });
  }

  async #editConf(edit: (conf: PreparedConf) => string): Promise<void> {
    const changed = await this.#inTurn(async () =>
      this.#conf === null ? ok(null) : this.#changeConf(edit(this.#conf)),
    );
    if (!changed.ok) throw new ConfProblems(changed.error);
  }

  /**
   * Runs on with another text of the arm's configuration, as `nginx -s reload` does: servers that joined are started
   * first, those that left end after their last request, and no request fails of it. A text with problems changes
   * nothing. A call before traffic flows waits until it does; one after the end does nothing. Throws ReaderError.
   */
  reloadConf(text: string): Promise<Result<null, readonly Problem[]>> {
    return this.#inTurn(() => this.#changeConf(text));
  }

  setFault(id: string, fault: Fault): void {
    this.#servers.named(id).setFault(fault);
    this.#timeline.faulted(id, fault);
  }

  /** The configuration as it runs now, with servers that were added. */
  get confText(): string | null {
    return this.#conf?.text ?? null;
  }

  snapshot(): Snapshot {
    const { definition } = this.#options;
    const clientSide =
      this.#conf?.wiring.layer === 'client-side'
        ? { policy: 'round_robin', servers: this.#conf.wiring.backends.map((backend) => backend.id) }
        : null;
    return this.#counts.snapshot({
      phase: this.#phase,
      wiring: this.#conf?.wiring ?? null,
      protocol: this.#arm.client.startsWith('grpc') ? 'grpc' : 'rest',
      inside: this.#inside(),
      servers: this.#servers.all,
      store: this.#sessionStore?.state ?? null,
      measures: (client, servers) => ({
        ...measured(definition.measures, client, servers, this.#balancerCpuMs),
        ...(definition.store === null ? {} : { store: this.#sessionStore?.state.name ?? OWN_MEMORY }),
      }),
      samples: this.#decisions.explained(clientSide, this.#startedAtMs ?? this.#options.clock.now()),
      timeline: this.#timeline.events,
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
    const { definition, clock } = this.#options;
    const conf = await prepareConf(definition, this.#arm, this.#options.conf, this.#authority);
    const workload = await this.#workload();
    this.#conf = conf;
    this.#ticker = clock.setInterval(() => this.#tick(), SNAPSHOT_INTERVAL_MS);
    this.#traffic = this.#store.add(this.#startTraffic(conf.wiring));
    const storing = this.#startStore();
    storing.catch(() => {});
    const listening = conf.wiring.listeners.length === 0 ? null : this.#startBalancer(conf);
    // Awaited below, after the servers; a refusal must not go unhandled until then.
    listening?.catch(() => {});
    // The servers want to know where it is, and a run without the store it was to have is none.
    await storing;
    // Servers that ask others are told where: the listeners they call have to stand before.
    if (conf.wiring.inside !== null) await listening;
    this.#servers.reach(conf.wiring.inside);
    const moved = await this.#servers.start(conf.wiring.backends);
    await listening;
    if (moved) {
      const refused = await this.#reloadBalancer(conf);
      if (refused !== null) throw new ConfProblems(refused);
    }
    this.#phase = this.#stopRequested ? 'draining' : 'warming';
    await this.#prepareTraffic(conf.wiring, workload);
  }

  #startTraffic({ backends }: ArmWiring): Traffic {
    const { clock, warm, workers, askPage } = this.#options;
    const onReport = (report: TrafficReport) => this.#takeReport(report);
    const page = pageClientOf(this.#arm);
    if (page !== null) {
      if (askPage !== undefined) return new PageTraffic(page, askPage, clock, onReport);
      throw new ReaderError('page-only', message('Only a browser can run this arm: run it on the course page.'));
    }
    const preload = [backends[0]?.protocol ?? 'grpc'];
    return new RunTraffic({ path: workers.traffic, warm: warm && { threads: warm, preload } }, clock, {
      onReport,
      onMark: (sent) => this.#playScenario(sent),
      onFailure: (error) => this.#fail(error),
    });
  }

  #createStore(): RunStore | null {
    const { definition, workers, clock, store } = this.#options;
    if (definition.store === null || !this.#arm.store) return null;
    return this.#store.add(
      new RunStore({
        workerPath: workers.store,
        clock,
        choice: store ?? { kind: 'auto' },
        port: definition.store.port,
        claims: this.#claims,
        onCrash: (error) => this.#timeline.storeCrashed(error),
      }),
    );
  }

  async #startStore(): Promise<void> {
    const store = this.#sessionStore;
    if (store === null) return;
    const note = await store.start();
    if (note !== null) this.#timeline.storeNoted(note);
    const killsIt = this.#scenario?.events.some((event) => event.do === 'kill-store') ?? false;
    if (killsIt) store.needOurs();
    const { topology } = this;
    if (topology !== null) this.#options.onTopology?.(topology);
  }

  #topologyOf(wiring: ArmWiring): Topology {
    return topologyOf(wiring, spokenBy(this.#arm.client), this.#sessionStore?.state.name ?? null);
  }

  async #startBalancer(conf: PreparedConf): Promise<void> {
    const { workers, warm, clock, params } = this.#options;
    const balancer = this.#store.add(
      new RunBalancer(
        {
          path: workers.balancer,
          start: {
            conf: { path: conf.path, text: conf.text, files: conf.files },
            prefix: this.#options.definition.folder,
            addresses: this.#servers.addresses,
            ports: 'fallback',
            listeners: conf.wiring.listeners,
            seed: params.seed,
          },
          warm: warm && { threads: warm, preload: [] },
        },
        clock,
        { onReport: (report) => this.#takeBalancerReport(report), onDeath: (error) => this.#fail(error) },
      ),
    );
    this.#balancer = balancer;
    for (const { declared, actual } of await balancer.listening()) this.#servers.movedTo(declared, actual);
  }

  async #prepareTraffic(wiring: ArmWiring, workload: WorkloadPlan): Promise<void> {
    const { params } = this.#options;
    await this.#needTraffic().prepare({
      kind: this.#arm.client,
      workload,
      population: this.#scenario?.population ?? this.#arm.population,
      marks: marksOf(this.#scenario, params.requests),
      services: servicesOf(this.#options.definition),
      ...(this.#arm.client === 'rest-tls' ? { authority: this.#authority.certificate } : {}),
      targets: this.#targets(wiring),
      requests: params.requests,
      concurrency: params.concurrency,
      clients: params.clients,
      rate: params.rate,
      timeoutMs: REQUEST_TIMEOUT_MS,
      seed: params.seed,
      ...(this.#keys === null ? {} : { tokenKey: this.#keys.signing }),
    });
  }

  /** What the clients send, with the message that the reader chose. Throws ConfProblems. */
  async #workload(): Promise<WorkloadPlan> {
    const { workload } = this.#arm;
    const { definition, params } = this.#options;
    const wanted = messageNamed(definition, params.message);
    if (workload.kind !== 'message' || wanted === null) return workload;
    return { ...workload, sent: await prepareMessage(definition, wanted, this.#options.message) };
  }

  /** The scenario's events that are due after so many requests. */
  #playScenario(sent: number): void {
    const events = this.#scenario?.events ?? [];
    const due = marksOf(this.#scenario, this.#options.params.requests).filter((mark) => mark <= sent).length;
    for (const event of events.slice(this.#played, due)) {
      act(this, event).catch((error: unknown) => {
        if (!this.#ended)
          this.#fail(this.#missedIn(error, event) ?? (error instanceof Error ? error : new Error(String(error))));
      });
    }
    this.#played = Math.max(this.#played, due);
  }

  /** What to say where a scenario does something to a server that the reader took out of the configuration. */
  #missedIn(error: unknown, event: ScenarioAction): ConfProblems | null {
    const upstream = this.#conf?.wiring.upstream;
    if (!(error instanceof ReaderError) || error.code !== 'no-server') return null;
    if (upstream === undefined || !('server' in event)) return null;
    const text = message('The scenario does something to “{id}”, but no server line leads there. Put its line back.', {
      id: event.server,
    });
    return new ConfProblems([{ severity: 'error', message: text, span: upstream.span }]);
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
    const understood = understandConf(this.#options.definition, this.#arm, before.path, text, this.#authority);
    const problems = understood.ok ? unfollowable(before.wiring, understood.value.wiring) : understood.error;
    if (!understood.ok || problems.length > 0) return this.#refuseConf(problems);
    const next = understood.value;
    const change = confChange(before.wiring, next.wiring);
    const { joining, leaving } = change;
    if (joining.length > 0) this.#traffic?.tell({ type: 'compare' });
    const withdraw = () => {
      this.#servers.reach(before.wiring.inside);
      this.#servers.drain(joining);
    };
    this.#servers.reach(next.wiring.inside);
    try {
      await this.#servers.start(joining);
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
    this.#options.onTopology?.(this.#topologyOf(next.wiring));
    this.#timeline.changed(change);
    // After what it is about, so that the time line reads as cause and effect.
    this.#noteReload();
    this.#servers.drain(leaving);
    if (this.#balancer === null) this.#traffic?.tell({ type: 'targets', targets: this.#targets(next.wiring) });
    this.#emit();
    return ok(null);
  }

  #refuseConf(problems: readonly Problem[]): Result<null, readonly Problem[]> {
    this.#timeline.reloadRefused();
    this.#emit();
    return err(problems);
  }

  /** Gives the balancer a configuration; the problems if it refuses it and runs on with the old one, else null. */
  async #reloadBalancer(conf: PreparedConf): Promise<readonly Problem[] | null> {
    if (this.#balancer === null) return null;
    const { path, text, files } = conf;
    return this.#balancer.reload({ path, text, files }, this.#servers.addresses);
  }

  #noteReload(): void {
    if (this.#balancer !== null) this.#timeline.reloaded();
  }

  /** Waits until the sides' counts agree, at most SETTLE_LIMIT_MS: the balancer's last report may still be on its way. */
  async #settle(): Promise<void> {
    const { clock } = this.#options;
    const agree = async (): Promise<void> => {
      const deadline = clock.now() + SETTLE_LIMIT_MS;
      while (clock.now() < deadline) {
        this.#servers.askForCalls();
        const state = this.snapshot();
        const idle = state.servers.every((server) => server.inFlight === 0 && server.queued === 0);
        if (idle && state.reconciliation.agree) break;
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 20));
      }
    };
    if (this.#balancer === null) {
      await agree();
      return;
    }
    await this.#keepOpen(this.#balancer);
    await this.#balancer.drain(DRAIN_LIMIT_MS, agree);
  }

  /** What of the balancer's connections to servers is open when all is answered; one that closes just then is waited for. */
  async #keepOpen(balancer: RunBalancer): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.now() + DRAIN_LIMIT_MS;
    for (;;) {
      const counts = await balancer.counts();
      if (
        counts === null ||
        this.#counts.keepOpen(counts, this.#servers.all, this.#inside()) ||
        clock.now() >= deadline
      )
        return;
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 10));
    }
  }

  #takeReport(report: TrafficReport): void {
    const first = this.#counts.isEmpty;
    this.#counts.takeClient(report);
    this.#decisions.addSamples(report.samples);
    if (first) this.#emit();
  }

  #takeBalancerReport(report: BalancerReport): void {
    for (const peer of this.#counts.takeBalancer(report.counts)) this.#timeline.healthChanged(peer);
    this.#decisions.addDecisions(report.decisions);
    this.#decisions.addOwnAnswers(report.ownAnswers);
  }

  #tick(): void {
    // What comes back is in the next snapshot.
    this.#servers.askForCalls();
    this.#emit();
  }

  #emit(): void {
    this.#options.onSnapshot?.(this.snapshot());
  }

  #fail(error: Error): void {
    this.#failure.reject(error);
  }

  #result(snapshot: Snapshot, startMs: number): RunResult {
    const { definition, params } = this.#options;
    const { client } = snapshot;
    return {
      lab: definition.id,
      arm: this.#arm.id,
      ...(params.scenario === null ? {} : { scenario: params.scenario }),
      ...(params.protocol === null ? {} : { protocol: params.protocol }),
      ...(params.message === null || !sendsMessage(this.#arm) ? {} : { message: params.message }),
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
      ...snapshot.findings,
    };
  }

  #targets(wiring: ArmWiring): readonly string[] {
    // A browser knocks at a gRPC server itself, too, to see what comes of it.
    const direct = pageClientOf(this.#arm) === 'browser-grpc' ? wiring.backends : [];
    const doors = direct.filter(({ protocol }) => protocol === 'grpc').map(({ address }) => address);
    // Nobody stands between these clients and the servers: a server that is `down` is left out where they look names up.
    const drained = drainedIn(wiring);
    const declared =
      wiring.listen === null
        ? wiring.backends.filter(({ id }) => !drained.includes(id)).map(({ address }) => address)
        : [wiring.listen, ...doors];
    return declared.map((address) => this.#servers.actual(address));
  }

  #protocol(): 'rest' | 'grpc' {
    return this.#conf?.wiring.backends[0]?.protocol ?? 'grpc';
  }

  /** What the clients speak. */
  #clientProtocol(): 'rest' | 'grpc' | 'grpc-web' {
    const { client } = this.#arm;
    return client === 'grpc-web' ? client : client.startsWith('rest') ? 'rest' : 'grpc';
  }

  #inside(): InsideState | null {
    const wiring = this.#conf?.wiring.inside ?? null;
    if (wiring === null) return null;
    return {
      listeners: wiring.listeners,
      servers: this.#servers.insiders,
      hops: this.#hops,
      clientProtocol: this.#clientProtocol(),
      frontProtocol: this.#protocol(),
    };
  }

  #needTraffic(): Traffic {
    if (this.#traffic === null) throw new Error('traffic was not started');
    return this.#traffic;
  }
}
