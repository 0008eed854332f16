import { afterEach, describe, expect, it } from 'vitest';
import { ConfEditor, ownErrors } from './confEditor';
import { CoursePage, type LabBlock } from './coursePage';
import { browserPath, Editor } from './harness';

/** The configuration as the control panel: what a reader sees of a run in the file, and what a save of it does. */

const LAB = 'grpc-pinning';
const ARM = 'grpc-l7';

describe.skipIf(browserPath === null)('the configuration of a lab in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  async function openLab(name: string): Promise<[Editor, LabBlock]> {
    editor = await Editor.open({
      name,
      viewport: { width: 1_800, height: 1_000 },
      settings: { 'files.autoSave': 'off', 'editor.minimap.enabled': false, 'workbench.editor.revealIfOpen': true },
    });
    await editor.runCommand('Traffic Lab: Open Course');
    const lab = new CoursePage(editor.webview()).lab(LAB);
    await lab.root.waitFor({ timeout: 60_000 });
    await lab.chooseArm(ARM);
    return [editor, lab];
  }

  async function openConfiguration(name: string): Promise<[Editor, LabBlock, ConfEditor]> {
    const [window, lab] = await openLab(name);
    await lab.button('open-configuration').click();
    const conf = new ConfEditor(window);
    await conf.line('upstream orders_grpc').waitFor();
    return [window, lab, conf];
  }

  it('shows the numbers of the table behind each server line, and follows a save without a failed request', async () => {
    const [window, lab, conf] = await openConfiguration('conf-panel');
    expect(await conf.language()).toBe('nginx (Traffic Lab)');
    await conf.lens('▶ Run gRPC · L7').waitFor();
    await lab.field('requests').fill('30000');
    await lab.field('rate').fill('300');

    await lab.button('run').click();
    await lab.phase('running').waitFor();
    await conf.lens('■ Stop').waitFor();
    await conf.hint('server-c grpc').waitFor();
    await expect
      .poll(() => conf.hintText('server-c grpc'), { timeout: 10_000 })
      .toMatch(/\d %.*\d requests.*connection.*p99/);
    await expect.poll(() => conf.hintCount(), { timeout: 10_000 }).toBe(3);
    await window.screenshot('running');

    await conf.deleteLine('server-b grpc');
    await conf.save();
    await lab.root.locator('[data-server-row="server-b"][data-state="removed"]').waitFor({ timeout: 20_000 });
    await expect.poll(() => lab.node('server-b').count(), { timeout: 10_000 }).toBe(0);
    const left = await lab.requestsOf('server-b');
    const others = await lab.requestsOf('server-a');
    await expect.poll(() => lab.requestsOf('server-a'), { timeout: 20_000 }).toBeGreaterThan(others + 50);
    expect(await lab.requestsOf('server-b')).toBe(left);
    await window.screenshot('removed');

    // A save with a mistake: said at its line and in the panel; what runs goes on.
    await conf.typeAtEnd('server-c grpc', '\nserver 10.0.0.1:80;');
    await conf.save();
    await lab.root.locator('.conf-notice .problem-list').waitFor();
    await conf.squiggle().waitFor();
    const running = await lab.requestsOf('server-c');
    await expect.poll(() => lab.requestsOf('server-c'), { timeout: 20_000 }).toBeGreaterThan(running + 50);
    await window.screenshot('refused');

    await conf.undoUntil(() =>
      conf
        .line('server-b grpc')
        .count()
        .then((count) => count === 1),
    );
    await conf.save();
    await lab.root.locator('[data-server-row="server-b"][data-state="up"]').waitFor({ timeout: 20_000 });
    await lab.root.locator('.conf-notice').waitFor({ state: 'hidden' });
    await expect.poll(() => lab.requestsOf('server-b'), { timeout: 20_000 }).toBeGreaterThan(left + 50);

    await conf.lens('■ Stop').click();
    await lab.phase('stopped').waitFor({ timeout: 30_000 });
    const table = await lab.table();
    expect(table.map((row) => row.id).sort()).toEqual(['server-a', 'server-b', 'server-c']);
    for (const row of table) {
      const requests = row.requests.toLocaleString('en');
      await expect
        .poll(() => conf.hintText(`${row.id} grpc`), { timeout: 10_000 })
        .toContain(`${row.share} · ${requests} requests · ${row.connections} connection`);
      expect(row.p99).toMatch(/^\d.* ms$/);
      expect(await conf.hintText(`${row.id} grpc`)).toContain(`p99 ${row.p99.replace(' ms', '')}`);
    }
    expect(await lab.root.locator('[data-figure="failed"]').innerText()).toBe('0');
    await lab.root.locator('.reconciliation[data-verdict="agree"]').waitFor();
    await conf.lens('▶ Run gRPC · L7').waitFor();
    expect(ownErrors(window)).toEqual([]);
  });

  it('adds and drains a server by edits of the file, which is opened for it, and undo takes them back', async () => {
    const [window, lab] = await openLab('conf-add');
    await lab.field('requests').fill('30000');
    await lab.button('run').click();
    await lab.phase('running').waitFor();

    await lab.button('add-server').click();
    const conf = new ConfEditor(window);
    await conf.line('server-d grpc').waitFor();
    await lab.node('server-d').waitFor();
    await expect.poll(() => lab.requestsOf('server-d'), { timeout: 20_000 }).toBeGreaterThan(10);
    await conf.hint('server-d grpc').waitFor();
    // Who pressed a button of the page goes on there.
    expect(await lab.root.evaluate((element) => element.ownerDocument.hasFocus())).toBe(true);
    await window.screenshot('added');

    await lab.breakServer('server-b', 'drain');
    await conf.line('down;').waitFor();
    const drained = await lab.requestsOf('server-b');
    const others = await lab.requestsOf('server-d');
    await expect.poll(() => lab.requestsOf('server-d'), { timeout: 20_000 }).toBeGreaterThan(others + 50);
    // What was under way when it was drained is still answered.
    expect(await lab.requestsOf('server-b')).toBeLessThan(drained + 20);
    await window.screenshot('drained');

    await conf.undoUntil(() =>
      conf
        .line('server-d grpc')
        .count()
        .then((count) => count === 0),
    );
    await conf.save();
    await lab.root.locator('[data-server-row="server-d"][data-state="removed"]').waitFor({ timeout: 20_000 });
    await expect.poll(() => lab.requestsOf('server-b'), { timeout: 20_000 }).toBeGreaterThan(drained + 50);
    await lab.button('stop').click();
    await lab.phase('stopped').waitFor({ timeout: 30_000 });
    expect(await lab.root.locator('[data-figure="failed"]').innerText()).toBe('0');
    expect(ownErrors(window)).toEqual([]);
  });

  it('runs from the lens, explains directives on hover and completes them', async () => {
    const [window, lab, conf] = await openConfiguration('conf-help');
    await conf.lens('▶ Run gRPC · L7').click();
    await lab.phase('done').waitFor({ timeout: 60_000 });
    expect((await lab.table()).reduce((sum, row) => sum + row.requests, 0)).toBe(3_000);

    await conf.line('keepalive').first().getByText('keepalive').hover();
    await window.page.locator('.monaco-hover').getByText('How many idle connections').first().waitFor();

    await conf.typeAtEnd('keepalive', '\nleast');
    const suggestion = window.page.locator('.suggest-widget .monaco-list-row').filter({ hasText: 'least_conn' });
    await suggestion.waitFor();
    await window.screenshot('completion');
    await window.page.keyboard.press('Enter');
    await conf.line('least_conn;').waitFor();
  });
});
