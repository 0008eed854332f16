import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { registerCommands } from './host/commands';
import { TrafficLab } from './host/compose';

/** A workspace folder with this file in it opens the course by itself (what `npm start` opens is marked so). */
const MARKER = '.traffic-lab';

export function activate(context: vscode.ExtensionContext): void {
  const trafficLab = new TrafficLab(context);
  context.subscriptions.push(trafficLab, ...registerCommands(trafficLab));
  void isMarked().then((marked) => (marked ? trafficLab.openCourse() : undefined));
}

export function deactivate(): void {
  // Everything is in context.subscriptions; worker threads end with the extension host.
}

async function isMarked(): Promise<boolean> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const marked = await Promise.all(
    folders
      .filter((folder) => folder.uri.scheme === 'file')
      .map((folder) =>
        stat(vscode.Uri.joinPath(folder.uri, MARKER).fsPath).then(
          () => true,
          () => false,
        ),
      ),
  );
  return marked.includes(true);
}
