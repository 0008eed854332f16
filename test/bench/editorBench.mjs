import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../../.ci/commands.mjs';
import { Editor } from '../editor/harness.ts';

const PHASE_MS = 6_000;

/** One VS Code, from a fresh start: opens the course, runs a lab at full load, reads the probe. */
export async function measureEditor() {
  const folder = mkdtempSync(path.join(tmpdir(), 'traffic-lab-bench-'));
  const phaseFile = path.join(folder, 'phase');
  const resultFile = path.join(folder, 'result.json');
  const result = () =>
    existsSync(resultFile) ? JSON.parse(readFileSync(resultFile, 'utf8')) : { phases: {}, activationMs: null };
  const editor = await Editor.open({
    name: 'bench',
    beside: [path.join(root, 'test', 'bench', 'probe')],
    env: { TRAFFIC_LAB_BENCH_PHASE: phaseFile, TRAFFIC_LAB_BENCH_RESULT: resultFile },
  });
  const enter = async (phase) => {
    writeFileSync(phaseFile, phase);
    await pause(400);
  };
  try {
    await pause(3_000);
    await enter('activate');
    const activationMs = await waitFor(() => result().activationMs);
    const opening = performance.now();
    await editor.runCommand('Traffic Lab: Open Course');
    const frame = editor.webview();
    await frame.locator('h1').first().waitFor({ timeout: 30_000 });
    const openMs = performance.now() - opening;
    const lab = frame.locator('[data-lab="grpc-pinning"].lab');
    await lab.scrollIntoViewIfNeeded();
    await lab.locator('[data-option="grpc-l7"]').click();
    await lab.locator('[data-field="requests"] input').fill('1000000');
    await lab.locator('[data-field="rate"] input').fill('');
    await pause(2_000);
    await enter('idle');
    await pause(PHASE_MS);
    const firstNumberMs = await lab.evaluate(
      (element) =>
        new Promise((resolve, reject) => {
          const clicked = performance.now();
          const seen = () => {
            const total = [...element.querySelectorAll('[data-server-row]')].some((row) =>
              [...row.querySelectorAll('td')].some((cell) => /^[1-9][\d,.]*$/.test(cell.textContent ?? '')),
            );
            if (!total) return;
            observer.disconnect();
            resolve(performance.now() - clicked);
          };
          const observer = new MutationObserver(seen);
          observer.observe(element, { subtree: true, childList: true, characterData: true });
          const run = element.querySelector('[data-action="run"]');
          if (run === null) reject(new Error('there is no Run button'));
          else run.click();
          setTimeout(() => reject(new Error('no live number within 10 s')), 10_000);
        }),
    );
    await pause(1_000);
    await enter('load');
    await pause(PHASE_MS);
    await enter('end');
    const phases = await waitFor(() => (result().phases.load === undefined ? null : result().phases));
    await lab.locator('[data-action="stop"]').click();
    const p99 = (phase) => phases[phase]?.p99 ?? Number.NaN;
    return { openMs, firstNumberMs, activationMs, idleP99Ms: p99('idle'), loadP99Ms: p99('load') };
  } finally {
    await editor.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function waitFor(read) {
  for (let tries = 0; tries < 200; tries++) {
    const value = read();
    if (value !== null) return value;
    await pause(100);
  }
  throw new Error('the probe did not answer');
}
