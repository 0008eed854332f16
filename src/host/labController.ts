import * as path from 'node:path';
import * as vscode from 'vscode';
import { systemClock } from '../base/clock';
import { ReaderError } from '../base/errors';
import { type Message, message } from '../base/message';
import type { Problem } from '../base/problem';
import { freshSeed } from '../base/random';
import { serversOf, servingBackends, spokenBy, topologyOf } from '../lab/armWiring';
import {
  ConfProblems,
  nextSpare,
  type PreparedConf,
  prepareConf,
  understandConf,
  uniqueProblems,
  withAddedServer,
  withDrained,
} from '../lab/labConf';
import {
  type ArmDefinition,
  armOver,
  defaultsOf,
  inLanguage,
  type LabDefinition,
  nameUnder,
  pageClientOf,
  partsOfName,
  protocolsOf,
} from '../lab/labDefinition';
import { readLabFile } from '../lab/labFiles';
import { IN_PROCESS_ENGINE, LabRun } from '../lab/labRun';
import type { AskedPage } from '../lab/pageTraffic';
import type { MovedPort } from '../lab/portClaims';
import { readingsOf } from '../lab/readings';
import type { WarmThreads, WarmWish } from '../lab/warmThreads';
import type { WorkerPaths } from '../lab/workerThread';
import type { Snapshot } from '../measurement/snapshot';
import type { Fault } from '../protocol/backendWorker';
import type { ConfSource } from '../protocol/balancerWorker';
import type { BrowseBatch, BrowsePlan } from '../protocol/browse';
import type { ExerciseVerdict } from '../protocol/exercise';
import type { LoadParams, RunParams, Topology } from '../protocol/run';
import type { Population } from '../protocol/trafficWorker';
import type { LabArm, LabResult, LabState, ReaderSetting, ToWebview } from '../protocol/webview';
import { scoreShape } from '../quiz/scoreSplit';
import { editCopy } from './conf/editCopy';
import type { MeasuredServers } from './conf/hintModel';
import { ExerciseController } from './exerciseController';
import { MessageViews } from './messageViews';
import type { KeptLab, ProgressStore } from './progressStore';
import { storeChoice } from './storeChoice';
import type { WorkingCopy } from './workingCopy';

/** Samples kept with a finished run; the live list shows more. */
const KEPT_SAMPLES = 20;

/** What went wrong with an action, for the page to show at the right place. */
export class Refusal extends Error {
  constructor(
    readonly text: Message,
    readonly problems: readonly Problem[] = [],
    readonly field: keyof RunParams | 'arm' | 'run' | 'exercise' | null = null,
    /** The setting that is the cause. */
    readonly setting: ReaderSetting | null = null,
  ) {
    super(text.text);
  }
}

export interface LabControllerOptions {
  readonly courseId: string;
  readonly definition: LabDefinition;
  readonly workers: WorkerPaths;
  readonly warm: WarmThreads;
  readonly progress: ProgressStore;
  readonly copies: WorkingCopy;
}

/** One lab of the open course: its state for the page, at most one run at a time, and what is kept of it. */
export class LabController implements vscode.Disposable {
  readonly definition: LabDefinition;
  readonly exercises: ExerciseController;
  readonly #options: LabControllerOptions;
  readonly #messages: MessageViews;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #snapshot = new vscode.EventEmitter<Snapshot>();
  /** Anything but the live numbers changed. */
  readonly onChange = this.#changed.event;
  readonly onSnapshot = this.#snapshot.event;
  readonly #checked = new vscode.EventEmitter<Snapshot>();
  /** Of an exercise's check: not for the lab's own picture. */
  readonly onChecked = this.#checked.event;
  readonly #browse = new vscode.EventEmitter<Extract<ToWebview, { type: 'browse' | 'browseRate' | 'browseStop' }>>();
  /** The page is to send, for an arm that only a browser can run. */
  readonly onBrowse = this.#browse.event;
  #browsing: { readonly run: number; readonly told: (batch: BrowseBatch) => void } | null = null;
  #browsings = 0;
  #kept: KeptLab;
  #results: Readonly<Record<string, LabResult>> = {};
  #run: LabRun | null = null;
  #runArm: string | null = null;
  #runTopology: Topology | null = null;
  #phase: Snapshot['phase'] | null = null;
  #lastSnapshot: Snapshot | null = null;
  /** The last good configuration of each arm that was read. */
  readonly #prepared = new Map<string, PreparedConf>();
  /** What was said of the last save while the lab ran. */
  #refusedSave: ConfNotice | null = null;

  constructor(options: LabControllerOptions) {
    this.#options = options;
    this.definition = options.definition;
    this.#messages = new MessageViews(options.definition, options.copies);
    this.#kept = options.progress.lab(options.courseId, options.definition.id);
    this.exercises = new ExerciseController({
      ...options,
      onChange: () => this.#changed.fire(),
      onSnapshot: (snapshot) => this.#checked.fire(snapshot),
    });
  }

  async load(): Promise<void> {
    this.#results = await this.#options.progress.results(this.#options.courseId, this.definition.id);
  }

  /** A run or a check of an exercise goes on: its threads and ports are taken. */
  get isRunning(): boolean {
    return this.#run !== null || this.exercises.isChecking;
  }

  /** How many of the arms have a result. */
  get armsRun(): { readonly run: number; readonly all: number } {
    const all = this.definition.arms;
    return { run: all.filter((arm) => this.#results[arm.id] !== undefined).length, all: all.length };
  }

  title(language: string): string {
    return inLanguage(this.definition.title, language);
  }

  /** Of the run going on; for a page that comes into view in the middle of one. */
  get lastSnapshot(): Snapshot | null {
    return this.#run === null ? null : this.#lastSnapshot;
  }

  /** Share of answered requests by server in the last run of an arm; null: not run. */
  measuredShares(arm: string): Readonly<Record<string, number>> | null {
    const result = this.#results[arm];
    return result === undefined ? null : sharesOf(result.snapshot);
  }

  /** Numbers of the last run of an arm by name; null: not run. */
  readings(arm: string): Readonly<Record<string, number>> | null {
    const result = this.#results[arm];
    return result === undefined ? null : readingsOf(result.result);
  }

  async state(language: string): Promise<LabState> {
    const problems: Problem[] = [];
    /** Of originals: the lab itself is broken. */
    const broken: Problem[] = [];
    const arms = await Promise.all(
      this.definition.arms.map(async (defined): Promise<LabArm> => {
        const arm = armOver(defined, this.params.protocol);
        const conf = await this.#prepare(arm).catch((error: unknown) => {
          if (!(error instanceof ConfProblems)) throw error;
          problems.push(...error.problems);
          // The picture stays as it was; without one, it is that of the original.
          return this.#preparedOf(arm.id) ?? this.#original(arm, broken);
        });
        const live = this.#runArm === arm.id ? this.#runTopology : null;
        const servers = conf === null ? this.definition.servers : serversOf(servingBackends(conf.wiring));
        const serverIds = servers.map((server) => server.id);
        return {
          id: arm.id,
          title: inLanguage(arm.title, language),
          conf: arm.conf,
          protocol: arm.client.startsWith('rest') ? 'rest' : 'grpc',
          // Which store it is will be known when it runs.
          topology:
            live ??
            (conf === null
              ? { nodes: [], edges: [] }
              : topologyOf(conf.wiring, spokenBy(arm.client), arm.store ? '' : null)),
          serverIds,
          reachedIds: serverIds.filter((id) => conf?.wiring.inside?.servers.includes(id) !== true),
        };
      }),
    );
    const messages = await this.#messages.all(language);
    const exercises = await this.exercises.states(language);
    // Nothing is awaited from here on: of two states, the one that is told last is the newer one.
    const defaults = this.#defaults();
    return {
      id: this.definition.id,
      title: this.title(language),
      goal: inLanguage(this.definition.goal, language),
      arms,
      selectedArm: this.#selectedArm(),
      scenarios: this.definition.scenarios.map((scenario) => ({
        id: scenario.id,
        title: inLanguage(scenario.title, language),
      })),
      protocols: protocolsOf(this.definition),
      messages,
      skew: this.#skew(),
      population: this.#population(),
      defaults,
      params: this.params,
      running: this.#run !== null,
      phase: this.#phase,
      results: this.#results,
      readings: Object.fromEntries(
        Object.entries(this.#results).map(([arm, { result }]) => [arm, readingsOf(result)] as const),
      ),
      predictions: this.#kept.predictions,
      canAdd: this.#run?.canAddServer ?? false,
      exercises,
      movedPorts: this.movedPorts,
      engine: IN_PROCESS_ENGINE,
      problems: uniqueProblems(broken),
      confNotice: this.#refusedSave ?? confNoticeOf(uniqueProblems(problems)),
    };
  }

  /** `name`: an arm, perhaps under a scenario ("round-robin@one-slow"). */
  async selectArm(name: string): Promise<void> {
    if (this.#run !== null) throw new Refusal(message('Stop the run before you choose another arm.'), [], 'arm');
    const { arm, scenario } = partsOfName(name);
    this.#arm(arm);
    if (scenario !== null) await this.setUp({ scenario });
    const { params } = this;
    // A load that the reader has not touched follows the arm.
    const untouched = sameLoad(params, this.#defaults());
    await this.#keep({
      selectedArm: arm,
      params: untouched
        ? { ...params, ...loadOf(defaultsOf(this.definition, this.#arm(arm), params.scenario)) }
        : params,
    });
    // Other threads than the last arm's may be needed.
    void this.warm();
  }

  /** What the next run is to be. Another scenario brings its own load with it. Throws Refusal. */
  async setUp(change: {
    readonly scenario?: string | undefined;
    readonly protocol?: 'rest' | 'grpc' | undefined;
    readonly message?: string | undefined;
  }): Promise<void> {
    if (this.#run !== null) throw new Refusal(message('Stop the run before you change what it is.'), [], 'run');
    const {
      scenario = this.params.scenario,
      protocol = this.params.protocol,
      message: body = this.params.message,
    } = change;
    if (body !== null && !this.definition.messages.some(({ id }) => id === body)) {
      throw new Refusal(message('There is no message “{id}” in this lab.', { id: body }), [], 'run');
    }
    if (scenario !== null && !this.definition.scenarios.some(({ id }) => id === scenario)) {
      throw new Refusal(message('There is no scenario “{id}” in this lab.', { id: scenario }), [], 'run');
    }
    const load = loadOf(defaultsOf(this.definition, this.#arm(this.#selectedArm()), scenario));
    await this.#keep({
      params: {
        ...this.params,
        ...(scenario === this.params.scenario ? {} : load),
        scenario,
        protocol,
        message: body,
      },
    });
    void this.warm();
  }

  /** Starts the threads that the selected arm will need: the first number comes sooner. */
  async warm(): Promise<void> {
    if (this.isRunning) return;
    const arm = this.#arm(this.#selectedArm());
    const conf = this.#preparedOf(arm.id) ?? (await this.#prepare(arm).catch(() => null));
    if (conf === null || this.isRunning) return;
    this.#options.warm.prepare(threadsOf(conf, this.#options.workers));
  }

  async predict(arm: string, shares: Readonly<Record<string, number>>): Promise<void> {
    this.#arm(arm);
    await this.#keep({ predictions: { ...this.#kept.predictions, [arm]: shares } });
  }

  /** Runs an arm to its end. Throws Refusal. */
  async run(armId: string, params: RunParams): Promise<void> {
    this.#refuseWhileBusy();
    const arm = this.#arm(armId, params.protocol);
    const conf = await this.#options.copies.read(this.definition, arm.conf);
    const body = await this.#messages.source(params.message);
    // A second click may have come while the file was read.
    this.#refuseWhileBusy();
    const prediction = this.#kept.predictions[armId] ?? null;
    const run = new LabRun({
      definition: this.definition,
      arm,
      params,
      workers: this.#options.workers,
      warm: this.#options.warm,
      clock: systemClock(),
      store: storeChoice(),
      ...(conf === null ? {} : { conf }),
      ...(body === null ? {} : { message: body }),
      askPage: (plan, told) => this.#askPage(plan, told),
      onSnapshot: (snapshot) => this.#takeSnapshot(snapshot),
      onTopology: (topology) => {
        this.#runTopology = topology;
        this.#changed.fire();
      },
    });
    this.#run = run;
    this.#runArm = armId;
    this.#lastSnapshot = null;
    this.#refusedSave = null;
    this.#phase = 'starting';
    this.#kept = { ...this.#kept, selectedArm: armId, params };
    this.#changed.fire();
    try {
      const { result, snapshot } = await run.run();
      const score = prediction === null ? null : scoreShape(prediction, sharesOf(snapshot));
      const kept: LabResult = {
        result,
        snapshot: { ...snapshot, samples: snapshot.samples.slice(-KEPT_SAMPLES) },
        finishedAt: systemClock().wallNow(),
        predictionScore: score,
        prediction,
      };
      this.#results = {
        ...this.#results,
        [armId]: kept,
        ...(params.scenario === null ? {} : { [nameUnder(armId, params.scenario)]: kept }),
      };
    } catch (error) {
      if (error instanceof ReaderError && error.code === 'disposed') return;
      throw asRefusal(error);
    } finally {
      this.#run = null;
      this.#phase = null;
      this.#refusedSave = null;
      this.#changed.fire();
    }
    await this.#keep({});
    // Ready for the next one.
    void this.warm();
    await this.#saveResults(this.#results);
  }

  stop(): void {
    this.#run?.stop();
    void this.exercises.abort();
  }

  /** What the page told of what it was asked to send; of a run that is over it is not listened to. */
  browsed(run: number, batch: BrowseBatch): void {
    if (this.#browsing?.run === run) this.#browsing.told(batch);
  }

  #askPage(plan: BrowsePlan, told: (batch: BrowseBatch) => void): AskedPage {
    this.#browsings += 1;
    const run = this.#browsings;
    this.#browsing = { run, told };
    this.#browse.fire({ type: 'browse', lab: this.definition.id, run, plan });
    return {
      setRate: (rate) => this.#browse.fire({ type: 'browseRate', lab: this.definition.id, run, rate }),
      stop: () => this.#browse.fire({ type: 'browseStop', lab: this.definition.id, run }),
      forget: () => {
        if (this.#browsing?.run === run) this.#browsing = null;
      },
    };
  }

  /** Ends a run at once and waits until nothing of it is left. */
  async abort(): Promise<void> {
    await Promise.all([this.#run?.dispose(), this.exercises.abort()]);
  }

  /** Stops, and forgets results, predictions and settings; the reader's configuration files stay. */
  async reset(): Promise<void> {
    await this.abort();
    this.#results = {};
    this.#runTopology = null;
    this.#runArm = null;
    this.#kept = { selectedArm: null, params: null, predictions: {} };
    await this.#options.progress.setLab(this.#options.courseId, this.definition.id, null);
    this.#changed.fire();
    await this.#saveResults(null);
  }

  /** Writes the next spare server into the reader's configuration and saves it: what runs follows, as with any save. */
  addServer(): Promise<void> {
    return this.#interfere(() =>
      this.#editConf((arm, conf) => {
        const spare = nextSpare(this.definition, conf.wiring);
        if (spare === undefined) {
          throw new ReaderError('no-spare', message('This lab has no further server to add.'));
        }
        return withAddedServer(this.definition, arm, conf, spare);
      }),
    );
  }

  /** Edits the reader's copy of the running arm's configuration in its editor; what runs follows as after any save. */
  async #editConf(edit: (arm: ArmDefinition, conf: PreparedConf) => PreparedConf): Promise<void> {
    const arm = this.#arm(this.#runArm ?? '');
    const file = await this.configurationFile(arm.id);
    await editCopy(file, (text) => {
      const conf = understandConf(this.definition, arm, file, text);
      if (!conf.ok) throw new ConfProblems(conf.error);
      return edit(arm, conf.value).text;
    });
  }

  /**
   * A configuration file of the reader's was saved. A run that uses it goes on with the new text, as after
   * `nginx -s reload`; where that has problems it goes on with the old one, and the page says so.
   */
  async confSaved(file: string, text: string): Promise<void> {
    const run = this.#run;
    if (run === null || this.#runConf !== file) {
      this.refresh();
      return;
    }
    const refused = await run.reloadConf(text).then(
      (reloaded) => (reloaded.ok ? null : { text: SAVE_REFUSED, problems: reloaded.error }),
      (error: unknown) => ({
        text: error instanceof ReaderError ? error.readerMessage : message('{detail}', { detail: String(error) }),
        problems: [],
      }),
    );
    if (this.#run === run) this.#refusedSave = refused;
    this.#changed.fire();
  }

  /** Declared addresses of the run that goes on which were taken, and what is used in their place. */
  get movedPorts(): readonly MovedPort[] {
    return this.#run?.movedPorts ?? [];
  }

  /** The same for the run of that file; empty where another one runs. */
  movedOn(file: string): readonly MovedPort[] {
    return this.#runConf === file ? this.movedPorts : [];
  }

  /** The arm that a file runs when it is asked to: the selected one, else the first that uses it; null: no arm does. */
  armOfFile(file: string): string | null {
    const arms = this.definition.arms.filter((arm) => arm.conf === file);
    return (arms.find((arm) => arm.id === this.#selectedArm()) ?? arms[0])?.id ?? null;
  }

  armTitle(arm: string, language: string): string {
    return inLanguage(this.#arm(arm).title, language);
  }

  get selectedArm(): string {
    return this.#selectedArm();
  }

  get params(): RunParams {
    return { ...this.#defaults(), ...this.#kept.params };
  }

  /** What the run that goes on, or the last one, measured of the servers of a configuration file; empty: nothing yet. */
  measuredOn(file: string): readonly (MeasuredServers & { readonly arm: string; readonly live: boolean })[] {
    if (this.exercises.ofFile(file) !== undefined) return this.exercises.measuredOn(file);
    const live = this.#runConf === file;
    const arm = live ? this.#runArm : this.#lastRunOn(file);
    const snapshot = live ? this.#lastSnapshot : (this.#results[arm ?? '']?.snapshot ?? null);
    const wiring = this.#preparedOf(arm ?? '')?.wiring;
    if (arm === null || snapshot === null || wiring === undefined) return [];
    return [
      {
        arm,
        live,
        upstreams: wiring.upstreams.map(({ name }) => name),
        servers: snapshot.servers,
        addresses: Object.fromEntries(wiring.backends.map((backend) => [backend.address, backend.id])),
      },
    ];
  }

  #lastRunOn(file: string): string | null {
    const ran = this.definition.arms.filter((arm) => arm.conf === file && this.#results[arm.id] !== undefined);
    const finishedAt = (arm: ArmDefinition) => this.#results[arm.id]?.finishedAt ?? 0;
    return ran.sort((a, b) => finishedAt(b) - finishedAt(a))[0]?.id ?? null;
  }

  /** The file of the run that goes on; null: nothing runs. */
  get #runConf(): string | null {
    return this.#run === null ? null : this.#arm(this.#runArm ?? '').conf;
  }

  /** Checks an exercise by traffic. null: it was ended before there was a verdict. Throws Refusal. */
  async check(id: string): Promise<ExerciseVerdict | null> {
    const exercise = this.exercises.named(id);
    if (exercise === undefined) {
      throw new Refusal(message('There is no exercise “{id}” in this lab.', { id }), [], 'exercise');
    }
    if (this.#run !== null) throw new Refusal(message('This lab is already running.'), [], 'exercise');
    try {
      return await this.exercises.check(exercise);
    } catch (error) {
      throw asRefusal(error, 'exercise');
    }
  }

  #refuseWhileBusy(): void {
    if (this.#run !== null) throw new Refusal(message('This lab is already running.'), [], 'run');
    if (this.exercises.isChecking) {
      throw new Refusal(message('An exercise is being checked. Wait for its end, or stop it.'), [], 'run');
    }
  }

  killServer(server: string): Promise<void> {
    return this.#interfere((run) => run.killServer(server));
  }

  reviveServer(server: string): Promise<void> {
    return this.#interfere((run) => run.reviveServer(server));
  }

  killStore(): Promise<void> {
    return this.#interfere((run) => run.killStore());
  }

  reviveStore(): Promise<void> {
    return this.#interfere((run) => run.reviveStore());
  }

  setFault(server: string, { slowFactor, errorRate }: Fault): Promise<void> {
    return this.#interfere(async (run) => run.setFault(server, { slowFactor, errorRate }));
  }

  setRate(rate: number | null): Promise<void> {
    return this.#interfere(async (run) => run.setRate(rate));
  }

  setPopulation(population: Population): Promise<void> {
    return this.#interfere(async (run) => run.setPopulation(population));
  }

  /** Writes `down` behind the server's lines in the reader's configuration, or takes it away: what runs follows. */
  setDrained(server: string, drained: boolean): Promise<void> {
    return this.#interfere(() =>
      this.#editConf((arm, conf) => withDrained(this.definition, arm, conf, server, drained)),
    );
  }

  /** The reader's copy of an arm's configuration, made if there is none yet. */
  async configurationFile(armId: string): Promise<string> {
    return this.#options.copies.ensure(this.definition, this.#arm(armId).conf);
  }

  /** The reader's file changed: the topology may be another. */
  refresh(): void {
    if (this.#run === null) this.#runTopology = null;
    this.#changed.fire();
  }

  dispose(): void {
    void this.abort();
    this.#checked.dispose();
    this.#changed.dispose();
    this.#snapshot.dispose();
    this.#browse.dispose();
  }

  async #interfere(action: (run: LabRun) => Promise<void>): Promise<void> {
    const run = this.#run;
    if (run === null) throw new Refusal(message('The lab is not running. Run it first.'), [], 'run');
    try {
      await action(run);
    } catch (error) {
      throw asRefusal(error);
    } finally {
      this.#changed.fire();
    }
  }

  #takeSnapshot(snapshot: Snapshot): void {
    this.#lastSnapshot = snapshot;
    if (snapshot.phase !== this.#phase && this.#run !== null) {
      this.#phase = snapshot.phase;
      this.#changed.fire();
    }
    this.#snapshot.fire(snapshot);
  }

  async #prepare(arm: ArmDefinition): Promise<PreparedConf> {
    // What runs is what is shown, whatever a save that was refused says.
    const text = this.#runConf === arm.conf ? (this.#run?.confText ?? null) : null;
    const copy = await this.#options.copies.read(this.definition, arm.conf);
    const source = copy ?? (await this.#originalFile(arm));
    const shown = copy === null || text === null ? source : { ...copy, text };
    const known = this.#preparedOf(arm.id);
    // Nothing of it changed: this is asked whenever anything of the lab does.
    if (known?.text === shown.text && known.path === shown.path && !known.readsDisk) return known;
    const conf = await prepareConf(this.definition, arm, shown);
    this.#prepared.set(this.#preparedKey(arm.id), conf);
    return conf;
  }

  /** An arm has a configuration for each protocol that it can be run over. */
  #preparedKey(arm: string): string {
    return `${arm} ${this.params.protocol ?? ''}`;
  }

  #preparedOf(arm: string): PreparedConf | undefined {
    return this.#prepared.get(this.#preparedKey(arm));
  }

  /** Throws ConfProblems. */
  async #originalFile(arm: ArmDefinition): Promise<ConfSource> {
    const text = await readLabFile(this.definition.folder, arm.conf);
    if (!text.ok) throw new ConfProblems(text.error);
    return { path: path.join(this.definition.folder, arm.conf), text: text.value };
  }

  async #original(arm: ArmDefinition, broken: Problem[]): Promise<PreparedConf | null> {
    try {
      return await prepareConf(this.definition, arm);
    } catch (error) {
      if (!(error instanceof ConfProblems)) throw error;
      broken.push(...error.problems);
      return null;
    }
  }

  /** The arm over the protocol that the reader chose. Throws Refusal. */
  #arm(id: string, protocol: RunParams['protocol'] = this.#kept.params?.protocol ?? null): ArmDefinition {
    const arm = this.definition.arms.find((candidate) => candidate.id === id);
    if (arm === undefined) throw new Refusal(message('There is no arm “{id}” in this lab.', { id }), [], 'arm');
    return armOver(arm, protocol);
  }

  #population(): Population | null {
    const scenario = this.definition.scenarios.find(({ id }) => id === this.params.scenario);
    return scenario?.population ?? this.#arm(this.#selectedArm()).population;
  }

  #skew(): LabState['skew'] {
    if (pageClientOf(this.#arm(this.#selectedArm())) !== null) return 'page';
    return this.params.clients > 1 ? 'possible' : 'one-client';
  }

  #selectedArm(): string {
    const kept = this.definition.arms.find((arm) => arm.id === this.#kept.selectedArm);
    return (kept ?? this.definition.arms[0])?.id ?? '';
  }

  #defaults(): RunParams {
    const arm = this.definition.arms.find(({ id }) => id === this.#selectedArm());
    const scenario = this.#kept.params?.scenario ?? this.definition.defaults.scenario;
    const load = arm === undefined ? this.definition.defaults : defaultsOf(this.definition, arm, scenario);
    return { ...load, seed: this.#kept.params?.seed ?? freshSeed() };
  }

  async #keep(change: Partial<KeptLab>): Promise<void> {
    this.#kept = { ...this.#kept, ...change };
    await this.#options.progress.setLab(this.#options.courseId, this.definition.id, this.#kept);
    this.#changed.fire();
  }

  async #saveResults(results: Readonly<Record<string, LabResult>> | null): Promise<void> {
    try {
      await this.#options.progress.setResults(this.#options.courseId, this.definition.id, results);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Refusal(
        message('The result is shown, but could not be kept for the next time: {reason}', { reason }),
        [],
        null,
      );
    }
  }
}

function loadOf({ requests, concurrency, clients, rate }: LoadParams): LoadParams {
  return { requests, concurrency, clients, rate };
}

function sameLoad(one: LoadParams, other: LoadParams): boolean {
  return JSON.stringify(loadOf(one)) === JSON.stringify(loadOf(other));
}

/** The threads of a run of this configuration, with the libraries they will ask for. */
function threadsOf({ wiring }: PreparedConf, workers: WorkerPaths): readonly WarmWish[] {
  const servers = serversOf(wiring.backends);
  const preloads = servers.map(({ listens }) => [...new Set(listens.map(({ protocol }) => protocol))]);
  const protocol = wiring.backends[0]?.protocol ?? 'grpc';
  return [
    ...preloads.map((preload) => ({ path: workers.backend, preload, count: 1 })),
    ...(wiring.listeners.length === 0 ? [] : [{ path: workers.balancer, preload: [], count: 1 }]),
    { path: workers.traffic, preload: [protocol], count: 1 },
  ];
}

function sharesOf(snapshot: Snapshot): Readonly<Record<string, number>> {
  const reached = snapshot.servers.filter(({ inside }) => inside !== true);
  return Object.fromEntries(reached.map(({ id, share }) => [id, share]));
}

type ConfNotice = NonNullable<LabState['confNotice']>;

const SAVE_REFUSED = message('The saved configuration was refused; the last good one runs on.');

function confNoticeOf(problems: readonly Problem[]): ConfNotice | null {
  const text = message('The configuration has problems. It cannot run until they are mended.');
  return problems.length === 0 ? null : { text, problems };
}

function asRefusal(error: unknown, field: 'run' | 'exercise' = 'run'): Error {
  if (error instanceof Refusal) return error;
  if (error instanceof ConfProblems) {
    return new Refusal(message('The configuration has problems; nothing was changed.'), error.problems, field);
  }
  // What is wrong with a Redis is wrong with the address in the settings, if there is one.
  const isSetting = error instanceof ReaderError && error.code.startsWith('redis-') && storeChoice().kind === 'url';
  if (error instanceof ReaderError) {
    return new Refusal(error.readerMessage, [], field, isSetting ? 'trafficLab.redisUrl' : null);
  }
  return error instanceof Error ? error : new Error(String(error));
}
