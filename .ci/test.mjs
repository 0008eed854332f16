// `npm test`: everything, from a fresh clone. The last line is `N passed, N failed, N skipped`. Under CI=true a skip
// is a failure: what was to be tested there was not.
import fs from 'node:fs';
import path from 'node:path';
import { root, run, runMain, say } from './commands.mjs';
import { ensureBuilt, ensureDebianPackages, ensurePackages, findChromium, testPackages } from './prepare.mjs';
import { ensureCodeServer } from './vscode.mjs';

const isLong = process.argv.includes('--long');
const isCi = process.env.CI === 'true' || process.env.CI === '1';
const total = { passed: 0, failed: 0, skipped: 0 };

/** A step that is right or wrong as a whole, counted as one test. */
async function check(name, work) {
  say(`\n── ${name}`);
  try {
    await work();
    total.passed += 1;
  } catch (error) {
    say(error.message);
    say(`✗ ${name}`);
    total.failed += 1;
  }
}

async function command(...args) {
  const code = await run(...args);
  if (code !== 0) throw new Error(`exit code ${code}`);
}

function bin(name) {
  return path.join(root, 'node_modules', '.bin', name);
}

/** Runs vitest with one of its configurations and adds its counts. */
async function vitest(name, ...args) {
  say(`\n── ${name}`);
  const report = path.join(root, 'test-results', `${name}.json`);
  fs.rmSync(report, { force: true });
  const code = await run(bin('vitest'), [
    'run',
    ...args,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  let failed = 0;
  try {
    const result = JSON.parse(fs.readFileSync(report, 'utf8'));
    // A file that cannot even be loaded holds no test, and is a failure all the same.
    const unloadable = result.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    );
    failed = result.numFailedTests + unloadable.length;
    total.passed += result.numPassedTests;
    total.skipped += result.numPendingTests + result.numTodoTests;
  } catch (error) {
    say(`no report of ${name}: ${error.message}`);
  }
  // An error outside any test, or a run that broke off, is known by the exit code alone.
  total.failed += failed === 0 && code !== 0 ? 1 : failed;
}

/** The course page in a plain browser: behaviour, accessibility in each theme, widths, motion. */
async function coursePage() {
  say('\n── course page');
  if (findChromium() === null) {
    say('skipped: no Chromium');
    total.skipped += 1;
    return;
  }
  const report = path.join(root, 'test-results', 'course page.json');
  fs.rmSync(report, { force: true });
  const harness = path.join(root, 'test', 'webview', 'harness.mjs');
  const code = await run(process.execPath, [harness, '--report', report, ...(isLong ? ['--all'] : [])]);
  try {
    const { passed, failed } = JSON.parse(fs.readFileSync(report, 'utf8'));
    total.passed += passed;
    total.failed += failed;
  } catch (error) {
    say(`no report of the course page (exit code ${code}): ${error.message}`);
    total.failed += 1;
  }
}

await runMain(async () => {
  try {
    await ensurePackages();
    fs.mkdirSync(path.join(root, 'test-results'), { recursive: true });
    // What is missing comes over the network; meanwhile the processors have something to do.
    await Promise.all([
      ensureDebianPackages(testPackages),
      check('VS Code for the browser', ensureCodeServer),
      check('build', ensureBuilt),
      check('lint (biome)', () => command(bin('biome'), ['check', '.'])),
      check('types (src, test)', () => command(bin('tsc'), ['-p', 'tsconfig.json', '--noEmit'])),
      check('types (webview)', () => command(bin('tsc'), ['-p', 'webview/tsconfig.json', '--noEmit'])),
    ]);
    await vitest('unit and integration');
    await coursePage();
    await vitest('editor', '--config', 'test/editor/vitest.config.mts');
    if (isLong) await vitest('long', '--config', '.ci/long.vitest.config.mts');
  } catch (error) {
    total.failed += 1;
    throw error;
  } finally {
    if (total.failed > 0 || (isCi && total.skipped > 0)) process.exitCode = 1;
    process.once('exit', () => {
      process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
    });
  }
});
