import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** `lab check` as scripts use it: what it prints, and how it ends. */

const solution = path.resolve('labs/traffic-lab/grpc-pinning/spread-grpc.solution.nginx.conf');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lab-check-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lab(...argv: string[]): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.resolve('dist/cli/lab.js'), ...argv]);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

it('ends with 0 and one object where the exercise is solved', async () => {
  const { code, out, err } = await lab('check', 'grpc-pinning', 'spread-grpc', '--conf', solution, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toMatchObject({
    lab: 'grpc-pinning',
    exercise: 'spread-grpc',
    solved: true,
    problems: [],
    runs: [{ arm: 'grpc-l4', sent: 900, answered: 900 }],
    expectations: [{ met: true }, { met: true }, { met: true }],
  });
});

it('ends with 1 where it is not, and says what it saw and wanted', async () => {
  const { code, out } = await lab('check', 'grpc-pinning', 'spread-grpc', '--seed', '7');
  expect(code).toBe(1);
  expect(out).toContain('✕ Busiest server against the mean: 3, wanted at most 1.2.');
  expect(out).toContain('This is still L4.');
});

it('ends with 1 and the place of a mistake, without a run', async () => {
  const file = path.join(folder, 'mine.nginx.conf');
  writeFileSync(file, readFileSync(solution, 'utf8').replace('keepalive 32;', 'keepaliv 32;'));
  const { code, out } = await lab('check', 'grpc-pinning', 'spread-grpc', '--conf', file);
  expect(code).toBe(1);
  expect(out).toMatch(/mine\.nginx\.conf:14:9: error: .*keepaliv/);
  expect(out).not.toContain('Requests:');
});

it.each([
  ['an exercise that there is not', ['check', 'grpc-pinning', 'spread']],
  ['a lab that there is not', ['check', 'pinning', 'spread-grpc']],
  ['a file that there is not', ['check', 'grpc-pinning', 'spread-grpc', '--conf', '/nowhere/at/all']],
])('ends with 2 for %s', async (_what, argv) => {
  const { code, out, err } = await lab(...argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('Usage:');
});
