import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

/** `lab run` as scripts use it: what it prints, and how it ends. */

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function lab(...argv: string[]): Promise<Ended> {
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

const load = ['--requests', '120', '--rate', '400', '--seed', '3', '--json'];

it.each([
  ['rest-vs-grpc', 'rest', null],
  ['one-vs-many', 'three-servers', 'server-dies'],
  ['l4-vs-l7', 'l7-path', null],
  ['rest-outside-grpc-inside', 'rest-edge-grpc-inside', null],
  ['grpc-pinning', 'grpc-l7', null],
  ['api-gateway', 'authenticated', null],
  ['algorithms', 'round-robin', 'one-slow'],
  ['sticky-vs-redis', 'redis-round-robin', 'server-dies'],
] as const)('%s %s ends with 0 and counts that agree', { timeout: 60_000 }, async (id, arm, scenario) => {
  const under = scenario === null ? [] : ['--scenario', scenario];
  const { code, out, err } = await lab('run', id, '--arm', arm, ...under, ...load);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const result = JSON.parse(out);
  expect(result).toMatchObject({ lab: id, arm, sent: 120, ...(scenario === null ? {} : { scenario }) });
  expect(result.answered + result.failed).toBe(120);
  expect(result.counts.client).toBe(120);
});

it.each(['browser-fetch', 'browser-grpc', 'browser-grpc-web'])('%s ends with 2 and the reason', async (arm) => {
  const { code, out, err } = await lab('run', 'rest-vs-grpc', '--arm', arm, '--json');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(`only a browser can run ${arm}`);
});

it.each([
  [['nowhere'], 'nowhere'],
  [['grpc-pinning', '--arm', 'grpc-l8'], 'grpc-l8'],
  [['algorithms', '--scenario', 'rain'], 'rain'],
  [['grpc-pinning', '--requests', 'many'], '--requests'],
])('%j ends with 2 and names what is wrong', async (argv, named) => {
  const { code, out, err } = await lab('run', ...argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(named);
});
