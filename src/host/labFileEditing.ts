import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Catalog } from '../base/message';
import type { Problem } from '../base/problem';
import { exerciseProblems } from '../lab/exerciseLab';
import { confProblems } from '../lab/labConf';
import { understandMessage } from '../lab/labMessages';
import type { ConfSource } from '../protocol/balancerWorker';
import { columnOf } from './columns';
import { ConfDiagnostics } from './confDiagnostics';
import type { LabController } from './labController';
import type { WorkingCopy } from './workingCopy';

const NO_PORTS = '[]';

export interface LabFileEditingOptions {
  readonly copies: WorkingCopy;
  readonly labs: ReadonlyMap<string, LabController>;
  /** Words in the reader's language; changes with it. */
  readonly catalog: () => Catalog;
  /** Nothing outside of these is opened, whoever asks. */
  readonly folders: readonly string[];
}

/** The reader's copies of a lab's files in the editor: opened, checked as they are typed, taken up when saved, restored. */
export class LabFileEditing implements vscode.Disposable {
  readonly #options: LabFileEditingOptions;
  readonly #diagnostics = new ConfDiagnostics();
  readonly #subscriptions: vscode.Disposable[];
  /** Taken ports as they were told last, by lab. */
  readonly #toldPorts = new Map<string, string>();

  constructor(options: LabFileEditingOptions) {
    this.#options = options;
    this.#subscriptions = [
      vscode.workspace.onDidOpenTextDocument((document) => this.#diagnose(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#diagnose(document)),
      vscode.workspace.onDidSaveTextDocument((document) => {
        const copy = options.copies.identify(document.uri.fsPath);
        if (copy !== null) void options.labs.get(copy.lab)?.confSaved(copy.file, document.getText());
      }),
    ];
  }

  /** Opens the reader's copy beside the page, made if there is none yet; at that line, from 1, if one is named. */
  async open(lab: LabController, file: string, line?: number): Promise<void> {
    const copy = await this.#options.copies.ensure(lab.definition, file);
    const document = await vscode.workspace.openTextDocument(copy);
    await vscode.window.showTextDocument(document, {
      viewColumn: columnOf(document.uri),
      preview: false,
      ...(line === undefined ? {} : { selection: new vscode.Range(line - 1, 0, line - 1, 0) }),
    });
    this.#diagnose(document);
  }

  /** Puts the original of a file back, after asking. */
  async restore(lab: LabController, file: string): Promise<void> {
    const restore = vscode.l10n.t('Restore');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('Put back the original {file}? Your changes to it will be lost.', { file }),
      { modal: true },
      restore,
    );
    if (answer !== restore) return;
    const { copies } = this.#options;
    await copies.restore(lab.definition, file);
    this.#diagnostics.clear(vscode.Uri.file(copies.pathOf(lab.definition, file)));
    const original = await copies.read(lab.definition, file);
    if (original !== null) await lab.confSaved(file, original.text);
  }

  /** Opens a file of the course, or of the reader's copies, at a place that the page named; line and column from 1. */
  async openPlace(file: string, line: number, column: number): Promise<void> {
    const target = path.resolve(file);
    // The page is not trusted to open just anything.
    if (!this.#options.folders.some((folder) => target.startsWith(folder + path.sep))) return;
    const document = await vscode.workspace.openTextDocument(target);
    const editor = await vscode.window.showTextDocument(document, columnOf(document.uri));
    const position = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
    editor.selection = new vscode.Selection(position, position);
    editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenter);
  }

  /**
   * Marks what a run was refused for. The file may have been changed beside the editor, which then learns of it late or,
   * where nothing is watched, not at all.
   */
  show(problems: readonly Problem[]): void {
    const { copies, catalog } = this.#options;
    const files = new Set(problems.map(({ span }) => span.file).filter((file) => copies.identify(file) !== null));
    for (const file of files) {
      const own = problems.filter(({ span }) => span.file === file);
      this.#diagnostics.show(vscode.Uri.file(file), own, catalog());
    }
  }

  /** Looks at what is open already; again when the words are in another language. */
  diagnoseAll(): void {
    for (const open of vscode.workspace.textDocuments) this.#diagnose(open);
  }

  /** The lab's run began or ended, or its ports are others: what is said of taken ones in its files may be out of date. */
  portsChanged({ definition, movedPorts }: LabController): void {
    const told = JSON.stringify(movedPorts);
    if (told === (this.#toldPorts.get(definition.id) ?? NO_PORTS)) return;
    this.#toldPorts.set(definition.id, told);
    for (const open of vscode.workspace.textDocuments) {
      if (this.#options.copies.identify(open.uri.fsPath)?.lab === definition.id) this.#diagnose(open);
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#diagnostics.dispose();
  }

  #diagnose(document: vscode.TextDocument): void {
    const { copies, labs, catalog } = this.#options;
    const copy = copies.identify(document.uri.fsPath);
    const lab = copy === null ? undefined : labs.get(copy.lab);
    if (lab === undefined || copy === null) return;
    const version = document.version;
    void problemsOf(lab, copy.file, { path: document.uri.fsPath, text: document.getText() }).then((found) => {
      // Typed on meanwhile: that text is looked at by itself.
      if (found !== null && document.version === version) this.#diagnostics.show(document.uri, found, catalog());
    });
  }
}

/** What is to be said of a text as one of the lab's files; null: the lab makes nothing of such a file. */
async function problemsOf(
  controller: LabController,
  file: string,
  source: ConfSource,
): Promise<readonly Problem[] | null> {
  const lab = controller.definition;
  const exercise = lab.exercises.find((candidate) => candidate.file === file);
  if (exercise !== undefined) return exerciseProblems(lab, exercise, source);
  const message = lab.messages.find((candidate) => candidate.file === file);
  if (message !== undefined) {
    const understood = await understandMessage(message, source.path, source.text);
    return understood.ok ? [] : understood.error;
  }
  return lab.arms.some(({ conf }) => conf === file)
    ? confProblems(lab, file, source.path, source.text, controller.movedOn(file))
    : null;
}
