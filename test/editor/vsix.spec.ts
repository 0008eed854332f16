import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { root, run } from '../../.ci/commands.mjs';
import { CoursePage } from './coursePage';
import { browserPath, Editor } from './harness';

const vsix = path.join(root, 'dist', 'traffic-lab.vsix');

/** What may be in the package; of dist only what runs. */
const shipped = [
  /^(package(\.nls(\.\w+)?)?\.json|readme\.md|changelog\.md|license(\.txt|\.md)?|third_party_notices\.md|\.vsixmanifest)$/i,
  /^dist\/((extension|courseRuntime)\.js|(workers|cli)\/[\w-]+\.js|webview\/[\w.-]+\.(js|css))$/,
  /^media\//,
  /^labs\//,
];

describe.skipIf(browserPath === null)('the package', () => {
  beforeAll(async () => {
    rmSync(vsix, { force: true });
    expect(await run('npm', ['run', '-s', 'package'], { quiet: true })).toBe(0);
  });
  // What else runs from dist/ wants the build with source maps.
  afterAll(async () => {
    await run('node', ['esbuild.config.mjs'], { quiet: true });
  });

  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.close();
  });

  it('installs, holds nothing but what ships, and opens the course', async () => {
    editor = await Editor.open({ name: 'vsix', extension: vsix });
    const extensions = path.join(editor.userDataDir, 'extensions');
    const folder = readdirSync(extensions).find((name) => name.startsWith('traffic-lab.traffic-lab-')) ?? '';
    const files = filesBelow(path.join(extensions, folder));
    expect(files.filter((file) => !shipped.some((pattern) => pattern.test(file)))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/extension.js',
        'dist/workers/backend.js',
        'dist/cli/lab.js',
        'labs/traffic-lab/course.ko.md',
      ]),
    );

    await editor.runCommand('Traffic Lab: Open Course');

    const lab = new CoursePage(editor.webview()).lab('grpc-pinning');
    await lab.root.waitFor();
    await lab.chooseArm('grpc-l7');
    await lab.runToEnd();
    await editor.screenshot('run-from-the-package');
    expect(editor.consoleErrors).toEqual([]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
}
