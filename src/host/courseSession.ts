import * as vscode from 'vscode';
import { assertNever } from '../base/assertNever';
import { type Clock, systemClock } from '../base/clock';
import { type Catalog, message, renderMessage } from '../base/message';
import type { CourseView } from '../course/courseView';
import type { OutlineSection } from '../course/outline';
import { type ParsedCourse, viewCourse } from '../course/parsedCourse';
import { WarmThreads } from '../lab/warmThreads';
import type { WorkerPaths } from '../lab/workerThread';
import type { Snapshot } from '../measurement/snapshot';
import type { FromWebview, PageState, PageView, ProgressState, ToWebview } from '../protocol/webview';
import { readerOrder } from '../quiz/optionOrder';
import { checkedParams } from './checkedParams';
import { ConfFeatures } from './conf/confFeatures';
import type { ConfCourse } from './conf/confProviders';
import { outlineNodes } from './courseOutline';
import { type CourseFolder, readCourseDocument } from './courseSource';
import type { OutlineNode } from './courseTree';
import { ExerciseDesk } from './exerciseDesk';
import { SolutionDocuments } from './exerciseFiles';
import { LabController, Refusal } from './labController';
import { LabFileEditing } from './labFileEditing';
import { languageName, preferredLanguage, readCatalog } from './language';
import { Learner } from './learner';
import { Listings } from './listings';
import type { ProgressStore } from './progressStore';
import { SnapshotFeed } from './snapshotFeed';
import { WorkingCopy } from './workingCopy';

export interface CourseSessionOptions {
  readonly course: CourseFolder;
  readonly extensionUri: vscode.Uri;
  readonly storageFolder: string;
  readonly workers: WorkerPaths;
  readonly progress: ProgressStore;
  readonly clock?: Clock;
}

/** An open course: its documents, labs and answers. The page, the tree and the status bar show what is in here. */
export class CourseSession implements vscode.Disposable {
  readonly #options: CourseSessionOptions;
  readonly #labs = new Map<string, LabController>();
  readonly #copies: WorkingCopy;
  readonly #files: LabFileEditing;
  readonly #listings: Listings;
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #outgoing = new vscode.EventEmitter<ToWebview>();
  readonly #progressChanged = new vscode.EventEmitter<void>();
  readonly #runChanged = new vscode.EventEmitter<{ readonly title: string; readonly snapshot: Snapshot } | null>();
  /** For the page. */
  readonly onMessage = this.#outgoing.event;
  /** Sections, answers or results changed: the tree shows them. */
  readonly onProgress = this.#progressChanged.event;
  /** null: nothing runs. */
  readonly onRun = this.#runChanged.event;
  #language: string;
  #catalog: Catalog = {};
  #document: ParsedCourse | null = null;
  #readerSeed = 0;
  #features: ConfFeatures | null = null;
  #view: PageView = 'course';
  readonly #learner: Learner;
  readonly #desk: ExerciseDesk;
  readonly #warm = new WarmThreads(systemClock());
  readonly #feed = new SnapshotFeed(systemClock());

  private constructor(options: CourseSessionOptions) {
    this.#options = options;
    this.#learner = new Learner({
      courseId: options.course.manifest.id,
      store: options.progress,
      clock: options.clock ?? systemClock(),
      quizzes: () => this.#document?.quizzes ?? new Map(),
      orderOf: (quiz) => readerOrder(this.#readerSeed, quiz),
      shares: (lab, arm) => this.#labs.get(lab)?.measuredShares(arm) ?? null,
      readings: (lab, arm) => this.#labs.get(lab)?.readings(arm) ?? null,
    });
    this.#copies = new WorkingCopy(options.storageFolder, options.course.manifest.id);
    this.#files = new LabFileEditing({
      copies: this.#copies,
      labs: this.#labs,
      catalog: () => this.#catalog,
      folders: [options.course.folder, options.storageFolder],
    });
    this.#listings = new Listings({ texts: options.course.texts, labs: this.#labs, copies: this.#copies });
    this.#desk = new ExerciseDesk({
      labs: this.#labs,
      copies: this.#copies,
      language: () => this.#language,
      catalog: () => this.#catalog,
      refuseStart: (lab) => this.#refuseStart(lab, 'exercise'),
    });
    this.#language = this.#firstLanguage();
  }

  static async open(options: CourseSessionOptions): Promise<CourseSession> {
    const session = new CourseSession(options);
    await session.#load();
    return session;
  }

  get title(): string {
    return this.#document?.title || this.#courseId;
  }

  get #courseId(): string {
    return this.#options.course.manifest.id;
  }

  get language(): string {
    return this.#language;
  }

  get runningLab(): LabController | null {
    return [...this.#labs.values()].find((lab) => lab.isRunning) ?? null;
  }

  /** Answers one message of the page. Whatever goes wrong is told on the page, at the control it is about. */
  async receive(received: FromWebview): Promise<void> {
    try {
      await this.#act(received);
    } catch (error) {
      const lab = 'lab' in received ? received.lab : null;
      this.#refuse(lab, error);
    }
  }

  /** Live numbers for a page that came into view again. */
  async catchUp(): Promise<void> {
    this.#post({ type: 'course', page: await this.#pageState() });
    const running = this.runningLab;
    const snapshot = running?.lastSnapshot ?? null;
    if (running !== null && snapshot !== null) this.#post({ type: 'snapshot', lab: running.definition.id, snapshot });
  }

  reveal(anchor: string): void {
    this.#show('course');
    this.#post({ type: 'reveal', anchor });
  }

  /** Turns the page to the text, the review or the progress. */
  show(view: PageView): void {
    if (view === 'review') {
      this.#learner.startReview();
      this.#postReview();
    }
    this.#postProgress();
    this.#show(view);
  }

  /** How many arms of all labs have a result. */
  get armsRun(): number {
    return [...this.#labs.values()].reduce((sum, lab) => sum + lab.armsRun.run, 0);
  }

  /** How many questions are to be asked again now. */
  get due(): number {
    return this.#learner.due().length;
  }

  /** Forgets everything the reader did in this course, after asking. */
  async resetProgress(): Promise<void> {
    const reset = vscode.l10n.t('Reset');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('Forget your answers, reviews, predictions and results in “{course}”?', { course: this.title }),
      { modal: true, detail: vscode.l10n.t('Your configuration files stay. This cannot be undone.') },
      reset,
    );
    if (answer !== reset) return;
    for (const lab of this.#labs.values()) {
      await lab.reset();
      await lab.exercises.forget();
    }
    await this.#options.progress.clear(this.#courseId);
    this.#learner.forget();
    this.#view = 'course';
    this.#post({ type: 'course', page: await this.#pageState() });
    this.#progressChanged.fire();
  }

  async setLanguage(language: string): Promise<void> {
    if (!this.#options.course.manifest.languages.includes(language)) return;
    this.#language = language;
    await this.#options.progress.setLanguage(this.#courseId, language);
    await this.#loadDocument();
    this.#files.diagnoseAll();
    for (const lab of this.#labs.keys()) this.#features?.changed(lab);
    this.#post({ type: 'course', page: await this.#pageState() });
    this.#progressChanged.fire();
  }

  /** The next of the course's languages. */
  async switchLanguage(): Promise<void> {
    const { languages } = this.#options.course.manifest;
    const next = languages[(languages.indexOf(this.#language) + 1) % languages.length];
    if (next !== undefined) await this.setLanguage(next);
  }

  /**
   * Runs an arm as the page's button does, with the settings kept there. Without a lab: the one whose configuration is in
   * the active editor, else the first. A refusal is told in the page and, as the reader is not looking there, as a message.
   */
  async runFromEditor(labId?: string, armId?: string): Promise<void> {
    const active = vscode.window.activeTextEditor?.document.uri.fsPath;
    const copy = active === undefined ? null : this.#copies.identify(active);
    const lab = this.#labs.get(labId ?? copy?.lab ?? '') ?? [...this.#labs.values()][0];
    if (lab === undefined) return;
    const arm = armId ?? (copy === null ? null : lab.armOfFile(copy.file)) ?? lab.selectedArm;
    try {
      await this.#runLab(lab.definition.id, arm, lab.params);
    } catch (error) {
      this.#refuse(lab.definition.id, error);
      if (error instanceof Refusal) void vscode.window.showErrorMessage(renderMessage(error.text, this.#catalog));
    }
  }

  /**
   * Checks an exercise as the page's button does. Without one: the one whose file is in the active editor, else the reader
   * is asked. The verdict is told in a message, too: the reader is not looking at the page.
   */
  async checkFromEditor(named?: { readonly lab: string; readonly exercise: string }): Promise<void> {
    const chosen = named ?? (await this.#desk.choose());
    const lab = this.#labs.get(chosen?.lab ?? '');
    if (chosen === undefined || lab === undefined) return;
    try {
      const verdict = await this.#desk.check(lab, chosen.exercise);
      if (verdict !== null) await this.#desk.tell(verdict, `exercise-${chosen.lab}-${chosen.exercise}`);
    } catch (error) {
      this.#refuse(lab.definition.id, error);
      if (error instanceof Refusal) void vscode.window.showErrorMessage(renderMessage(error.text, this.#catalog));
    }
  }

  /** What the editor's helpers see of this course; language and words change with the reader's choice. */
  #confCourse(): ConfCourse {
    return {
      copies: this.#copies,
      language: () => this.#language,
      catalog: () => this.#catalog,
      lab: (id) => this.#labs.get(id),
    };
  }

  async openConfiguration(labId?: string, armId?: string): Promise<void> {
    const lab = labId === undefined ? [...this.#labs.values()][0] : this.#labs.get(labId);
    const file = lab?.definition.arms.find((arm) => arm.id === (armId ?? lab.selectedArm))?.conf;
    if (lab !== undefined && file !== undefined) await this.#files.open(lab, file);
  }

  /** Puts the original of the lab's selected configuration back, after asking. */
  async restoreConfiguration(): Promise<void> {
    const lab = this.runningLab ?? [...this.#labs.values()][0];
    const file = lab?.definition.arms.find((arm) => arm.id === lab.selectedArm)?.conf;
    if (lab !== undefined && file !== undefined) await this.#files.restore(lab, file);
  }

  /** What the tree shows. */
  outline(): readonly OutlineNode[] {
    if (this.#document === null) return [];
    const visited = this.#options.progress.visitedSections(this.#courseId);
    return outlineNodes({
      sections: this.#document.outline,
      language: this.#language,
      progress: this.#progress(),
      isRead: (anchor) => visited.includes(anchor),
      lab: (id) => this.#labs.get(id),
      quiz: (id) => this.#learner.state(id),
      exercises: (lab) => this.#desk.outline(lab),
    });
  }

  /** Ends what runs; the page is closed. */
  async stopAll(): Promise<void> {
    this.#warm.dispose();
    await Promise.all([...this.#labs.values()].map((lab) => lab.abort()));
  }

  dispose(): void {
    this.#warm.dispose();
    for (const lab of this.#labs.values()) lab.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#features?.dispose();
    this.#files.dispose();
    this.#outgoing.dispose();
    this.#progressChanged.dispose();
    this.#runChanged.dispose();
  }

  async #load(): Promise<void> {
    const { course, progress, workers } = this.#options;
    this.#readerSeed = await progress.readerSeed();
    for (const found of course.labs) {
      if (!found.definition.ok) continue;
      const lab = new LabController({
        courseId: course.manifest.id,
        definition: found.definition.value,
        workers,
        warm: this.#warm,
        progress,
        copies: this.#copies,
      });
      await lab.load();
      this.#labs.set(lab.definition.id, lab);
      this.#subscriptions.push(
        lab.onChange(() => {
          this.#files.portsChanged(lab);
          void this.#labChanged(lab);
        }),
        lab.onBrowse((request) => this.#post(request)),
        lab.onSnapshot((snapshot) => this.#labMeasured(lab, snapshot)),
        lab.onChecked((snapshot) => this.#labChecked(lab, snapshot)),
      );
    }
    await this.#loadDocument();
    progress.sync(this.#courseId, this.#document?.quizzes.keys() ?? [], this.#labs.keys(), this.#desk.all);
    this.#features = new ConfFeatures(this.#confCourse());
    this.#subscriptions.push(new SolutionDocuments((id) => this.#labs.get(id)));
    this.#files.diagnoseAll();
  }

  async #loadDocument(): Promise<void> {
    const catalog = await readCatalog(this.#options.extensionUri, this.#language);
    this.#document = await readCourseDocument(this.#options.course, this.#language, catalog);
    this.#catalog = catalog;
  }

  async #act(received: FromWebview): Promise<void> {
    switch (received.type) {
      case 'ready':
        return this.catchUp();
      case 'run':
        return this.#runLab(received.lab, received.arm, received.params);
      case 'stop':
        return this.#lab(received.lab).stop();
      case 'reset':
        return this.#lab(received.lab).reset();
      case 'selectArm':
        return this.#lab(received.lab).selectArm(received.arm);
      case 'addServer':
        return this.#lab(received.lab).addServer();
      case 'killServer':
        return this.#lab(received.lab).killServer(received.server);
      case 'reviveServer':
        return this.#lab(received.lab).reviveServer(received.server);
      case 'killStore':
        return this.#lab(received.lab).killStore();
      case 'reviveStore':
        return this.#lab(received.lab).reviveStore();
      case 'setFault':
        return this.#lab(received.lab).setFault(received.server, received);
      case 'setDrained':
        return this.#lab(received.lab).setDrained(received.server, received.drained);
      case 'openSetting':
        await vscode.commands.executeCommand('workbench.action.openSettings', `@id:${received.setting}`);
        return;
      case 'setRate':
        return this.#lab(received.lab).setRate(received.rate);
      case 'setPopulation':
        return this.#lab(received.lab).setPopulation(received.population);
      case 'setUp':
        return this.#lab(received.lab).setUp(received);
      case 'labInView':
        return this.#lab(received.lab).warm();
      case 'browsed':
        return this.#lab(received.lab).browsed(received.run, received.batch);
      case 'openConfiguration':
        return this.openConfiguration(received.lab, received.arm);
      case 'openLabFile':
        return this.#openLabFile(received.lab, received.file, received.line);
      case 'exercise':
        return this.#desk.workOn(this.#lab(received.lab), received.exercise, received.do);
      case 'predict':
        return this.#lab(received.lab).predict(received.arm, received.shares);
      case 'answer':
        return this.#answer(received.quiz, received.answer);
      case 'retryQuiz':
        await this.#learner.retry(received.quiz);
        return this.#quizChanged(received.quiz);
      case 'view':
        return this.show(received.view);
      case 'nextReview':
        this.#learner.nextReview();
        return this.#postReview();
      case 'replay':
        return this.#replay(received.quiz);
      case 'resetProgress':
        return this.resetProgress();
      case 'setLanguage':
        return this.setLanguage(received.language);
      case 'openProblem':
        return this.#files.openPlace(received.file, received.line, received.column);
      case 'section':
        await this.#options.progress.addVisitedSection(this.#courseId, received.anchor);
        return this.#progressed();
      case 'mark':
        return;
      default:
        return assertNever(received);
    }
  }

  async #runLab(labId: string, arm: string, rawParams: unknown): Promise<void> {
    const lab = this.#lab(labId);
    this.#refuseStart(lab, 'run');
    await lab.run(arm, checkedParams(rawParams));
    // A prediction question waits for the reader's own run.
    for (const id of this.#document?.quizzes.keys() ?? []) this.#quizChanged(id);
  }

  /** Servers may be started here, and no other lab has its own. Throws Refusal. */
  #refuseStart(lab: LabController, field: 'run' | 'exercise'): void {
    if (!vscode.workspace.isTrusted) {
      throw new Refusal(message('Labs start servers on this machine. Trust this workspace first.'), [], field);
    }
    const other = this.runningLab;
    if (other === null || other === lab) return;
    const title = other.title(this.#language);
    throw new Refusal(message('“{title}” is running. Stop it first.', { title }), [], field);
  }

  async #answer(quizId: string, answer: unknown): Promise<void> {
    if (!(await this.#learner.answer(quizId, answer))) {
      throw new Refusal(message('This answer does not fit the question; nothing was changed.'));
    }
    if (this.#learner.isReviewing(quizId)) this.#postReview();
    this.#quizChanged(quizId);
  }

  async #openLabFile(labId: string, file: string, line: number): Promise<void> {
    const lab = this.#lab(labId);
    if (this.#options.course.texts.get(labId)?.has(file) !== true) {
      throw new Refusal(message('The lab “{lab}” has no file “{file}”.', { lab: labId, file }));
    }
    await this.#files.open(lab, file, line);
  }

  /** The experiment behind a question, ready to run. */
  async #replay(quizId: string): Promise<void> {
    const experiment = this.#document?.quizzes.get(quizId)?.experiment ?? null;
    if (experiment === null) return;
    this.reveal(`lab-${experiment.lab}`);
    const lab = this.#lab(experiment.lab);
    if (experiment.arm !== null && !lab.isRunning) await lab.selectArm(experiment.arm);
  }

  async #pageState(): Promise<PageState> {
    const { course } = this.#options;
    const document = this.#document;
    if (document === null) throw new Error('the course document is loaded before a page asks for it');
    const order = (quizId: string) => readerOrder(this.#readerSeed, quizId);
    // A review of another day, or of questions that have changed with the language.
    if (this.#view === 'review') this.#learner.startReview();
    const embedded = [...this.#labs.values()];
    return {
      courseId: course.manifest.id,
      language: this.#language,
      languages: course.manifest.languages.map((id) => ({ id, name: languageName(id) })),
      catalog: this.#catalog,
      course: withBrokenLabs(viewCourse(document, order), course.labs),
      labs: await Promise.all(embedded.map((lab) => lab.state(this.#language))),
      quizzes: this.#learner.states(),
      listings: await this.#listings.all(document.blocks),
      mayRun: vscode.workspace.isTrusted,
      view: this.#view,
      review: this.#learner.reviewState(),
      progress: this.#progress(),
    };
  }

  #progress(): ProgressState {
    const visited = this.#options.progress.visitedSections(this.#courseId);
    const anchors = (this.#document?.outline ?? []).flatMap(anchorsOf);
    return {
      sections: { read: anchors.filter((anchor) => visited.includes(anchor)).length, all: anchors.length },
      labs: (this.#document?.labs ?? []).flatMap((id) => {
        const lab = this.#labs.get(id);
        return lab === undefined ? [] : [{ id, title: lab.title(this.#language), ...lab.armsRun }];
      }),
      exercises: this.#desk.counts(this.#document?.labs ?? []),
      questions: this.#learner.counts(),
      weak: this.#learner.weak(),
      due: this.due,
      nextDueAt: this.#learner.nextDueAt(),
    };
  }

  #progressed(): void {
    this.#postProgress();
    this.#progressChanged.fire();
  }

  #postProgress(): void {
    this.#post({ type: 'progress', progress: this.#progress() });
  }

  #postReview(): void {
    this.#post({ type: 'review', review: this.#learner.reviewState() });
  }

  #show(view: PageView): void {
    this.#view = view;
    this.#post({ type: 'view', view });
  }

  #quizChanged(id: string): void {
    const state = this.#learner.state(id);
    if (state !== null) this.#post({ type: 'quiz', quiz: state });
    this.#progressed();
  }

  async #labChanged(lab: LabController): Promise<void> {
    this.#post({ type: 'lab', lab: await lab.state(this.#language) });
    this.#features?.changed(lab.definition.id);
    for (const listing of await this.#listings.changed(this.#document?.blocks ?? [], lab.definition.id)) {
      this.#post({ type: 'listing', listing });
    }
    if (!lab.isRunning) {
      this.#runChanged.fire(null);
      this.#progressed();
    }
  }

  #labMeasured(lab: LabController, snapshot: Snapshot): void {
    this.#post({ type: 'snapshot', lab: lab.definition.id, snapshot: this.#feed.take(snapshot) });
    this.#features?.measured(lab.definition.id);
    this.#runChanged.fire(lab.isRunning ? { title: lab.title(this.#language), snapshot } : null);
  }

  #labChecked(lab: LabController, snapshot: Snapshot): void {
    this.#features?.measured(lab.definition.id);
    this.#runChanged.fire(lab.isRunning ? { title: lab.title(this.#language), snapshot } : null);
  }

  #refuse(lab: string | null, error: unknown): void {
    if (error instanceof Refusal) {
      this.#files.show(error.problems);
      this.#post({
        type: 'refused',
        lab,
        field: error.field,
        message: error.text,
        problems: error.problems,
        setting: error.setting,
      });
      return;
    }
    const detail = error instanceof Error ? error.message : String(error);
    this.#post({
      type: 'refused',
      lab,
      field: null,
      message: message('Something went wrong in Traffic Lab itself: {detail}', { detail }),
      problems: [],
      setting: null,
    });
  }

  #lab(id: string): LabController {
    const lab = this.#labs.get(id);
    if (lab === undefined) throw new Refusal(message('There is no lab “{id}” in this course.', { id }));
    return lab;
  }

  #post(outgoing: ToWebview): void {
    this.#outgoing.fire(outgoing);
  }

  #firstLanguage(): string {
    const { course, progress } = this.#options;
    const kept = progress.language(course.manifest.id);
    const { languages } = course.manifest;
    return kept !== null && languages.includes(kept) ? kept : preferredLanguage(languages);
  }
}

/** A lab whose lab.yaml cannot be read is shown as its problems, in its place; the rest of the course works. */
function withBrokenLabs(view: CourseView, labs: CourseFolder['labs']): CourseView {
  const broken = new Map(labs.flatMap((lab) => (lab.definition.ok ? [] : [[lab.id, lab.definition.error] as const])));
  return {
    ...view,
    blocks: view.blocks.map((block) => {
      const problems = block.kind === 'lab' ? broken.get(block.lab) : undefined;
      return problems === undefined ? block : { kind: 'problem', problems, source: '' };
    }),
  };
}

function anchorsOf(section: OutlineSection): readonly string[] {
  return [section.anchor, ...section.children.flatMap(anchorsOf)];
}
