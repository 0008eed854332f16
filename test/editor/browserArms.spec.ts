import { afterEach, describe, expect, it } from 'vitest';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';

/** The lab rest-vs-grpc on the course page: the message is shown, and the page itself is a client. */

describe.skipIf(browserPath === null)('the lab rest-vs-grpc in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  it('shows the message, runs REST, and runs gRPC-Web and plain gRPC from the page', async () => {
    editor = await Editor.open({ name: 'rest-vs-grpc', viewport: { width: 1_400, height: 1_100 } });
    await editor.runCommand('Traffic Lab: Open Course');
    const lab = new CoursePage(editor.webview()).lab('rest-vs-grpc');
    await lab.root.waitFor({ timeout: 60_000 });
    await lab.root.locator('.message-panel summary').click();
    await lab.root.locator('.message-parts tbody tr').first().waitFor();
    await lab.root.locator('.message-panel').scrollIntoViewIfNeeded();
    await editor.screenshot('message');

    for (const arm of ['rest', 'browser-grpc-web', 'browser-fetch', 'browser-grpc', 'stream-bidi']) {
      await lab.chooseArm(arm);
      await lab.button('run').click();
      await lab.phase('done').waitFor({ timeout: 60_000 });
      await editor.screenshot(arm);
    }
    await lab.root.locator('[data-cost-row="rest"]').waitFor();
    await lab.root.locator('.message-costs').scrollIntoViewIfNeeded();
    await editor.screenshot('costs');
    await lab.chooseArm('browser-grpc-web');
    expect(await lab.root.locator('.browser-said').innerText()).toContain('OK');
    expect(await lab.root.locator('.reconciliation').getAttribute('data-verdict')).toBe('agree');
    await lab.root.locator('.browser-said').scrollIntoViewIfNeeded();
    await editor.screenshot('web');
    await lab.chooseArm('browser-grpc');
    expect(await lab.root.locator('.browser-said').innerText()).toContain('Failed to fetch');
  });
});
