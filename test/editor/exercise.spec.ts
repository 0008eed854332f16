import type { Locator } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfEditor, ownErrors } from './confEditor';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';

/** An exercise from its first sight to its solution: in the page, in the file, and over a reload. */

const FILE = 'spread-grpc.nginx.conf';

/** Where an exercise is, and a line of its file. */
const spreading = { lab: 'grpc-pinning', exercise: 'spread-grpc', line: 'upstream orders_grpc' };
const shrinking = { lab: 'rest-vs-grpc', exercise: 'not-smaller', line: '"calibration"' };

const readers = [
  {
    locale: 'en',
    open: 'Traffic Lab: Open Course',
    check: 'Traffic Lab: Check the Exercise',
    lens: '✓ Check',
    still: /still L4/,
  },
  {
    locale: 'ko',
    open: 'Traffic Lab: 코스 열기',
    check: 'Traffic Lab: 연습 문제 채점',
    lens: '✓ 채점',
    still: /아직 L4입니다/,
  },
] as const;

describe.skipIf(browserPath === null)('an exercise in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  async function openExercise(
    name: string,
    reader: (typeof readers)[number],
    place = spreading,
  ): Promise<[Editor, Card, ConfEditor]> {
    editor = await Editor.open({
      name,
      locale: reader.locale,
      viewport: { width: 1_800, height: 1_000 },
      settings: { 'files.autoSave': 'off', 'editor.minimap.enabled': false, 'workbench.editor.revealIfOpen': true },
    });
    await editor.runCommand(reader.open);
    const lab = new CoursePage(editor.webview()).lab(place.lab);
    await lab.root.waitFor({ timeout: 60_000 });
    const card = new Card(lab.root.locator(`[data-exercise="${place.exercise}"].exercise`));
    await card.button('open').click();
    const conf = new ConfEditor(editor);
    await conf.line(place.line).waitFor();
    // It comes a moment later, and moves every line.
    await conf.lens(reader.lens).waitFor();
    return [editor, card, conf];
  }

  it('is edited, checked, hinted at, solved, and still solved after a reload', async () => {
    const reader = readers[0];
    const [window, card, conf] = await openExercise('exercise', reader);
    expect(await conf.language()).toBe('nginx (Traffic Lab)');

    // A plausible edit that does not help. It is not saved: checking does that.
    await conf.typeAtEnd('upstream orders_grpc', '\nleast_conn;');
    await card.button('check').click();
    await card.state('unsolved').waitFor({ timeout: 60_000 });
    expect(await card.text()).toMatch(reader.still);
    expect(await card.text()).toMatch(/measured 3, wanted at most 1\.2/);
    await conf.hint('server-a grpc').waitFor();
    await conf.lens('Not solved yet: 1 of 3').waitFor();
    await window.screenshot('unsolved');

    await card.button('hint').click();
    await card.hints.first().waitFor();
    expect(await card.hints.count()).toBe(1);

    // A mistake is at its place, in the card and in the file.
    await conf.typeAtEnd('least_conn', '\nno_such_directive;');
    await card.button('check').click();
    await card.root.locator('.problem-list').waitFor();
    await conf.squiggle().waitFor();
    await window.screenshot('problem');

    await card.button('compare').click();
    await window.page.locator('.monaco-diff-editor').waitFor();
    await window.screenshot('compared');
    await card.button('solve').click();
    await window.page.locator('.tabs-container .tab', { hasText: FILE }).first().click();
    await conf.line('grpc_pass grpc://orders_grpc').waitFor();
    await window.screenshot('solution');

    await conf.lens('✓ Check').click();
    await card.state('solved').waitFor({ timeout: 60_000 });
    await window.page.locator('.notifications-toasts').getByText('Solved: everything').waitFor();
    await window.screenshot('solved');

    // The reader's own text is one undo away, and what was solved stays solved.
    await conf.undoUntil(async () => (await conf.line('no_such_directive').count()) === 1);
    await conf.save();

    await window.reload();
    await card.root.locator('.solved').waitFor({ timeout: 60_000 });
    await card.state('solved').waitFor();
    expect(await card.hints.count()).toBe(1);
    expect(await card.root.locator('[data-met="true"]').count()).toBe(3);
    await window.screenshot('reloaded');

    await card.button('reset').click();
    await card.state('unchecked').waitFor();
    await card.root.locator('.solved').waitFor();
    await conf.line('proxy_pass orders_grpc').waitFor();
    expect(ownErrors(window)).toEqual([]);
  });

  it('about a message opens as JSON, tells the place of a mistake in it, and is solved by what was measured', async () => {
    const [window, card, message] = await openExercise('exercise-message', readers[0], shrinking);
    expect(await message.language()).toBe('JSON');

    await card.button('check').click();
    await card.state('unsolved').waitFor({ timeout: 60_000 });
    expect(await card.text()).toMatch(/measured \d+ B, wanted at least the \d+ B of “REST · JSON”/);
    await message.lens('Not solved yet: 0 of 1').waitFor();

    // A field that its type does not have. Nothing is sent, and the text stays the reader's.
    await message.typeAtEnd('"device"', '\n"colour": "red",');
    await message.lens('✓ Check').click();
    await card.root.locator('.problem-list').getByText('colour').waitFor();
    await message.squiggle().waitFor();
    await message.line('"colour"').waitFor();
    await window.screenshot('problem');

    await card.button('compare').click();
    await window.page.locator('.monaco-diff-editor').waitFor();
    await card.button('solve').click();
    await card.button('check').click();
    await card.state('solved').waitFor({ timeout: 60_000 });
    await card.root.scrollIntoViewIfNeeded();
    await window.screenshot('solved');

    await card.button('reset').click();
    await card.state('unchecked').waitFor();
    await card.root.locator('.solved').waitFor();
    expect(ownErrors(window)).toEqual([]);
  });

  it('is checked from the palette in Korean, and says in Korean what it wanted', async () => {
    const reader = readers[1];
    const [window, card] = await openExercise('exercise-ko', reader);
    await window.runCommand(reader.check);
    await card.state('unsolved').waitFor({ timeout: 60_000 });
    expect(await card.text()).toMatch(reader.still);
    await window.page.locator('.notifications-toasts').getByText('아직 해결하지 못했습니다.').waitFor();
    await window.screenshot('unsolved');
  });
});

/** The exercise's card in the page. */
class Card {
  readonly root: Locator;

  constructor(root: Locator) {
    this.root = root;
  }

  get hints(): Locator {
    return this.root.locator('.exercise-hints li');
  }

  button(action: string): Locator {
    return this.root.locator(`[data-action="exercise-${action}"]`);
  }

  /** Appears when the last check has that outcome. */
  state(state: 'unchecked' | 'checking' | 'unsolved' | 'solved'): Locator {
    return this.root.and(this.root.page().locator(`[data-state="${state}"]`));
  }

  text(): Promise<string> {
    return this.root.innerText();
  }
}
