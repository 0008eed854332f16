import { afterEach, describe, expect, it } from 'vitest';
import { firstSingleChoice } from './courseFile';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';

describe.skipIf(browserPath === null)('the course in a folder that is not trusted', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  it('is read and answered, and starts no server', async () => {
    editor = await Editor.open({ name: 'restricted', trusted: false });
    await editor.runCommand('Traffic Lab: Open Course');
    const page = new CoursePage(editor.webview());
    const lab = page.lab('grpc-pinning');
    await lab.root.waitFor({ timeout: 60_000 });

    await lab.root.getByText('Servers are started only in a trusted workspace').waitFor();
    await lab.button('run').and(editor.webview().locator('[disabled]')).waitFor();
    // The page is not the only way to a run.
    await editor.runCommand('Traffic Lab: Run Selected Lab Arm');
    await editor.page.locator('.notification-toast').getByText('Trust this workspace first').waitFor();
    expect(await lab.root.getAttribute('data-phase')).not.toBe('running');
    await editor.screenshot('refused');

    const question = firstSingleChoice('en');
    const quiz = page.quiz(question.id);
    await quiz.unfold();
    await quiz.answer(question.rightOption);
    await quiz.verdict('right').waitFor();
    await editor.reload();
    await quiz.verdict('right').waitFor({ timeout: 30_000 });
    // VS Code writes down each error that it shows.
    expect(editor.consoleErrors).toEqual(['Labs start servers on this machine. Trust this workspace first.']);
  });
});
