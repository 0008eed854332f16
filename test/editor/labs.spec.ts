import { afterEach, describe, expect, it } from 'vitest';
import { CoursePage, type LabBlock } from './coursePage';
import { browserPath, Editor } from './harness';

/** Every further lab of the course, once through: opened, run, broken while it runs, and an exercise checked. */

type Breakage = 'kill' | 'slow' | 'fail' | 'drain';

interface Visit {
  readonly id: string;
  readonly arm: string;
  readonly victim: string;
  readonly breakage: Breakage;
  readonly exercise: string;
}

const labs: readonly Visit[] = [
  { id: 'one-vs-many', arm: 'three-servers', victim: 'server-b', breakage: 'kill', exercise: 'survive' },
  { id: 'l4-vs-l7', arm: 'l7-path', victim: 'orders-b', breakage: 'drain', exercise: 'route-paths' },
  {
    ...{ id: 'rest-outside-grpc-inside', arm: 'rest-edge-grpc-inside', victim: 'orders-b', breakage: 'fail' },
    exercise: 'put-grpc-inside',
  },
  { id: 'rest-vs-grpc', arm: 'rest', victim: 'server-b', breakage: 'kill', exercise: 'five-times-smaller' },
  { id: 'api-gateway', arm: 'authenticated', victim: 'orders', breakage: 'slow', exercise: 'protect' },
  { id: 'algorithms', arm: 'least-conn', victim: 'server-b', breakage: 'slow', exercise: 'slow-server' },
  { id: 'sticky-vs-redis', arm: 'memory-ip-hash', victim: 'server-b', breakage: 'kill', exercise: 'keep-logins' },
];

const openCourse = { en: 'Traffic Lab: Open Course', ko: 'Traffic Lab: 코스 열기' } as const;

describe.skipIf(browserPath === null)('the labs in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  it.each([
    ['en', labs.slice(0, 4)],
    ['ko', labs.slice(4)],
  ] as const)('are opened, run, broken once and checked once (%s)', { timeout: 300_000 }, async (locale, chosen) => {
    editor = await Editor.open({ name: `labs-${locale}`, locale, viewport: { width: 1_400, height: 1_100 } });
    await editor.runCommand(openCourse[locale]);
    const page = new CoursePage(editor.webview());
    for (const visit of chosen) {
      const { id, exercise } = visit;
      const lab = page.lab(id);
      await lab.root.waitFor({ timeout: 60_000 });
      await runAndBreak(lab, visit);
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

/**
 * The counts have to agree although a server was broken; what the clients lost is counted. The run is so long that it is
 * under way however slow the machine, and is stopped then.
 */
async function runAndBreak(lab: LabBlock, { arm, victim, breakage }: Visit): Promise<void> {
  await lab.chooseArm(arm);
  await lab.arm(arm).waitFor();
  await lab.field('requests').fill('20000');
  await lab.button('run').click();
  await lab.phase('running').waitFor({ timeout: 60_000 });
  await lab.breakServer(victim, breakage);
  await lab.button('stop').click();
  await lab.phase('stopped').waitFor({ timeout: 60_000 });
  expect(await lab.root.locator('.reconciliation').getAttribute('data-verdict')).toBe('agree');
  expect((await lab.table()).reduce((sum, row) => sum + row.requests, 0)).toBeGreaterThan(0);
}
