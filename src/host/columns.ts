import * as vscode from 'vscode';

/** Where a file has a tab already; else beside the page of the course, or where the reader is if that is no page. */
export function columnOf(uri: vscode.Uri): vscode.ViewColumn {
  const { all, activeTabGroup } = vscode.window.tabGroups;
  const group = all.find(({ tabs }) => tabs.some(({ input }) => isTextOf(input, uri)));
  if (group !== undefined) return group.viewColumn;
  const isPage = activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview;
  return isPage ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
}

function isTextOf(input: unknown, uri: vscode.Uri): boolean {
  return input instanceof vscode.TabInputText && input.uri.toString() === uri.toString();
}
