import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { root } from '../../.ci/commands.mjs';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';

const tinyCourse = path.join(root, 'test', 'editor', 'fixtures', 'tiny-course');

describe.skipIf(browserPath === null)('a listing in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  it('is opened at its line, follows the reader’s copy, and is run; what it measured stands in the text', async () => {
    editor = await Editor.open({ name: 'listing', folder: tinyCourse });
    const { page: window } = editor;
    await editor.runCommand('Traffic Lab: Open Course');
    const frame = editor.webview();
    const lab = new CoursePage(frame).lab('tiny-lab');
    await lab.root.waitFor();
    const listing = frame.locator('[data-listing="l4.nginx.conf"]');
    await listing.locator('pre', { hasText: '28301' }).waitFor();
    const measured = frame.locator('a.measured[data-reading="connections"]');
    expect(await measured.first().innerText()).toBe('as many as you will see');

    // The cursor is at the block's head: a new line below it, saved.
    await listing.locator('[data-action="open-listing"]').click();
    await window.locator('.tab', { hasText: 'l4.nginx.conf' }).waitFor();
    await window.locator('.editor-instance .view-lines', { hasText: 'upstream' }).waitFor();
    await window.keyboard.press('End');
    await window.keyboard.press('Enter');
    await window.keyboard.type('least_conn;');
    await window.keyboard.press('ControlOrMeta+s');
    await listing.locator('.listing-note', { hasText: 'differs from the original' }).waitFor();
    expect(await listing.locator('pre').first().innerText()).toMatch(/upstream both \{\s+least_conn;/);
    await editor.screenshot('changed');

    await listing.locator('[data-action="run-listing"]').click();
    await listing.locator('.listing-result', { hasText: '60 answered, 0 failed' }).waitFor({ timeout: 60_000 });
    await frame.locator('a.measured[data-arm="spread"][data-value]').first().waitFor();
    expect(await measured.first().innerText()).toMatch(/^here: 60, \w+ \d+/);
    expect(await measured.nth(1).innerText()).toBe('so many times as many');

    await lab.chooseArm('pinned');
    await lab.button('run').click();
    await frame.locator('a.measured[data-over][data-value]').waitFor({ timeout: 60_000 });
    expect(await measured.nth(1).innerText()).toMatch(/^here: \d+×/);
    expect(editor.consoleErrors).toEqual([]);
  });
});
