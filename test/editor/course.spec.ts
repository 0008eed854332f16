import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { firstSingleChoice } from './courseFile';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';

const LAB = 'grpc-pinning';
/** None that the rest of the test scrolls to. */
const ANOTHER_SECTION = 'policies';
const SERVERS = ['server-a', 'server-b', 'server-c'];

const readers = [
  {
    locale: 'en',
    command: 'Traffic Lab: Open Course',
    progress: 'Traffic Lab: Show My Progress',
    runButton: /^Run$/,
    status: /See and cure gRPC pinning/,
  },
  {
    locale: 'ko',
    command: 'Traffic Lab: 코스 열기',
    progress: 'Traffic Lab: 내 진도 보기',
    runButton: /[가-힣]/,
    status: /gRPC 쏠림을 직접 보고 고치기/,
  },
] as const;

describe.skipIf(browserPath === null)('the course in VS Code', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  async function openCourse(name: string, locale: 'en' | 'ko', command: string): Promise<[Editor, CoursePage]> {
    editor = await Editor.open({ name, locale });
    await editor.runCommand(command);
    const page = new CoursePage(editor.webview());
    await page.lab(LAB).root.waitFor();
    return [editor, page];
  }

  it.each(readers)('shows pinning and its cure, and keeps all of it over a reload ($locale)', async (reader) => {
    const { locale, command, progress, runButton, status } = reader;
    const question = firstSingleChoice(locale);
    const [window, page] = await openCourse(`course-${locale}`, locale, command);
    const lab = page.lab(LAB);
    const quiz = page.quiz(question.id);
    expect(await page.language()).toBe(locale);
    expect(await lab.button('run').innerText()).toMatch(runButton);
    await window.screenshot('opened');
    const drawing = page.diagram('grpc-l4-pinned');
    await drawing.draw();
    await drawing.numbers('nothing').waitFor();
    const words = await drawing.words();
    expect(words.join('')).not.toMatch(/000/);

    // L4: one connection, so one server.
    await lab.chooseArm('grpc-l4');
    await lab.button('run').click();
    await lab.phase('running').waitFor();
    await drawing.numbers('running').waitFor();
    await window.statusBarItem(status).waitFor();
    await window.screenshot('grpc-l4-running');
    await lab.phase('done').waitFor({ timeout: 60_000 });
    const pinned = await lab.table();
    expect(pinned.map((row) => row.share.replace(' ', '')).sort()).toEqual(['0%', '0%', '100%']);
    expect(pinned.map((row) => row.requests).sort()).toEqual([0, 0, 3000]);
    expect(pinned.find((row) => row.requests > 0)?.connections).toBe(1);
    for (const { id, share } of pinned) expect(await lab.shareInDiagram(id)).toBe(share);
    expect((await lab.requestsOnEdges()).sort((a, b) => a - b)).toEqual([0, 0, 3000, 3000]);
    // The diagram of the text carries the same numbers beside its author's words.
    await drawing.numbers('measured').waitFor();
    expect((await drawing.requests()).sort((a, b) => a - b)).toEqual([0, 0, 3000, 3000]);
    expect(await drawing.words()).toEqual(words);
    await window.statusBarItem(status).waitFor({ state: 'detached' });
    await window.screenshot('grpc-l4-done');

    // L7: a choice for each request, so an even split.
    await lab.chooseArm('grpc-l7');
    await lab.runToEnd();
    const spread = await lab.table();
    expect(spread.map((row) => row.id)).toEqual(SERVERS);
    expect(Math.max(...spread.map((row) => row.requests))).toBeLessThanOrEqual(1020);
    expect(spread.reduce((sum, row) => sum + row.requests, 0)).toBe(3000);
    for (const { id, share } of spread) expect(await lab.shareInDiagram(id)).toBe(share);
    await window.screenshot('grpc-l7-done');

    await quiz.unfold();
    await quiz.answer(question.rightOption);
    await quiz.verdict('right').waitFor();
    await window.screenshot('quiz-answered');

    const top = async () => (await quiz.root.boundingBox())?.y ?? Number.NaN;
    const before = await top();
    await window.reload();
    await quiz.verdict('right').waitFor({ timeout: 30_000 });
    await expect.poll(async () => Math.abs((await top()) - before), { timeout: 10_000 }).toBeLessThan(100);
    await window.screenshot('reloaded');
    await lab.arm('grpc-l7').waitFor();
    expect(await lab.table()).toEqual(spread);
    await expect.poll(() => lab.shareInDiagram('server-a')).toBe(spread[0]?.share);
    await lab.chooseArm('grpc-l4');
    await expect.poll(() => lab.table()).toEqual(pinned);
    await drawing.draw();
    expect((await drawing.requests()).sort((a, b) => a - b)).toEqual([0, 0, 3000, 3000]);

    // What was read counts, and reading on counts more.
    const sections = async () => doneOf(await page.progress('sections').innerText());
    await window.runCommand(progress);
    const read = await sections();
    expect(read).toBeGreaterThan(0);
    await page.backToText();
    await page.readTo(ANOTHER_SECTION);
    await window.runCommand(progress);
    await expect.poll(sections).toBeGreaterThan(read);
    expect(window.consoleErrors).toEqual([]);
  });

  it('shows a backend that dies mid-run, its return, and the stop', async () => {
    const [window, page] = await openCourse('kill', 'en', readers[0].command);
    const lab = page.lab(LAB);
    await lab.chooseArm('grpc-l7');
    await lab.field('requests').fill('100000');
    await lab.button('run').click();
    await lab.phase('running').waitFor();
    const requestsOfB = async () => (await lab.table()).find((row) => row.id === 'server-b')?.requests ?? 0;
    await expect.poll(requestsOfB, { timeout: 30_000 }).toBeGreaterThan(10);

    await lab.row('server-b').locator('[data-action="kill"]').click();

    await lab.node('server-b').and(lab.root.locator('[data-state="dead"]')).waitFor({ timeout: 5_000 });
    await window.screenshot('killed');
    const atDeath = await requestsOfB();

    await lab.row('server-b').locator('[data-action="revive"]').click();

    await lab.node('server-b').and(lab.root.locator('[data-state="up"]')).waitFor();
    await expect.poll(requestsOfB, { timeout: 30_000 }).toBeGreaterThan(atDeath + 10);
    await window.screenshot('revived');

    await lab.button('stop').click();
    await lab.phase('stopped').waitFor();
    expect(window.consoleErrors).toEqual([]);
  });

  it('leaves nothing listening when the course is closed mid-run', async () => {
    const [window, page] = await openCourse('close', 'en', readers[0].command);
    const lab = page.lab(LAB);
    await lab.chooseArm('grpc-l7');
    await lab.field('requests').fill('100000');
    await lab.button('run').click();
    await lab.phase('running').waitFor();
    const ports = await Promise.all(['balancer', ...SERVERS].map((node) => lab.portOf(node)));
    expect(await listening(ports)).toEqual(ports);

    await window.runCommand('View: Close Editor');

    await expect.poll(() => listening(ports), { timeout: 10_000 }).toEqual([]);
    await window.statusBarItem(readers[0].status).waitFor({ state: 'detached' });
  });
});

/** Those of the ports that accept a connection. */
async function listening(ports: readonly number[]): Promise<number[]> {
  const answers = await Promise.all(ports.map(accepts));
  return ports.filter((_, index) => answers[index]);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Of "3 of 40" and "40개 중 3개". */
function doneOf(words: string): number {
  return Math.min(...[...words.matchAll(/\d+/g)].map(Number));
}
