import * as vscode from 'vscode';

/** Where the page's own files are; nothing else may be loaded. */
export function pageRoots(extensionUri: vscode.Uri): readonly vscode.Uri[] {
  return [vscode.Uri.joinPath(extensionUri, 'dist', 'webview'), vscode.Uri.joinPath(extensionUri, 'media')];
}

/**
 * The empty course page. Scripts run by nonce only. Styles need 'unsafe-inline' for mermaid and the toolkit, which write
 * style elements of their own; a nonce in style-src would switch 'unsafe-inline' off. No network but the page's own
 * resources, and this machine's loopback: some arms of a lab have the page itself as their client.
 */
export function pageHtml(webview: vscode.Webview, extensionUri: vscode.Uri, title: string, language: string): string {
  const nonce = crypto.randomUUID().replaceAll('-', '');
  const file = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', 'webview', name));
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'unsafe-inline'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
    `connect-src http://127.0.0.1:*`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${file('page.css').toString()}">
<title>${escapeHtml(title)}</title>
</head>
<body>
<script nonce="${nonce}" src="${file('page.js').toString()}"></script>
</body>
</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
