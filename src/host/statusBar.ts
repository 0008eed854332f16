import * as vscode from 'vscode';
import type { Snapshot } from '../measurement/snapshot';

/** The lab's state at the bottom of the window; a click opens the course. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('trafficLab.status', vscode.StatusBarAlignment.Left, 10);
  readonly #due = vscode.window.createStatusBarItem('trafficLab.due', vscode.StatusBarAlignment.Left, 9);
  #shownAtSecond = -1;

  constructor() {
    this.#due.name = vscode.l10n.t('Traffic Lab: review');
    this.#due.command = 'trafficLab.review';
    this.#item.name = 'Traffic Lab';
    this.#item.command = 'trafficLab.openCourse';
    this.showIdle();
    this.#item.show();
  }

  showIdle(): void {
    this.#shownAtSecond = -1;
    this.#show('$(beaker) Traffic Lab', vscode.l10n.t('No lab is running. Open the course.'));
  }

  /** Changes the text once a second at most: it is read by screen readers, too. */
  showRun(labTitle: string, snapshot: Snapshot): void {
    const second = Math.floor(snapshot.atMs / 1000);
    if (second === this.#shownAtSecond && snapshot.phase === 'running') return;
    this.#shownAtSecond = second;
    const sent = snapshot.client.sent.toLocaleString();
    this.#show(
      `$(pulse) ${vscode.l10n.t('{lab}: {count} requests', { lab: labTitle, count: sent })}`,
      vscode.l10n.t('A lab is running. Open the course.'),
    );
  }

  /** How many questions are to be asked again; nothing is shown where none is. */
  showDue(count: number): void {
    if (count === 0) {
      this.#due.hide();
      return;
    }
    const text = vscode.l10n.t('{count} due', { count });
    const tooltip = vscode.l10n.t('Questions to be asked again. Open the review.');
    this.#due.text = `$(history) ${text}`;
    this.#due.tooltip = tooltip;
    this.#due.accessibilityInformation = { label: `Traffic Lab: ${text}. ${tooltip}` };
    this.#due.show();
  }

  dispose(): void {
    this.#due.dispose();
    this.#item.dispose();
  }

  #show(text: string, tooltip: string): void {
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: `${text.replace(/\$\([\w-]+\) /, '')}. ${tooltip}` };
  }
}
