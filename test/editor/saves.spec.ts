import { afterEach, describe, expect, it } from 'vitest';
import { ConfEditor, ownErrors } from './confEditor';
import { CoursePage, type LabBlock } from './coursePage';
import { browserPath, Editor } from './harness';

/** What a save does while a lab runs, in every lab whose configuration has several `server` lines. See confPanel.spec.ts for the first. */

interface Edit {
  readonly lab: string;
  readonly arm: string;
  /** A line that no other of these files has. */
  readonly mark: string;
  /** Saved, this leaves one server without traffic. */
  edit(conf: ConfEditor): Promise<void>;
  readonly idle: string;
  /** A server that goes on all the while. */
  readonly busy: string;
}

/** The server's line is taken out of the file. */
const without = (idle: string, busy: string) => ({
  idle,
  busy,
  edit: (conf: ConfEditor) => conf.deleteLine(`backend ${idle} `),
});

const edits: readonly Edit[] = [
  { lab: 'one-vs-many', arm: 'three-servers', mark: 'listen 127.0.0.1:28880', ...without('server-b', 'server-a') },
  { lab: 'l4-vs-l7', arm: 'l7-path', mark: 'listen 127.0.0.1:28581', ...without('users-b', 'users-a') },
  {
    ...{ lab: 'rest-outside-grpc-inside', arm: 'rest-edge-grpc-inside', mark: 'listen 127.0.0.1:28980' },
    ...without('orders-b', 'orders-a'),
  },
  {
    ...{ lab: 'rest-vs-grpc', arm: 'rest', mark: 'listen 127.0.0.1:28680', idle: 'server-b', busy: 'server-a' },
    // It has a second line, for gRPC.
    edit: (conf) => conf.deleteLine('backend server-b rest'),
  },
  // Each of its services is one server: here the way to it is closed.
  {
    ...{ lab: 'api-gateway', arm: 'open', mark: 'listen 127.0.0.1:28480', idle: 'orders', busy: 'users' },
    edit: (conf) => conf.typeAtEnd('location /api/orders/', '\ninternal;'),
  },
  { lab: 'algorithms', arm: 'least-conn', mark: 'listen 127.0.0.1:28780', ...without('server-b', 'server-a') },
  {
    lab: 'sticky-vs-redis',
    arm: 'redis-round-robin',
    mark: 'listen 127.0.0.1:28380',
    ...without('server-b', 'server-c'),
  },
];

/** So many clients that many of their connections are idle when the file is saved. */
const load = { requests: '60000', rate: '120', clients: '60' };

/** So many more requests show that a server gets traffic. */
const SOME = 10;

describe.skipIf(browserPath === null)('a save while a lab runs', () => {
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.screenshot('end');
    await editor?.close();
    editor = undefined;
  });

  it('moves its traffic without a failed request; a bad one is refused; the file says what the table says', {
    timeout: 300_000,
  }, async () => {
    editor = await Editor.open({
      name: 'saves',
      viewport: { width: 1_800, height: 1_100 },
      settings: { 'files.autoSave': 'off', 'editor.minimap.enabled': false },
    });
    await editor.runCommand('Traffic Lab: Open Course');
    const page = new CoursePage(editor.webview());
    const conf = new ConfEditor(editor);
    for (const edit of edits) {
      const lab = page.lab(edit.lab);
      await lab.root.waitFor({ timeout: 60_000 });
      await start(lab, edit, conf);
      await save(lab, edit, conf);
      await editor.screenshot(edit.lab);
      await stop(lab, edit, conf);
    }
    expect(ownErrors(editor)).toEqual([]);
  });
});

async function start(lab: LabBlock, { arm, mark, idle }: Edit, conf: ConfEditor): Promise<void> {
  await lab.chooseArm(arm);
  await lab.arm(arm).waitFor();
  await lab.button('open-configuration').click();
  await conf.line(mark).waitFor();
  for (const [field, value] of Object.entries(load)) await lab.field(field).fill(value);
  await lab.button('run').click();
  await lab.phase('running').waitFor({ timeout: 60_000 });
  await getsTraffic(lab, idle);
}

async function save(lab: LabBlock, { idle, busy, edit }: Edit, conf: ConfEditor): Promise<void> {
  await edit(conf);
  await conf.save();
  // What was under way when it was saved is still answered.
  await expect.poll(() => more(lab, idle, busy), { timeout: 30_000 }).toBe(0);

  await conf.typeAtEnd(`backend ${busy} `, '\nnonsense;');
  await conf.save();
  await lab.root.locator('.conf-notice .problem-list').getByText('nonsense').first().waitFor();
  await conf.squiggle().waitFor();
  expect(await more(lab, idle, busy)).toBe(0);
}

/** The line that was taken out has no numbers; the text that was refused has those of what ran. */
async function stop(lab: LabBlock, { idle }: Edit, conf: ConfEditor): Promise<void> {
  await lab.button('stop').click();
  await lab.phase('stopped').waitFor({ timeout: 30_000 });
  expect(await lab.root.locator('[data-figure="failed"]').innerText()).toBe('0');
  const left = (await lab.table()).filter(({ id }) => id !== idle);
  expect(left.length).toBeGreaterThan(0);
  for (const { id, share, requests, connections, p99 } of left) {
    const wanted = `${share} · ${requests.toLocaleString('en')} requests · ${connections} connection`;
    await expect.poll(() => conf.hintText(`backend ${id} `), { timeout: 10_000 }).toContain(wanted);
    // Servers that clients do not reach have none; the editor puts the unit into a span of its own.
    if (p99 === '—') expect(await conf.hintText(`backend ${id} `)).not.toContain('p99');
    else expect(await conf.hintText(`backend ${id} `)).toContain(`p99 ${p99.replace(' ms', '')}`);
  }
}

async function getsTraffic(lab: LabBlock, server: string): Promise<void> {
  const before = await lab.requestsOf(server);
  await expect.poll(() => lab.requestsOf(server), { timeout: 30_000 }).toBeGreaterThanOrEqual(before + SOME);
}

/** How many requests one server gets while the other gets some. */
async function more(lab: LabBlock, server: string, other: string): Promise<number> {
  const before = await lab.requestsOf(server);
  await getsTraffic(lab, other);
  return (await lab.requestsOf(server)) - before;
}
