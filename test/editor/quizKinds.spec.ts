import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../../.ci/commands.mjs';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';
import { give, ReviewPage, tinyAnswers } from './quizPage';

const fixture = path.join(root, 'test', 'editor', 'fixtures', 'tiny-course');

/**
 * Moves the clock of the extension host by a day: extensions share one process, so nothing in the product has to know of
 * tests.
 */
const clockSource = `
const vscode = require('vscode');
const real = Date.now;
let days = 0;
exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand('clock.nextDay', () => {
    days += 1;
    Date.now = () => real() + days * 86_400_000;
  }));
};`;

function writeClock(folder: string): void {
  const manifest = {
    name: 'clock',
    publisher: 'tests',
    version: '1.0.0',
    engines: { vscode: '^1.100.0' },
    main: './extension.js',
    contributes: { commands: [{ command: 'clock.nextDay', title: 'Clock: Next Day' }] },
  };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(folder, 'extension.js'), clockSource);
}

const predictions: readonly string[] = ['split', 'busy'];

const readers = [
  {
    locale: 'en',
    open: 'Traffic Lab: Open Course',
    review: 'Traffic Lab: Review',
    progress: 'Traffic Lab: Show My Progress',
    reset: 'Traffic Lab: Reset My Progress',
    resetButton: 'Reset',
    due: /9 due/,
    of: (done: number, all: number) => `${done} of ${all}`,
  },
  {
    locale: 'ko',
    open: 'Traffic Lab: 코스 열기',
    review: 'Traffic Lab: 복습',
    progress: 'Traffic Lab: 내 진도 보기',
    reset: 'Traffic Lab: 내 진도 초기화',
    resetButton: '초기화',
    due: /9개/,
    of: (done: number, all: number) => `${all}개 중 ${done}개`,
  },
] as const;

describe.skipIf(browserPath === null)('questions in VS Code', () => {
  let editor: Editor | undefined;
  let course = '';
  let clock = '';
  beforeEach(() => {
    course = mkdtempSync(path.join(tmpdir(), 'traffic-lab-course-'));
    clock = mkdtempSync(path.join(tmpdir(), 'traffic-lab-clock-'));
    cpSync(fixture, course, { recursive: true });
    writeClock(clock);
  });
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
    for (const folder of [course, clock]) rmSync(folder, { recursive: true, force: true });
  });

  it.each(readers)('are answered wrong and right, come back the next day, and stay ($locale)', async (reader) => {
    const { locale } = reader;
    editor = await Editor.open({ name: `quiz-kinds-${locale}`, locale, folder: course, beside: [clock] });
    const window = editor;
    await window.runCommand(reader.open);
    const page = new CoursePage(window.webview());
    const lab = page.lab('tiny-lab');
    await lab.root.waitFor();
    // The course of the folder, with what is broken in its place and the rest working.
    await window.webview().locator('.block-problem').filter({ hasText: 'single-choise' }).waitFor();

    // Predictions wait for the reader's own run.
    for (const id of predictions) {
      const question = page.quiz(id).root;
      await give(tinyAnswers[id], 'wrong', question);
      await verdict(question, 'waiting').waitFor();
    }
    // Over so soon that “running” may never be seen.
    await lab.button('run').click();
    await lab.phase('done').waitFor({ timeout: 60_000 });
    for (const id of predictions) await verdict(page.quiz(id).root, 'wrong').waitFor();
    await window.screenshot('predictions-scored');

    // Every other kind: wrong, with every part explained; then right.
    await window.webview().locator('.more-questions > summary').click();
    for (const [id, answers] of Object.entries(tinyAnswers)) {
      const question = page.quiz(id).root;
      await question.scrollIntoViewIfNeeded();
      if (!predictions.includes(id)) await give(answers, 'wrong', question);
      await verdict(question, 'wrong').waitFor();
      if (answers.kind === 'interview') await question.locator('.model-answer code').waitFor();
      else if (answers.kind !== 'predict-split') {
        expect(await question.locator('.option-why').count(), answers.kind).toBeGreaterThan(1);
      }
      await question.locator('[data-action="retry"]').click();
      await question.locator('[data-action="check"]').waitFor();
      await give(answers, 'right', question);
      await verdict(question, 'right').waitFor();
    }
    await window.screenshot('all-right');
    expect(await window.statusBarItem(reader.due).count()).toBe(0);

    // What was wrong at first is due the next day, however it was answered right after.
    await window.runCommand('Clock: Next Day');
    await window.runCommand(reader.review);
    const review = new ReviewPage(window.webview());
    await review.question.waitFor();
    expect((await review.left()).toSorted()).toEqual([9, 9]);
    await window.statusBarItem(reader.due).waitFor();
    await window.screenshot('review');
    const missed = await review.questionId();
    await give(tinyAnswers[missed], 'wrong', review.question);
    await review.button('next-review').click();
    await expect.poll(() => review.questionId()).not.toBe(missed);
    expect((await review.left()).toSorted()).toEqual([9, 9]);

    // Once round: known, and the missed one again at the end.
    const asked: string[] = [];
    for (let id = await review.questionId(); id !== ''; id = await review.questionId()) {
      asked.push(id);
      if (id === 'one') {
        // The experiment behind it, and back again.
        await review.button('replay').click();
        await lab.arm('spread').waitFor();
        await window.webview().locator('[data-view="review"]').click();
        await review.question.waitFor();
      }
      await give(tinyAnswers[id], 'right', review.question);
      await review.button('next-review').click();
      await expect.poll(() => review.questionId()).not.toBe(id);
    }
    expect(asked.at(-1)).toBe(missed);
    await window.screenshot('reviewed');

    // Kept over a reload, and over an upgrade of the course for the questions that did not change.
    upgrade(course, locale);
    await window.reload();
    await window.runCommand(reader.open);
    await verdict(page.quiz('short').root, 'right').waitFor({ state: 'attached', timeout: 30_000 });
    await page.quiz('one').root.locator('[data-action="check"]').waitFor({ state: 'attached' });
    await window.runCommand(reader.progress);
    await review.progress('known').waitFor();
    expect(await review.progress('answered').innerText()).toBe(reader.of(8, 9));
    await window.screenshot('progress');

    await window.runCommand(reader.reset);
    await window.page
      .locator('.monaco-dialog-box')
      .getByRole('button', { name: reader.resetButton, exact: true })
      .click();
    await page.quiz('short').root.locator('[data-action="check"]').waitFor({ state: 'attached' });
    await window.runCommand(reader.progress);
    await expect.poll(() => review.progress('answered').innerText()).toBe(reader.of(0, 9));
    expect(window.consoleErrors).toEqual([]);
  });
});

function verdict(question: Locator, wanted: string): Locator {
  return question.locator(`[data-verdict="${wanted}"]`);
}

/** A new version: the question "one" has another option, the question "short" is better worded. */
function upgrade(folder: string, language: string): void {
  const file = path.join(folder, `course.${language}.md`);
  const text = readFileSync(file, 'utf8');
  const changed = text.replace('id: no-one', 'id: other-one').replace(/(?<=id: short\n.*\nprompt: ).*/, 'Better?');
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
  const manifest = path.join(folder, 'course.yaml');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('version: 1', 'version: 2'));
}
