import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lab } from '../harness/labCommand';

/** `lab check` as scripts use it: what it prints, and how it ends. */

const solution = path.resolve('labs/traffic-lab/grpc-pinning/spread-grpc.solution.nginx.conf');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lab-check-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

it('takes the message of an exercise that edits one, and tells the place of a mistake in it', async () => {
  const file = path.join(folder, 'mine.json');
  writeFileSync(file, '{\n  "calibration": [0.5, "half"]\n}\n');
  const bad = await lab('check', 'rest-vs-grpc', 'not-smaller', '--message', file);
  expect(bad.code).toBe(1);
  expect(bad.out).toMatch(/mine\.json:2:24: error: .*calibration\[1\]/);
  expect(bad.out).not.toContain('Requests:');

  writeFileSync(file, '{ "calibration": [0.5, 1.5, 0.5, 2.5] }\n');
  const good = await lab('check', 'rest-vs-grpc', 'not-smaller', '--message', file, '--json');
  expect({ code: good.code, err: good.err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(good.out)).toMatchObject({
    solved: true,
    runs: [
      { arm: 'rest', message: 'telemetry', bytes: { request: '{"calibration":[0.5,1.5,0.5,2.5]}'.length } },
      { arm: 'grpc', message: 'telemetry', bytes: { request: 2 + 4 * 8 } },
    ],
    expectations: [{ run: 'grpc', reading: 'bytes.request', value: 34, met: true }],
  });
});

it.each([
  ['a message where a configuration is wanted', ['check', 'grpc-pinning', 'spread-grpc', '--message', solution]],
  ['a configuration where a message is wanted', ['check', 'rest-vs-grpc', 'not-smaller', '--conf', solution]],
  ['an exercise that there is not', ['check', 'grpc-pinning', 'spread']],
  ['a lab that there is not', ['check', 'pinning', 'spread-grpc']],
  ['a file that there is not', ['check', 'grpc-pinning', 'spread-grpc', '--conf', '/nowhere/at/all']],
])('ends with 2 for %s', async (_what, argv) => {
  const { code, out, err } = await lab(...argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('Usage:');
});

it('uses the session store that was asked for, says which, and says why there is none', async () => {
  const own = await lab('check', 'sticky-vs-redis', 'keep-logins', '--redis', 'built-in');
  // Once for each of the exercise's runs.
  expect(own.out.match(/Session store: built-in\./g)).toHaveLength(3);
  const none = await lab('check', 'sticky-vs-redis', 'keep-logins', '--redis', 'redis://127.0.0.1:1');
  expect(none.code).toBe(1);
  expect(none.out).toContain('No Redis can be reached at redis://127.0.0.1:1');
});
