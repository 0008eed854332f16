import { stat } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';

/**
 * The folder of the course to open: a workspace folder that is a course (it has a course.yaml), else the course that ships
 * with the extension. The reader opened that folder; to read the shipped course they open another.
 */
export async function courseFolder(extensionUri: vscode.Uri): Promise<string> {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    if (folder.uri.scheme !== 'file') continue;
    const isCourse = await stat(path.join(folder.uri.fsPath, 'course.yaml')).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isCourse) return folder.uri.fsPath;
  }
  return path.join(extensionUri.fsPath, 'labs', 'traffic-lab');
}
