import { afterEach, describe, expect, it } from 'vitest';
import { CoursePage, type LabBlock } from './coursePage';
import { browserPath, Editor } from './harness';

/** Every further lab of the course, once through: opened, run, broken while it runs, and an exercise checked. */

const labs = [
  { id: 'one-vs-many', arm: 'three-servers', victim: 'server-b', exercise: 'survive' },
  { id: 'l4-vs-l7', arm: 'l7-path', victim: 'orders-b', exercise: 'route-paths' },
  { id: 'rest-outside-grpc-inside', arm: 'rest-edge-grpc-inside', victim: 'orders-b', exercise: 'put-grpc-inside' },
  { id: 'api-gateway', arm: 'authenticated', victim: 'orders', exercise: 'protect' },
  { id: 'algorithms', arm: 'least-conn', victim: 'server-b', exercise: 'slow-server' },
  { id: 'sticky-vs-redis', arm: 'memory-ip-hash', victim: 'server-b', exercise: 'keep-logins' },
] as const;

const openCourse = { en: 'Traffic Lab: Open Course', ko: 'Traffic Lab: 코스 열기' } as const;

describe.skipIf(browserPath === null)('the labs in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  it.each([
    ['en', labs.slice(0, 3)],
    ['ko', labs.slice(3)],
  ] as const)('are opened, run, broken once and checked once (%s)', { timeout: 300_000 }, async (locale, chosen) => {
    editor = await Editor.open({ name: `labs-${locale}`, locale, viewport: { width: 1_400, height: 1_100 } });
    await editor.runCommand(openCourse[locale]);
    const page = new CoursePage(editor.webview());
    for (const { id, arm, victim, exercise } of chosen) {
      const lab = page.lab(id);
      await lab.root.waitFor({ timeout: 60_000 });
      await runAndBreak(lab, arm, victim);
      await editor.screenshot(id);
      const card = lab.root.locator(`[data-exercise="${exercise}"].exercise`);
      await card.locator('[data-action="exercise-check"]').click();
      await card.and(lab.root.page().locator('[data-state="unsolved"]')).waitFor({ timeout: 90_000 });
      // What it saw is a number, and it says what it wanted.
      expect(await card.locator('[data-met="false"]').count()).toBeGreaterThan(0);
      await card.scrollIntoViewIfNeeded();
      await editor.screenshot(`${id}-checked`);
    }
  });
});

/** The counts have to agree although a server died; what the clients lost is counted. */
async function runAndBreak(lab: LabBlock, arm: string, victim: string): Promise<void> {
  await lab.chooseArm(arm);
  await lab.arm(arm).waitFor();
  await lab.button('run').click();
  await lab.phase('running').waitFor({ timeout: 60_000 });
  await lab.row(victim).locator('[data-action="kill"]').click();
  await lab.row(victim).locator('[data-action="revive"]').waitFor();
  await lab.phase('done').waitFor({ timeout: 60_000 });
  expect(await lab.root.locator('.reconciliation').getAttribute('data-verdict')).toBe('agree');
  expect((await lab.table()).reduce((sum, row) => sum + row.requests, 0)).toBeGreaterThan(0);
}
