import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { seededRandom } from '../../../src/base/random';
import { createWorkload } from '../../../src/traffic/workloads/index';
import type { Answer, Call } from '../../../src/traffic/workloads/workload';

const services = { 'users-a': 'users', 'orders-a': 'orders' };

function answer(by: string, status = '200'): Answer {
  return { by, status, header: () => null, headers: () => [], body: null };
}

/** The first so many requests of a run, `clients` clients taking turns. */
function calls(by: 'path' | 'header' | 'cookie', count: number, seed = 1, clients = 8) {
  const workload = createWorkload({ kind: 'paths', by }, { clock: systemClock(), protocol: 'rest', services });
  const random = seededRandom(seed);
  return {
    workload,
    made: Array.from({ length: count }, (_, index) => ({
      client: index % clients,
      call: workload.next(index, index % clients, random),
    })),
  };
}

const pathOf = (call: Call) => call.rest?.path ?? '';

describe('the mix of a shop’s page', () => {
  it('is two fifths users, two fifths orders, the rest static files', () => {
    const paths = calls('path', 20_000).made.map(({ call }) => pathOf(call));
    const share = (start: string) => paths.filter((path) => path.startsWith(start)).length / paths.length;
    expect(share('/api/users/')).toBeCloseTo(0.4, 1);
    expect(share('/api/orders/')).toBeCloseTo(0.4, 1);
    expect(share('/static/')).toBeCloseTo(0.2, 1);
  });

  it('is the same whatever is told apart, and with the same seed', () => {
    const [path, header, cookie] = (['path', 'header', 'cookie'] as const).map((by) =>
      calls(by, 200).made.map(({ call }) => [pathOf(call), call.headers]),
    );
    expect(header).toEqual(path);
    expect(cookie).toEqual(path);
    expect(calls('path', 200, 2).made.map(({ call }) => pathOf(call))).not.toEqual(path?.map(([one]) => one));
  });

  it('gives each client one side of the experiment for good, and each request a version of its own', () => {
    const { made } = calls('cookie', 800);
    for (let client = 0; client < 8; client++) {
      const cookies = new Set(made.filter((one) => one.client === client).map(({ call }) => call.headers?.cookie));
      expect([...cookies]).toEqual([client % 4 === 3 ? 'experiment=b' : 'experiment=a']);
    }
    const versions = made.filter(({ client }) => client === 0).map(({ call }) => call.headers?.['x-api-version']);
    expect(new Set(versions)).toEqual(new Set(['1', '2']));
  });
});

describe('what it finds', () => {
  it('is who answered which kind of request, by service and status', () => {
    const { workload, made } = calls('path', 300);
    for (const { call } of made) {
      if (pathOf(call).startsWith('/static/')) call.read?.(answer('balancer'));
      else if (pathOf(call).startsWith('/api/users/')) call.read?.(answer('users-a'));
      else call.read?.(answer('users-a', '404'));
    }
    const { routes = [] } = workload.findings({ bytes: 0, requestsSent: 0 });
    expect(routes.map(({ path, service, status }) => `${path} ${service} ${status}`)).toEqual([
      '/api/users users 200',
      '/api/orders users 404',
      '/static/ balancer 200',
    ]);
    expect(routes.reduce((sum, { requests }) => sum + requests, 0)).toBe(300);
  });

  it('tells requests apart by the header or the cookie where the lab asks for it', () => {
    for (const [by, wanted] of [
      ['header', ['X-Api-Version: 1', 'X-Api-Version: 2']],
      ['cookie', ['Cookie: experiment=a', 'Cookie: experiment=b']],
    ] as const) {
      const { workload, made } = calls(by, 300);
      for (const { call } of made) call.read?.(answer('orders-a'));
      expect([...new Set(workload.findings({ bytes: 0, requestsSent: 0 }).routes?.map((route) => route.with))]).toEqual(
        wanted,
      );
    }
  });

  it('names a server by its id where nobody said what it does', () => {
    const { workload, made } = calls('path', 1);
    made[0]?.call.read?.(answer('stranger'));
    expect(workload.findings({ bytes: 0, requestsSent: 0 }).routes).toMatchObject([
      { service: 'stranger', requests: 1 },
    ]);
  });
});
