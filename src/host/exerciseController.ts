import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { systemClock } from '../base/clock';
import { ReaderError } from '../base/errors';
import { type Message, message } from '../base/message';
import { freshSeed } from '../base/random';
import { type ExerciseDefinition, type ExerciseRun, usesReadersFile } from '../lab/exercise';
import { ExerciseCheck } from '../lab/exerciseCheck';
import { armOfRun } from '../lab/exerciseLab';
import { understandConf } from '../lab/labConf';
import { inLanguage, type LabDefinition } from '../lab/labDefinition';
import type { WarmThreads } from '../lab/warmThreads';
import type { WorkerPaths } from '../lab/workerThread';
import type { Snapshot } from '../measurement/snapshot';
import type { ConfSource } from '../protocol/balancerWorker';
import type { ExerciseVerdict, Words } from '../protocol/exercise';
import type { ExerciseState, ExerciseVerdictState } from '../protocol/webview';
import type { MeasuredServers } from './conf/hintModel';
import { type KeptExercise, standingExercise } from './keptExercise';
import type { ProgressStore } from './progressStore';
import { storeChoice } from './storeChoice';
import type { WorkingCopy } from './workingCopy';

export interface ExerciseControllerOptions {
  readonly courseId: string;
  readonly definition: LabDefinition;
  readonly workers: WorkerPaths;
  readonly warm: WarmThreads;
  readonly progress: ProgressStore;
  readonly copies: WorkingCopy;
  /** Anything of the exercises changed. */
  onChange(): void;
  onSnapshot(snapshot: Snapshot): void;
}

interface Checking {
  readonly exercise: ExerciseDefinition;
  readonly check: ExerciseCheck;
  number: number;
}

/** The exercises of one lab: what the reader did with them, and at most one check at a time. */
export class ExerciseController {
  readonly #options: ExerciseControllerOptions;
  #checking: Checking | null = null;
  /** Of the last check of each exercise in this window, by its run: for the numbers behind the server lines. */
  readonly #measured = new Map<string, Map<string, MeasuredServers & { readonly arm: string }>>();

  constructor(options: ExerciseControllerOptions) {
    this.#options = options;
  }

  get all(): readonly ExerciseDefinition[] {
    return this.#options.definition.exercises;
  }

  get isChecking(): boolean {
    return this.#checking !== null;
  }

  /** Id of the one that is being checked. */
  get checking(): string | null {
    return this.#checking?.exercise.id ?? null;
  }

  get progress(): { readonly solved: number; readonly all: number } {
    return { solved: this.all.filter(({ id }) => this.isSolved(id)).length, all: this.all.length };
  }

  isSolved(id: string): boolean {
    const exercise = this.named(id);
    return exercise !== undefined && this.#kept(exercise).solvedAt !== null;
  }

  named(id: string): ExerciseDefinition | undefined {
    return this.all.find((exercise) => exercise.id === id);
  }

  /** The exercise whose copy a file is; undefined: it is none. */
  ofFile(file: string): ExerciseDefinition | undefined {
    return this.all.find((exercise) => exercise.file === file);
  }

  /** The verdict of the last check; null: there was none. */
  verdict(id: string): ExerciseVerdict | null {
    const exercise = this.named(id);
    return exercise === undefined ? null : (this.#kept(exercise).last?.verdict ?? null);
  }

  /** The reader's copy, made from the starting file if there is none yet. */
  ensureFile(exercise: ExerciseDefinition): Promise<string> {
    return this.#options.copies.ensure(this.#options.definition, exercise.file, exercise.start);
  }

  /** Text of the exercise's starting file or solution, as installed. */
  original(file: string): Promise<string> {
    return readFile(path.join(this.#options.definition.folder, file), 'utf8');
  }

  /**
   * Sends traffic with the reader's file, as it is saved, and keeps the verdict. null: it was ended before there was
   * one. Throws ReaderError.
   */
  async check(exercise: ExerciseDefinition): Promise<ExerciseVerdict | null> {
    const { definition, workers, warm, onChange, onSnapshot } = this.#options;
    const file = await this.#file(exercise);
    if (this.#checking !== null) throw new ReaderError('checking', message('An exercise is being checked already.'));
    const measured = new Map<string, MeasuredServers & { readonly arm: string }>();
    const check = new ExerciseCheck({
      definition,
      exercise,
      file,
      workers,
      warm,
      store: storeChoice(),
      clock: systemClock(),
      seed: freshSeed(),
      onRun: (number) => {
        if (this.#checking !== null) this.#checking.number = number;
        onChange();
      },
      onSnapshot: (run, snapshot) => {
        const servers = this.#measuredServers(exercise, run, file, snapshot);
        if (servers !== null) measured.set(run.id, servers);
        onSnapshot(snapshot);
      },
    });
    this.#checking = { exercise, check, number: 1 };
    this.#measured.set(exercise.file, measured);
    onChange();
    try {
      const { verdict } = await check.run();
      await this.#keepVerdict(exercise, verdict, file.text);
      return verdict;
    } catch (error) {
      if (error instanceof ReaderError && error.code === 'disposed') return null;
      throw error;
    } finally {
      this.#checking = null;
      onChange();
    }
  }

  /** Ends a check and waits until nothing of it is left. */
  async abort(): Promise<void> {
    await this.#checking?.check.dispose();
  }

  async showHint(exercise: ExerciseDefinition): Promise<void> {
    const kept = this.#kept(exercise);
    await this.#keep(exercise, { ...kept, hintsShown: Math.min(exercise.hints.length, kept.hintsShown + 1) });
  }

  async solutionShown(exercise: ExerciseDefinition): Promise<void> {
    await this.#keep(exercise, { ...this.#kept(exercise), solutionShown: true });
  }

  /** Hints and verdict are forgotten; what was solved stays solved. */
  async startOver(exercise: ExerciseDefinition): Promise<void> {
    this.#measured.delete(exercise.file);
    await this.#keep(exercise, { ...this.#kept(exercise), hintsShown: 0, solutionShown: false, last: null });
  }

  /** Forgets everything but the reader's files. */
  async forget(): Promise<void> {
    const { courseId, definition, progress } = this.#options;
    this.#measured.clear();
    for (const { id } of this.all) await progress.setExercise(courseId, definition.id, id, null);
  }

  /** What the check that goes on, or the last one, measured of the servers of an exercise's file, run by run. */
  measuredOn(file: string): readonly (MeasuredServers & { readonly arm: string; readonly live: boolean })[] {
    const live = this.#checking?.exercise.file === file;
    return [...(this.#measured.get(file)?.values() ?? [])].map((servers) => ({ ...servers, live }));
  }

  async states(language: string): Promise<readonly ExerciseState[]> {
    return Promise.all(this.all.map((exercise) => this.#state(exercise, language)));
  }

  async #state(exercise: ExerciseDefinition, language: string): Promise<ExerciseState> {
    const { definition, copies } = this.#options;
    const kept = this.#kept(exercise);
    const checking = this.#checking?.exercise === exercise ? this.#checking : null;
    const copy = await copies.read(definition, exercise.file);
    const text = copy === null ? null : fingerprint(copy.text);
    const told = (words: Words): Message =>
      'message' in words ? words.message : message('{text}', { text: inLanguage(words.written, language) });
    return {
      id: exercise.id,
      title: inLanguage(exercise.title, language),
      goal: inLanguage(exercise.goal, language),
      edits: exercise.edits.kind,
      file: exercise.file,
      isOpened: copy !== null,
      isSolved: kept.solvedAt !== null,
      checking: checking === null ? null : { number: checking.number, of: exercise.runs.length },
      hints: exercise.hints.slice(0, kept.hintsShown).map((hint) => inLanguage(hint, language)),
      hintsLeft: Math.max(0, exercise.hints.length - kept.hintsShown),
      solutionShown: kept.solutionShown,
      verdict: kept.last === null ? null : verdictState(kept.last, text, told),
    };
  }

  async #file(exercise: ExerciseDefinition): Promise<ConfSource> {
    const { definition, copies } = this.#options;
    const copy = await copies.read(definition, exercise.file);
    if (copy !== null) return copy;
    const start = path.join(definition.folder, exercise.start);
    return { path: start, text: await this.original(exercise.start) };
  }

  #measuredServers(exercise: ExerciseDefinition, run: ExerciseRun, conf: ConfSource, { servers }: Snapshot) {
    if (exercise.edits.kind !== 'conf' || !usesReadersFile(exercise, run)) return null;
    const arm = armOfRun(this.#options.definition, exercise, run);
    const known = this.#measured.get(exercise.file)?.get(run.id);
    if (known !== undefined) return { ...known, servers };
    const understood = understandConf(this.#options.definition, arm, conf.path, conf.text);
    if (!understood.ok) return null;
    const { upstreams, backends } = understood.value.wiring;
    return {
      arm: arm.id,
      servers,
      upstreams: upstreams.map(({ name }) => name),
      addresses: Object.fromEntries(backends.map((backend) => [backend.address, backend.id])),
    };
  }

  async #keepVerdict(exercise: ExerciseDefinition, verdict: ExerciseVerdict, text: string): Promise<void> {
    const kept = this.#kept(exercise);
    const checkedAt = systemClock().wallNow();
    await this.#keep(exercise, {
      ...kept,
      solvedAt: verdict.solved ? (kept.solvedAt ?? checkedAt) : kept.solvedAt,
      last: { verdict, checkedAt, text: fingerprint(text) },
    });
  }

  #kept(exercise: ExerciseDefinition): KeptExercise {
    const { courseId, definition, progress } = this.#options;
    return standingExercise(progress.exercise(courseId, definition.id, exercise.id), exercise);
  }

  async #keep(exercise: ExerciseDefinition, kept: KeptExercise): Promise<void> {
    const { courseId, definition, progress, onChange } = this.#options;
    await progress.setExercise(courseId, definition.id, exercise.id, kept);
    onChange();
  }
}

function verdictState(
  { verdict, text: checked }: NonNullable<KeptExercise['last']>,
  text: string | null,
  told: (words: Words) => Message,
): ExerciseVerdictState {
  const runs = verdict.runs.map(({ id, title, seen }) => ({ id, title: told(title), seen }));
  return {
    solved: verdict.solved,
    isStale: text !== null && text !== checked,
    problems: verdict.problems,
    runs,
    expectations: verdict.expectations.map(({ met, run, name, seen, wanted, help }) => ({
      met,
      run: runs.length > 1 ? (runs.find(({ id }) => id === run)?.title ?? null) : null,
      name: told(name),
      seen,
      wanted: inTitles(wanted, runs),
      help: help === null ? null : told(help),
    })),
  };
}

/** A run that another is held against is named by its id; on the page runs have titles. */
function inTitles(wanted: Message, runs: readonly { readonly id: string; readonly title: Message }[]): Message {
  const title = runs.find(({ id }) => id === wanted.args.run)?.title.args.text;
  return title === undefined ? wanted : { ...wanted, args: { ...wanted.args, run: title } };
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
