import * as vscode from 'vscode';
import { registerCommands } from './host/commands';
import { TrafficLab } from './host/compose';

/** A workspace with this file in it opens the course by itself (what `npm start` opens is marked so). */
const MARKER = '.traffic-lab';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const trafficLab = new TrafficLab(context);
  context.subscriptions.push(trafficLab, ...registerCommands(trafficLab));
  const marked = await vscode.workspace.findFiles(MARKER, null, 1);
  if (marked.length > 0) await trafficLab.openCourse();
}

export function deactivate(): void {
  // Everything is in context.subscriptions; worker threads end with the extension host.
}
