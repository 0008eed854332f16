import { expect, it } from 'vitest';
import { complaintsIn, lab } from '../harness/labCommand';

/** `lab run` as scripts use it: what it prints, and how it ends. */

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
  const ended = await lab('run', id, '--arm', arm, ...under, ...load);
  expect({ code: ended.code, complaints: complaintsIn(ended) }).toEqual({ code: 0, complaints: [] });
  const result = JSON.parse(ended.out);
  expect(result).toMatchObject({ lab: id, arm, sent: 120, ...(scenario === null ? {} : { scenario }) });
  expect(result.answered + result.failed).toBe(120);
  expect(result.counts.client).toBe(result.answered);
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
