import { readFile, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { ReaderError } from '../../base/errors';
import { message } from '../../base/message';
import { smallestChange } from './textChange';

/**
 * Changes a file of the reader's in their sight: in the editor where it is open, so that it can be undone there, and
 * saved; else on disk. `change` gets the text as the reader sees it now. Returns the new text where nothing but the caller
 * will notice it, null where VS Code tells of a save. Throws what `change` throws, ReaderError, or the file system's error.
 */
export async function editCopy(file: string, change: (text: string) => string): Promise<string | null> {
  const uri = vscode.Uri.file(file);
  const document = vscode.workspace.textDocuments.find(
    (candidate) => !candidate.isClosed && candidate.uri.toString() === uri.toString(),
  );
  if (document === undefined) {
    const after = change(await readFile(file, 'utf8'));
    await writeFile(file, after);
    return after;
  }
  const before = document.getText();
  const { start, end, text } = smallestChange(before, change(before));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(uri, new vscode.Range(document.positionAt(start), document.positionAt(end)), text);
  const done = (await vscode.workspace.applyEdit(edit)) && (await document.save());
  if (!done) throw new ReaderError('not-saved', message('The configuration could not be saved.'));
  return null;
}
