import * as vscode from 'vscode';
import { ReaderError } from '../../base/errors';
import { message } from '../../base/message';
import { columnOf } from '../columns';
import { smallestChange } from './textChange';

/**
 * Changes a file of the reader's in their sight: in its editor, which is opened if it is not to be seen, so that the change
 * can be read and undone there; and saves it. The focus stays where it is. `change` gets the text as the reader sees it
 * now. VS Code tells of the save as of any other. Throws what `change` throws, ReaderError, or the file system's error.
 */
export async function editCopy(file: string, change: (text: string) => string): Promise<void> {
  const uri = vscode.Uri.file(file);
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document, {
    viewColumn: columnOf(uri),
    preserveFocus: true,
    preview: false,
  });
  const before = document.getText();
  const { start, end, text } = smallestChange(before, change(before));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(uri, new vscode.Range(document.positionAt(start), document.positionAt(end)), text);
  const done = (await vscode.workspace.applyEdit(edit)) && (await document.save());
  if (!done) throw new ReaderError('not-saved', message('The configuration could not be saved.'));
  const changed = new vscode.Range(document.positionAt(start), document.positionAt(start + text.length));
  editor.revealRange(changed, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
