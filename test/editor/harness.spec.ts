import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, Editor } from './harness';

/** Shows its language in a webview: enough to know that whatever fails elsewhere is not the harness. */
const extensionSource = `
const vscode = require('vscode');
exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand('tiny.open', () => {
    const panel = vscode.window.createWebviewPanel('tiny', 'Tiny', vscode.ViewColumn.One, {});
    panel.webview.html = '<html lang="en"><body><h1>' + vscode.l10n.t('Hello') + ' ' + vscode.env.language + '</h1></body></html>';
  }));
};`;

function writeExtension(folder: string): void {
  const manifest = {
    name: 'tiny',
    publisher: 'tests',
    version: '1.0.0',
    engines: { vscode: '^1.100.0' },
    main: './extension.js',
    l10n: './l10n',
    contributes: { commands: [{ command: 'tiny.open', title: '%open%' }] },
  };
  mkdirSync(path.join(folder, 'l10n'));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(folder, 'package.nls.json'), JSON.stringify({ open: 'Tiny: Open' }));
  writeFileSync(path.join(folder, 'package.nls.ko.json'), JSON.stringify({ open: '작은 확장: 열기' }));
  writeFileSync(path.join(folder, 'l10n', 'bundle.l10n.ko.json'), JSON.stringify({ Hello: '안녕하십니까' }));
  writeFileSync(path.join(folder, 'extension.js'), extensionSource);
}

describe.skipIf(browserPath === null)('the editor the tests drive', () => {
  const extension = mkdtempSync(path.join(tmpdir(), 'traffic-lab-tiny-'));
  beforeAll(() => writeExtension(extension));
  afterAll(() => rmSync(extension, { recursive: true, force: true }));

  let editor: Editor | undefined;
  afterEach(async () => editor?.close());

  it.each([
    { locale: 'en', command: 'Tiny: Open', heading: 'Hello en' },
    { locale: 'ko', command: '작은 확장: 열기', heading: '안녕하십니까 ko' },
  ] as const)('runs an extension in "$locale", its commands and its webview', async ({ locale, command, heading }) => {
    editor = await Editor.open({ name: `harness-${locale}`, locale, extension });

    await editor.runCommand(command);

    await editor.webview().getByRole('heading', { name: heading }).waitFor();
    await editor.screenshot('webview');
    expect(editor.consoleErrors).toEqual([]);
  });
});
