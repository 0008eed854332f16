import * as vscode from 'vscode';
import { type Catalog, type Message, message, renderMessage } from '../../base/message';
import { everyServer } from '../../lab/labDefinition';
import type { LabController } from '../labController';
import type { WorkingCopy } from '../workingCopy';
import { confPlaceAt } from './confPlace';
import { directiveDoc, labCommentDoc } from './directiveDoc';
import { hintText, serverHints } from './hintModel';
import { type Suggestion, suggestionsAt } from './suggestions';

/** What the editor's helpers ask of the open course. */
export interface ConfCourse {
  readonly copies: WorkingCopy;
  language(): string;
  catalog(): Catalog;
  lab(id: string): LabController | undefined;
}

/** A file of the reader's, and the lab that runs it; null: it is another file. */
export function labOf(course: ConfCourse, document: vscode.TextDocument) {
  const copy = document.uri.scheme === 'file' ? course.copies.identify(document.uri.fsPath) : null;
  const lab = copy === null ? undefined : course.lab(copy.lab);
  return copy === null || lab === undefined ? null : { lab, file: copy.file };
}

export function completions(course: ConfCourse): vscode.CompletionItemProvider {
  return {
    provideCompletionItems(document, position) {
      const found = labOf(course, document);
      if (found === null) return [];
      const text = document.getText();
      const offset = document.offsetAt(position);
      const place = confPlaceAt(text, offset);
      const ids = everyServer(found.lab.definition).map(({ id }) => id);
      const range = new vscode.Range(
        document.positionAt(place.from),
        document.positionAt(place.from + place.word.length),
      );
      return suggestionsAt(place, text, { ids }).map((suggestion) =>
        completionItem(suggestion, place.kind === 'comment' ? '' : place.context, range, course),
      );
    },
  };
}

const itemKinds: Readonly<Record<Suggestion['kind'], vscode.CompletionItemKind>> = {
  directive: vscode.CompletionItemKind.Property,
  block: vscode.CompletionItemKind.Module,
  value: vscode.CompletionItemKind.Value,
  lab: vscode.CompletionItemKind.Reference,
};

function completionItem(
  suggestion: Suggestion,
  context: Parameters<typeof directiveDoc>[1] | '',
  range: vscode.Range,
  course: ConfCourse,
): vscode.CompletionItem {
  const item = new vscode.CompletionItem(suggestion.label, itemKinds[suggestion.kind]);
  item.insertText = new vscode.SnippetString(suggestion.snippet);
  item.range = range;
  const about =
    suggestion.directive === null || context === ''
      ? null
      : directiveDoc(suggestion.directive, context, course.catalog());
  if (about !== null) item.documentation = new vscode.MarkdownString(about);
  return item;
}

export function hovers(course: ConfCourse): vscode.HoverProvider {
  return {
    provideHover(document, position) {
      if (labOf(course, document) === null) return null;
      const place = confPlaceAt(document.getText(), document.offsetAt(position));
      const about =
        place.kind === 'comment'
          ? labCommentDoc(place.word, course.catalog())
          : place.kind === 'directive' && place.word !== ''
            ? directiveDoc(place.word, place.context, course.catalog())
            : null;
      if (about === null) return null;
      const range = new vscode.Range(
        document.positionAt(place.from),
        document.positionAt(place.from + place.word.length),
      );
      return new vscode.Hover(new vscode.MarkdownString(about), range);
    },
  };
}

/** On top of the file: run, stop, and the way back to the course. */
export function lenses(course: ConfCourse, changed: vscode.Event<void>): vscode.CodeLensProvider {
  const say = (text: Message) => renderMessage(text, course.catalog());
  return {
    onDidChangeCodeLenses: changed,
    provideCodeLenses(document) {
      const found = labOf(course, document);
      if (found === null) return [];
      const { lab, file } = found;
      const top = new vscode.Range(0, 0, 0, 0);
      const arm = lab.armOfFile(file);
      const first: vscode.Command | null = lab.isRunning
        ? { title: say(message('■ Stop')), command: 'trafficLab.stopLab' }
        : arm === null
          ? null
          : {
              title: say(message('▶ Run {arm}', { arm: lab.armTitle(arm, course.language()) })),
              command: 'trafficLab.runLab',
              arguments: [{ lab: lab.definition.id, arm }],
            };
      const back: vscode.Command = {
        title: say(message('Open the course')),
        command: 'trafficLab.openCourse',
        arguments: [`lab-${lab.definition.id}`],
      };
      return [...(first === null ? [] : [first]), back].map((command) => new vscode.CodeLens(top, command));
    },
  };
}

/** Behind each server line: what its server has had of the run that goes on, or of the last one. */
export function hints(course: ConfCourse, changed: vscode.Event<void>): vscode.InlayHintsProvider {
  const say = (text: Message) => renderMessage(text, course.catalog());
  return {
    onDidChangeInlayHints: changed,
    provideInlayHints(document, range) {
      const found = labOf(course, document);
      const measured = found?.lab.measuredOn(found.file) ?? null;
      if (found === null || measured === null) return [];
      const arm = found.lab.armTitle(measured.arm, course.language());
      const about = measured.live
        ? message('Measured in the run that goes on: {arm}', { arm })
        : message('Measured in the last run: {arm}', { arm });
      return serverHints(document.getText(), measured)
        .map(({ line, column, server }) => {
          const position = new vscode.Position(line - 1, column - 1);
          const hint = new vscode.InlayHint(position, hintText(server, course.language(), course.catalog()));
          hint.paddingLeft = true;
          hint.tooltip = `${say(about)}\n${hint.label}`;
          return hint;
        })
        .filter((hint) => range.contains(hint.position));
    },
  };
}
