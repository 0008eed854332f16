import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import type * as vscode from 'vscode';
import { freshSeed } from '../base/random';
import type { KeptAnswer } from '../course/progress';
import { isDue, type KeptReview } from '../course/reviewState';
import type { RunParams } from '../protocol/run';
import type { LabResult } from '../protocol/webview';
import type { KeptExercise } from './keptExercise';

/** What a reader did with a lab. Small; the measured results are in a file of their own. */
export interface KeptLab {
  readonly selectedArm: string | null;
  readonly params: RunParams | null;
  readonly predictions: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const NO_LAB: KeptLab = { selectedArm: null, params: null, predictions: {} };

/**
 * What the reader keeps: answers, predictions, settings in VS Code's global state, one key per item, so that two windows
 * do not overwrite each other's; results of runs, which are large, as files in the extension's storage, written beside
 * and renamed, so that a crash or a full disk never leaves half a file.
 */
export class ProgressStore {
  readonly #state: vscode.ExtensionContext['globalState'];
  /** Keys to be synchronised, by course. */
  readonly #synced = new Map<string, readonly string[]>();
  readonly #folder: string;

  constructor(context: Pick<vscode.ExtensionContext, 'globalState' | 'globalStorageUri'>) {
    this.#state = context.globalState;
    this.#folder = context.globalStorageUri.fsPath;
  }

  /** Drawn once per reader: the order of options follows from it. */
  async readerSeed(): Promise<number> {
    const kept = this.#state.get<number>('readerSeed');
    if (kept !== undefined) return kept;
    const seed = freshSeed();
    await this.#state.update('readerSeed', seed);
    return seed;
  }

  language(course: string): string | null {
    return this.#state.get<string>(`language:${course}`) ?? null;
  }

  async setLanguage(course: string, language: string): Promise<void> {
    await this.#state.update(`language:${course}`, language);
  }

  /** Whatever is stored: standingAnswer() says what it is worth. */
  answer(course: string, quiz: string): unknown {
    return this.#state.get(`answer:${course}:${quiz}`);
  }

  async setAnswer(course: string, quiz: string, answer: KeptAnswer | null): Promise<void> {
    await this.#state.update(`answer:${course}:${quiz}`, answer ?? undefined);
  }

  /** Whatever is stored: standingReview() says what it is worth. */
  review(course: string, quiz: string): unknown {
    return this.#state.get(`review:${course}:${quiz}`);
  }

  async setReview(course: string, quiz: string, review: KeptReview | null): Promise<void> {
    await this.#state.update(`review:${course}:${quiz}`, review ?? undefined);
  }

  /** How many questions are due by what is kept, without reading any course: some may have changed since. */
  dueRoughly(now: number): number {
    const reviews = this.#state
      .keys()
      .filter((key) => key.startsWith('review:'))
      .map((key) => this.#state.get<Partial<KeptReview>>(key)?.dueAt);
    return reviews.filter((dueAt) => typeof dueAt === 'number' && isDue({ dueAt }, now)).length;
  }

  /** Lets Settings Sync carry the reader's progress to their other machines; results of runs stay where they were measured. */
  sync(
    course: string,
    quizzes: Iterable<string>,
    labs: Iterable<string>,
    exercises: Iterable<{ readonly lab: string; readonly exercise: string }>,
  ): void {
    // What is named takes the place of what was named before, and another course may be open, too.
    this.#synced.set(course, [
      `language:${course}`,
      `sections:${course}`,
      ...[...quizzes].flatMap((id) => [`answer:${course}:${id}`, `review:${course}:${id}`]),
      ...[...labs].map((id) => `lab:${course}:${id}`),
      ...[...exercises].map(({ lab, exercise }) => `exercise:${course}:${lab}:${exercise}`),
    ]);
    this.#state.setKeysForSync(['readerSeed', ...[...this.#synced.values()].flat()]);
  }

  /** Forgets what the reader did in a course. The language and the order of options stay. */
  async clear(course: string): Promise<void> {
    const own = [`sections:${course}`, ...['answer', 'review', 'lab', 'exercise'].map((kind) => `${kind}:${course}:`)];
    const keys = this.#state
      .keys()
      .filter((key) => own.some((prefix) => key === prefix || (prefix.endsWith(':') && key.startsWith(prefix))));
    for (const key of keys) await this.#state.update(key, undefined);
    await rm(path.join(this.#folder, 'results', course), { recursive: true, force: true });
  }

  lab(course: string, lab: string): KeptLab {
    return { ...NO_LAB, ...this.#state.get<Partial<KeptLab>>(`lab:${course}:${lab}`) };
  }

  async setLab(course: string, lab: string, kept: KeptLab | null): Promise<void> {
    await this.#state.update(`lab:${course}:${lab}`, kept ?? undefined);
  }

  /** Whatever is stored: standingExercise() says what it is worth. */
  exercise(course: string, lab: string, exercise: string): unknown {
    return this.#state.get(`exercise:${course}:${lab}:${exercise}`);
  }

  async setExercise(course: string, lab: string, exercise: string, kept: KeptExercise | null): Promise<void> {
    await this.#state.update(`exercise:${course}:${lab}:${exercise}`, kept ?? undefined);
  }

  visitedSections(course: string): readonly string[] {
    return this.#state.get<readonly string[]>(`sections:${course}`) ?? [];
  }

  async addVisitedSection(course: string, anchor: string): Promise<void> {
    const visited = this.visitedSections(course);
    if (!visited.includes(anchor)) await this.#state.update(`sections:${course}`, [...visited, anchor]);
  }

  /** Last result of each arm; empty where nothing was run or the file cannot be read. */
  async results(course: string, lab: string): Promise<Readonly<Record<string, LabResult>>> {
    try {
      return JSON.parse(await readFile(this.#resultsFile(course, lab), 'utf8')) as Readonly<Record<string, LabResult>>;
    } catch {
      return {};
    }
  }

  /** Throws the file system's error (a full disk, no permission): the caller tells the reader. */
  async setResults(course: string, lab: string, results: Readonly<Record<string, LabResult>> | null): Promise<void> {
    const file = this.#resultsFile(course, lab);
    if (results === null) {
      await rm(file, { force: true });
      return;
    }
    await mkdir(path.dirname(file), { recursive: true });
    const beside = `${file}.${randomUUID()}`;
    try {
      await writeFile(beside, JSON.stringify(results));
      await rename(beside, file);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }

  #resultsFile(course: string, lab: string): string {
    return path.join(this.#folder, 'results', course, `${lab}.json`);
  }
}
