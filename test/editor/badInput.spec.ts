import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { root } from '../../.ci/commands.mjs';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';

const LAB = 'grpc-pinning';
const COMMAND = 'Traffic Lab: Open Course';

/** What a reader can do wrong, and what can go wrong under them. */
describe.skipIf(browserPath === null)('bad input in VS Code', () => {
  const open: Editor[] = [];
  const folders: string[] = [];
  afterEach(async () => {
    for (const editor of open.splice(0)) await editor.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  async function openCourse(name: string, extension = root): Promise<[Editor, CoursePage]> {
    const editor = await Editor.open({ name, extension });
    open.push(editor);
    await editor.runCommand(COMMAND);
    return [editor, new CoursePage(editor.webview())];
  }

  /** The extension as built, with its own copy of the labs to break. */
  function brokenExtension(breakIt: (labs: string) => void): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'traffic-lab-broken-'));
    folders.push(folder);
    for (const name of ['package.json', 'package.nls.json', 'package.nls.ko.json']) {
      cpSync(path.join(root, name), path.join(folder, name));
    }
    for (const name of ['dist', 'media']) symlinkSync(path.join(root, name), path.join(folder, name));
    cpSync(path.join(root, 'labs'), path.join(folder, 'labs'), { recursive: true });
    breakIt(path.join(folder, 'labs', 'traffic-lab'));
    return folder;
  }

  it('shows a broken lab.yaml and a broken question in their places, and the rest of the course', async () => {
    const extension = brokenExtension((labs) => {
      const yaml = path.join(labs, LAB, 'lab.yaml');
      writeFileSync(yaml, readFileSync(yaml, 'utf8').replace('slots: 32', 'slots: many'));
      const course = path.join(labs, 'course.en.md');
      writeFileSync(course, readFileSync(course, 'utf8').replace('kind: single-choice', 'kind: telepathy'));
    });
    const [editor] = await openCourse('broken-course', extension);
    const page = editor.webview();
    // Some of it may be folded.
    await page.locator('.block-problem').first().waitFor({ state: 'attached' });
    const problems = await page.locator('.block-problem').allTextContents();
    expect(problems.some((text) => text.includes('lab.yaml') && text.includes('slots'))).toBe(true);
    expect(problems.some((text) => text.includes('course.en.md') && text.includes('telepathy'))).toBe(true);
    // What does not depend on the broken lab's servers is there.
    await page.locator('[data-quiz="which-reach-new-server"].quiz').waitFor({ state: 'attached' });
    await editor.screenshot('broken');
  });

  it('refuses a broken configuration at its line, keeps the edit, and runs again once it is mended', async () => {
    const [editor, page] = await openCourse('broken-conf');
    const lab = page.lab(LAB);
    await lab.chooseArm('grpc-l7');
    await lab.button('open-configuration').click();
    await editor.page.locator('.tab', { hasText: 'l7.nginx.conf' }).waitFor();
    const copy = path.join(
      editor.userDataDir,
      'User/globalStorage/traffic-lab.traffic-lab/labs/traffic-lab',
      LAB,
      'l7.nginx.conf',
    );
    const good = readFileSync(copy, 'utf8');
    writeFileSync(copy, good.replace('keepalive 32;', 'keepalive 32'));
    await lab.button('run').click();
    const refusal = lab.root.locator('.problem-list li', { hasText: 'l7.nginx.conf:14' }).first();
    await refusal.waitFor();
    expect(await refusal.innerText()).toContain('unexpected "}"');
    await editor.page.locator('.squiggly-error').first().waitFor();
    await editor.screenshot('refused');
    expect(readFileSync(copy, 'utf8')).toContain('keepalive 32\n');

    writeFileSync(copy, good);
    await lab.field('requests').fill('200');
    await lab.runToEnd();
    expect((await lab.table()).reduce((sum, row) => sum + row.requests, 0)).toBe(200);
  });

  it('names the field of a number that is out of bounds, and runs nothing', async () => {
    const [, page] = await openCourse('bad-number');
    const lab = page.lab(LAB);
    await lab.field('requests').fill('0');
    await lab.button('run').click();
    await lab.root
      .locator('.field:has([data-field="requests"]) .field-error', { hasText: 'Must be from 1 to 1,000,000.' })
      .waitFor();
    expect(await lab.phase('idle').count()).toBe(1);
  });

  it('runs the same lab in two windows at once, each whole', async () => {
    const [, first] = await openCourse('window-1');
    const [, second] = await openCourse('window-2');
    const labs = [first.lab(LAB), second.lab(LAB)];
    for (const lab of labs) {
      await lab.chooseArm('grpc-l7');
      await lab.field('requests').fill('900');
    }
    await Promise.all(labs.map((lab) => lab.runToEnd()));
    for (const lab of labs) {
      expect((await lab.table()).reduce((sum, row) => sum + row.requests, 0)).toBe(900);
      await lab.root.locator('.reconciliation[data-verdict="agree"]').waitFor();
    }
  });
});
