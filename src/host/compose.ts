import * as path from 'node:path';
import * as vscode from 'vscode';
import { type Clock, systemClock } from '../base/clock';
import { renderMessage } from '../base/message';
import type { Problem } from '../base/problem';
import type { WorkerPaths } from '../lab/workerThread';
import type { PageView } from '../protocol/webview';
import { courseFolder } from './courseFolder';
import type { CoursePanel } from './coursePanel';
import type { CourseSession } from './courseSession';
import { CourseTree } from './courseTree';
import { ProgressStore } from './progressStore';
import { StatusBar } from './statusBar';

const COURSE_VIEW_TYPE = 'trafficLab.course';

/** Days pass while a window stays open. */
const LOOK_FOR_DUE_MS = 10 * 60 * 1000;

/** What commands act on: the one course page of this window, and the session behind it. Made lazily: activation is cheap. */
export class TrafficLab implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #progress: ProgressStore;
  readonly #statusBar = new StatusBar();
  readonly #tree: CourseTree;
  readonly #disposables: vscode.Disposable[] = [];
  readonly #clock: Clock = systemClock();
  #session: Promise<CourseSession | null> | null = null;
  #panel: CoursePanel | null = null;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
    this.#progress = new ProgressStore(context);
    this.#tree = new CourseTree(async () => (await this.session())?.outline() ?? []);
    this.#disposables.push(
      this.#statusBar,
      this.#tree,
      vscode.window.onDidChangeWindowState(({ focused }) => (focused ? void this.#lookForDue() : undefined)),
      vscode.window.registerTreeDataProvider('trafficLab.course', this.#tree),
      vscode.window.registerWebviewPanelSerializer(COURSE_VIEW_TYPE, {
        deserializeWebviewPanel: async (panel) => {
          await this.#show(panel);
        },
      }),
    );
    const timer = this.#clock.setInterval(() => void this.#lookForDue(), LOOK_FOR_DUE_MS);
    this.#disposables.push({ dispose: () => timer.cancel() });
    void this.#lookForDue();
  }

  /** The open course; null if it cannot be read, which the reader has been told. */
  session(): Promise<CourseSession | null> {
    this.#session ??= this.#openSession();
    return this.#session;
  }

  /** Shows the course page, at a place of it if one is named. */
  async openCourse(anchor?: string): Promise<void> {
    if (this.#panel === null) await this.#show();
    else this.#panel.reveal();
    if (anchor !== undefined) (await this.session())?.reveal(anchor);
  }

  /** Shows the questions that are due, or how far the reader has come. */
  async show(view: PageView): Promise<void> {
    await this.openCourse();
    (await this.session())?.show(view);
    await this.#lookForDue();
  }

  async stopLab(): Promise<void> {
    const running = (await this.session())?.runningLab ?? null;
    if (running === null) void vscode.window.showInformationMessage(vscode.l10n.t('No lab is running.'));
    else running.stop();
  }

  dispose(): void {
    this.#panel?.close();
    for (const disposable of this.#disposables) disposable.dispose();
    void this.#session?.then((session) => session?.dispose());
  }

  async #show(restored?: vscode.WebviewPanel): Promise<void> {
    const session = await this.session();
    if (session === null) {
      restored?.dispose();
      return;
    }
    // Loaded when first needed: activation is on the way of everything the editor starts with.
    const { createPanel } = await import('./courseRuntime');
    if (this.#panel !== null) {
      restored?.dispose();
      this.#panel.reveal();
      return;
    }
    const panel = createPanel(COURSE_VIEW_TYPE, this.#context.extensionUri, session.title, session.language, restored);
    this.#panel = panel;
    const outgoing = session.onMessage((message) => {
      if (message.type === 'course') panel.title = message.page.course.title;
      panel.post(message);
    });
    panel.onMessage((message) => void session.receive(message));
    panel.onShown(() => void session.catchUp());
    panel.onClosed(() => {
      this.#panel = null;
      outgoing.dispose();
      void session.stopAll();
    });
  }

  async #openSession(): Promise<CourseSession | null> {
    const { openSession } = await import('./courseRuntime');
    const opened = await openSession(await courseFolder(this.#context.extensionUri), {
      extensionUri: this.#context.extensionUri,
      storageFolder: this.#context.globalStorageUri.fsPath,
      workers: this.#workers(),
      progress: this.#progress,
    });
    if (!opened.ok) {
      this.#session = null;
      await this.#complain(opened.error);
      return null;
    }
    const session = opened.value;
    session.onProgress(() => {
      this.#tree.refresh();
      void this.#lookForDue();
      markSteps(session.armsRun);
    });
    markSteps(session.armsRun);
    session.onRun((run) => {
      if (run === null) {
        this.#statusBar.showIdle();
        return;
      }
      this.#statusBar.showRun(run.title, run.snapshot);
    });
    return session;
  }

  /** Until the course is opened, what is kept says it well enough; reading the course would delay the editor. */
  async #lookForDue(): Promise<void> {
    const session = await this.#session;
    const due = session?.due ?? this.#progress.dueRoughly(this.#clock.wallNow());
    this.#statusBar.showDue(due);
  }

  async #complain(problems: readonly Problem[]): Promise<void> {
    const first = problems[0];
    if (first === undefined) return;
    const { file, line, column } = first.span;
    const open = vscode.l10n.t('Open the file');
    const answer = await vscode.window.showErrorMessage(
      vscode.l10n.t('The course cannot be opened. {file}, line {line}: {problem}', {
        file: path.basename(file),
        line,
        problem: renderMessage(first.message),
      }),
      open,
    );
    if (answer !== open) return;
    const position = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
    await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(position, position) });
  }

  #workers(): WorkerPaths {
    const worker = (name: string) => path.join(this.#context.extensionUri.fsPath, 'dist', 'workers', `${name}.js`);
    return {
      balancer: worker('balancer'),
      backend: worker('backend'),
      traffic: worker('traffic'),
      store: worker('store'),
    };
  }
}

/** Steps of the walkthrough (package.json) that no command completes. */
function markSteps(armsRun: number): void {
  void vscode.commands.executeCommand('setContext', 'trafficLab.hasRun', armsRun > 0);
  void vscode.commands.executeCommand('setContext', 'trafficLab.hasCompared', armsRun > 1);
}
