import { afterEach, describe, expect, it } from 'vitest';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';

describe.skipIf(browserPath === null)('the language of the course in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  it('is Korean in an English editor on a Korean system, until the reader chooses otherwise', async () => {
    editor = await Editor.open({ name: 'language', locale: 'en', env: { LANG: 'ko_KR.UTF-8' } });
    await editor.runCommand('Traffic Lab: Open Course');
    const page = new CoursePage(editor.webview());
    const [korean, english] = [page.inLanguage('ko'), page.inLanguage('en')];
    await korean.waitFor();

    await page.switchTo('en');
    await english.waitFor();
    await editor.reload();

    await english.waitFor();
    expect(editor.consoleErrors).toEqual([]);
  });
});
