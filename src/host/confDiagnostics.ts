import * as vscode from 'vscode';
import { type Catalog, renderMessage } from '../base/message';
import type { Problem, Span } from '../base/problem';

/** Problems of the reader's configuration files, in the editor and in the Problems view. */
export class ConfDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('traffic-lab');

  /** Replaces what was said of the file before. */
  show(file: vscode.Uri, problems: readonly Problem[], catalog: Catalog): void {
    this.#collection.set(
      file,
      problems.map((problem) => {
        const hint = problem.hint === undefined ? '' : `\n${renderMessage(problem.hint, catalog)}`;
        const diagnostic = new vscode.Diagnostic(
          toRange(problem.span),
          renderMessage(problem.message, catalog) + hint,
          severityOf(problem),
        );
        diagnostic.source = 'Traffic Lab';
        return diagnostic;
      }),
    );
  }

  clear(file: vscode.Uri): void {
    this.#collection.delete(file);
  }

  dispose(): void {
    this.#collection.dispose();
  }
}

/** Spans count from 1, VS Code from 0. */
export function toRange(span: Span): vscode.Range {
  return new vscode.Range(
    Math.max(0, span.line - 1),
    Math.max(0, span.column - 1),
    Math.max(0, span.endLine - 1),
    Math.max(0, span.endColumn - 1),
  );
}

function severityOf(problem: Problem): vscode.DiagnosticSeverity {
  switch (problem.severity) {
    case 'error':
      return vscode.DiagnosticSeverity.Error;
    case 'warning':
      return vscode.DiagnosticSeverity.Warning;
    case 'note':
      return vscode.DiagnosticSeverity.Information;
  }
}
