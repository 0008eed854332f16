import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { root } from '../../.ci/commands.mjs';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';

const tinyCourse = path.join(root, 'test', 'editor', 'fixtures', 'tiny-course');
const axe = readFileSync(path.join(root, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');

/** By their labels in VS Code's list. */
const themes = [
  ['Light Modern', 'vscode-light'],
  ['Dark Modern', 'vscode-dark'],
  ['Dark High Contrast', 'vscode-high-contrast'],
  ['Light High Contrast', 'vscode-high-contrast-light'],
] as const;

/** The document in which the course page is. */
async function frameOf(page: Locator): Promise<Frame> {
  const frame = await (await page.elementHandle())?.ownerFrame();
  if (frame === null || frame === undefined) throw new Error('The course page is not there');
  return frame;
}

/** What axe-core finds wrong with the whole page, one line for each element. */
async function violations(page: Locator): Promise<readonly string[]> {
  const frame = await frameOf(page);
  await frame.evaluate(axe);
  return frame.evaluate(async () => {
    const { axe: loaded } = globalThis as unknown as {
      axe: {
        run(options: object): Promise<{
          violations: readonly {
            id: string;
            nodes: readonly { target: readonly unknown[]; failureSummary?: string }[];
          }[];
        }>;
      };
    };
    const found = await loaded.run({ resultTypes: ['violations'] });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    );
  });
}

describe.skipIf(browserPath === null)('for every reader, in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  it('the course page has nothing that axe-core objects to, in any theme and language', async () => {
    editor = await Editor.open({ name: 'axe' });
    await editor.runCommand('Traffic Lab: Open Course');
    const frame = editor.webview();
    const lab = new CoursePage(frame).lab('grpc-pinning');
    await lab.root.waitFor();
    // Two seconds: a run of half a second can be over before it is seen to go on.
    await lab.field('requests').fill('800');
    await lab.runToEnd();
    for (const [theme, kind] of themes) {
      await editor.chooseTheme(theme);
      await frame.locator(`body[data-vscode-theme-name="${theme}"].${kind}`).waitFor();
      for (const language of ['en', 'ko']) {
        await frame.locator(`[data-language="${language}"]`).click();
        const page = frame.locator(`.page[lang="${language}"]`);
        await page.waitFor();
        await lab.phase('done').waitFor();
        expect(await violations(page), `${theme}, ${language}`).toEqual([]);
      }
      await editor.screenshot(theme.replaceAll(' ', '-'));
    }
  });

  it('the keyboard alone goes from opening the course to a graded run, which a screen reader can follow', async () => {
    editor = await Editor.open({ name: 'keyboard', folder: tinyCourse });
    const { page: window } = editor;
    const frame = editor.webview();
    // The palette does not refresh: one that opened too early is closed and opened again.
    const row = window.locator('.quick-input-widget .monaco-list-row.focused', { hasText: 'Traffic Lab: Open Course' });
    await expect
      .poll(
        async () => {
          await window.keyboard.press('Escape');
          await window.keyboard.press('F1');
          await window.keyboard.type('Traffic Lab: Open Course');
          return row.waitFor({ timeout: 3_000 }).then(
            () => true,
            () => false,
          );
        },
        { timeout: 60_000 },
      )
      .toBe(true);
    await window.keyboard.press('Enter');
    const lab = new CoursePage(frame).lab('tiny-lab');
    await lab.root.waitFor();

    await tabTo(editor, frame.locator('.skip'));
    await tabTo(editor, frame.locator('.term'));
    await frame.locator('.term-tip').waitFor();
    await tabTo(editor, frame.locator('[role="tab"][data-tab="nginx"]'));
    await window.keyboard.press('ArrowRight');
    await frame.locator('[role="tab"][data-tab="HAProxy"][aria-selected="true"]').waitFor();
    await tabTo(editor, lab.root.locator('[data-preset="all-on-left"]'));
    await window.keyboard.press('Enter');
    await tabTo(editor, lab.button('run'));
    await window.keyboard.press('Enter');
    await lab.phase('done').waitFor({ timeout: 60_000 });
    await lab.root.locator('.score', { hasText: /100/ }).waitFor();
    await editor.screenshot('graded');

    const heard = await lab.root.ariaSnapshot();
    // Said once, when it was over: not at each tick.
    expect(heard).toMatch(/status:.*Finished\. Answered: 60, failed: 0/);
    expect(heard).toMatch(/table "Live numbers of each server"/);
    expect(heard).toMatch(/row "left .*\b60\b.*100 %/);
    expect(heard).toMatch(/row "right .*\b0\b/);
    expect(editor.consoleErrors).toEqual([]);
  });
});

/** Presses Tab until the focus is there. */
async function tabTo(editor: Editor, target: Locator): Promise<void> {
  await target.waitFor({ state: 'attached' });
  const hasFocus = () => target.evaluate((element) => element.matches(':focus, :focus-within'));
  for (let presses = 0; presses < 80; presses++) {
    if (await hasFocus()) return;
    await editor.page.keyboard.press('Tab');
  }
  throw new Error('The tab key never came there');
}
