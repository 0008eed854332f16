import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { root } from '../../.ci/commands.mjs';
import { browserPath, Editor } from './harness';

const STEPS = ['open', 'run', 'cure', 'keep'] as const;

const words = {
  en: JSON.parse(readFileSync(path.join(root, 'package.nls.json'), 'utf8')),
  ko: JSON.parse(readFileSync(path.join(root, 'package.nls.ko.json'), 'utf8')),
};

/** The heading of what is shown beside a step. */
function mediaTitle(step: string, locale: string): string {
  const text = readFileSync(path.join(root, 'media', 'walkthrough', `${step}.${locale}.md`), 'utf8');
  return /^### (.+)$/m.exec(text)?.[1] ?? '';
}

/** The palette gives way to a list of walkthroughs; see runCommand for why it may take another try. */
async function openWalkthrough({ page }: Editor, title: string): Promise<void> {
  const input = page.locator('.quick-input-widget input');
  const row = (text: string) => page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: text }).first();
  for (let attempt = 0; attempt < 15; attempt++) {
    try {
      await page.keyboard.press('F1');
      await input.fill('>Welcome: Open Walkthrough...', { timeout: 3_000 });
      await row('Welcome: Open Walkthrough...').click({ timeout: 3_000 });
      await row(title).click({ timeout: 3_000 });
      return;
    } catch {
      await page.keyboard.press('Escape');
    }
  }
  throw new Error(`There is no walkthrough "${title}"`);
}

/** Whether a text is longer than the lines it is allowed; null where nothing limits them. */
function linesCutOff(element: Element): boolean | null {
  for (let at: Element | null = element; at !== null; at = at.parentElement) {
    if (getComputedStyle(at).webkitLineClamp !== 'none') return at.scrollHeight > at.clientHeight + 3;
  }
  return null;
}

describe.skipIf(browserPath === null)('the walkthrough in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  it.each(['en', 'ko'] as const)('shows its steps with their pictures and leads into the lab (%s)', async (locale) => {
    const window = await Editor.open({ name: `walkthrough-${locale}`, locale });
    editor = window;
    const { page } = window;
    await openWalkthrough(window, words[locale]['walkthrough.title']);

    const description = page
      .locator('.gettingStartedContainer')
      .getByText(words[locale]['walkthrough.description'], { exact: true });
    await description.waitFor();
    expect(await description.evaluate(linesCutOff)).toBe(false);

    const step = (id: string) => page.locator(`[data-step-id$="#${id}"].getting-started-step`);
    for (const id of STEPS) {
      await step(id).click();
      await window.webview().getByText(mediaTitle(id, locale), { exact: true }).waitFor();
      await window.screenshot(id);
    }

    await step('run').click();
    await step('run').locator('.monaco-button').click();
    const lab = window.webview().locator('#lab-grpc-pinning');
    await lab.waitFor();
    const isReached = () => lab.evaluate((element) => element.ownerDocument.activeElement === element);
    await expect.poll(isReached, { timeout: 10_000 }).toBe(true);
    expect(await window.webview().locator('.page').getAttribute('lang')).toBe(locale);
    expect(window.consoleErrors).toEqual([]);
  });
});
