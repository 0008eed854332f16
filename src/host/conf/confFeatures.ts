import * as vscode from 'vscode';
import { systemClock, type Timer } from '../../base/clock';
import { type ConfCourse, completions, hints, hovers, labOf, lenses } from './confProviders';

/** The language of the reader's lab files. No file name belongs to it: other extensions claim nginx.conf. */
export const CONF_LANGUAGE = 'traffic-lab-nginx';

/** What configurations of labs are called; messages and whatever else a lab has keep the language that VS Code gives them. */
const CONF_SUFFIX = '.nginx.conf';

/** Between two refreshes of the numbers in the editor. */
const HINTS_EVERY_MS = 500;

/**
 * Makes the reader's lab files a control panel: their language, completion, hover, lenses and live numbers. Registered
 * for the folder of the working copies alone, so that nothing happens to anyone's other files.
 */
export class ConfFeatures implements vscode.Disposable {
  readonly #course: ConfCourse;
  readonly #hintsChanged = new vscode.EventEmitter<void>();
  readonly #lensesChanged = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];
  readonly #clock = systemClock();
  /** Language that VS Code had given a file, by its address: a reader who chooses another one afterwards keeps it. */
  readonly #given = new Map<string, string>();
  #pending: Timer | null = null;
  #lastHints = Number.NEGATIVE_INFINITY;

  constructor(course: ConfCourse) {
    this.#course = course;
    const selector = (name: string): vscode.DocumentSelector => ({
      scheme: 'file',
      pattern: new vscode.RelativePattern(vscode.Uri.file(course.copies.root), `*/${name}`),
    });
    const confs = selector(`*${CONF_SUFFIX}`);
    this.#disposables = [
      this.#hintsChanged,
      this.#lensesChanged,
      vscode.languages.registerCompletionItemProvider(confs, completions(course), '#'),
      vscode.languages.registerHoverProvider(confs, hovers(course)),
      vscode.languages.registerCodeLensProvider(selector('*'), lenses(course, this.#lensesChanged.event)),
      vscode.languages.registerInlayHintsProvider(confs, hints(course, this.#hintsChanged.event)),
      vscode.workspace.onDidOpenTextDocument((document) => void this.#setLanguage(document)),
    ];
    for (const document of vscode.workspace.textDocuments) void this.#setLanguage(document);
  }

  /** New numbers of a lab. Costs nothing unless one of its files is in sight; then at most two refreshes a second. */
  measured(lab: string): void {
    if (this.#pending !== null || !this.#isVisible(lab)) return;
    const wait = this.#lastHints + HINTS_EVERY_MS - this.#clock.now();
    this.#pending = this.#clock.setTimeout(
      () => {
        this.#pending = null;
        this.#lastHints = this.#clock.now();
        this.#hintsChanged.fire();
      },
      Math.max(0, wait),
    );
  }

  /** A lab started, ended, or has another arm selected; or the page's language changed. */
  changed(lab: string): void {
    this.#lensesChanged.fire();
    this.measured(lab);
  }

  dispose(): void {
    this.#pending?.cancel();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #isVisible(lab: string): boolean {
    return vscode.window.visibleTextEditors.some(
      ({ document }) => labOf(this.#course, document)?.lab.definition.id === lab,
    );
  }

  async #setLanguage(document: vscode.TextDocument): Promise<void> {
    if (document.languageId === CONF_LANGUAGE || !document.uri.path.endsWith(CONF_SUFFIX)) return;
    if (labOf(this.#course, document) === null) return;
    const key = document.uri.toString();
    const given = this.#given.get(key) ?? document.languageId;
    if (given !== document.languageId) return;
    this.#given.set(key, given);
    await vscode.languages.setTextDocumentLanguage(document, CONF_LANGUAGE);
  }
}
