import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RestDoor } from '../../../src/backends/services/restService';
import { verifierRest } from '../../../src/backends/services/verifierRest';
import { systemClock } from '../../../src/base/clock';
import { seededRandom } from '../../../src/base/random';
import { runKeys } from '../../../src/lab/runKeys';
import { gatewayWorkload } from '../../../src/traffic/workloads/gateway';
import { makeTokens } from '../../../src/traffic/workloads/tokens';
import { labNamed } from '../../harness/labs';

/** The two ends of a token: clients that sign, and the service that `auth_request` asks. */

const door: RestDoor = {
  answer: (res, status, body) => void res.status(status).json(body),
  refuse: (res, status, code) => void res.status(status).json({ error: { code } }),
  streamed: () => {},
};

async function newKeys() {
  const keys = runKeys(await labNamed('api-gateway'));
  if (keys === null) throw new Error('this lab verifies tokens');
  return keys;
}

let keys: Awaited<ReturnType<typeof newKeys>>;
let server: Server;
beforeEach(async () => {
  keys = await newKeys();
  const app = express();
  // Of what a backend is made, a verifier wants its key only.
  const parts = { tokenKey: keys.verifying } as Parameters<typeof verifierRest>[2];
  (await verifierRest({ kind: 'verifier' }, door, parts)).mount(app);
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

async function ask(authorization?: string) {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const answer = await fetch(`http://127.0.0.1:${address.port}/verify`, {
    headers: { connection: 'close', ...(authorization === undefined ? {} : { authorization }) },
  });
  return { status: answer.status, user: answer.headers.get('x-user'), asked: answer.headers.get('www-authenticate') };
}

const now = () => Math.floor(systemClock().wallNow() / 1000);

describe('the verifier', () => {
  it('lets a good token in and says whose it is', async () => {
    for (const [index, token] of (await makeTokens('good', keys.signing, now())).entries()) {
      expect(await ask(`Bearer ${token}`)).toEqual({ status: 204, user: `customer-${index + 1}`, asked: null });
    }
  });

  it('refuses an expired one and says so', async () => {
    const [token] = await makeTokens('expired', keys.signing, now());
    const { status, asked } = await ask(`Bearer ${token}`);
    expect([status, asked]).toEqual([
      401,
      'Bearer realm="lab", error="invalid_token", error_description="the token has expired"',
    ]);
  });

  it('refuses a stranger’s signature, an altered token, one without a signature, and the key of another run', async () => {
    const bad = await makeTokens('bad', keys.signing, now());
    const [foreign = ''] = await makeTokens('good', (await newKeys()).signing, now());
    expect(bad).toHaveLength(3);
    expect(new Set([...bad, foreign]).size).toBe(4);
    for (const token of [...bad, foreign]) {
      const { status, user, asked } = await ask(`Bearer ${token}`);
      expect([status, user]).toEqual([401, null]);
      expect(asked).toMatch(/invalid_token/);
    }
  });

  it('asks for a token where none is shown, and takes nothing else for one', async () => {
    expect(await ask()).toEqual({ status: 401, user: null, asked: 'Bearer realm="lab"' });
    const [token = ''] = await makeTokens('good', keys.signing, now());
    for (const shown of [
      token,
      `Basic ${token}`,
      'Bearer',
      'Bearer a.b',
      `Bearer ${'a'.repeat(5000)}.b.c`,
      'Bearer ..',
    ]) {
      expect((await ask(shown)).status, shown.slice(0, 20)).toBe(401);
    }
  });
});

describe('clients at the door', () => {
  it('that keep to the limit ask for at most 8 orders a second, however fast they send', async () => {
    let ms = 0;
    const clock = { ...systemClock(), now: () => ms };
    const workload = gatewayWorkload({ kind: 'gateway', token: 'none', ask: 'services' }, { clock, protocol: 'rest' });
    const random = seededRandom(1);
    const paths: string[] = [];
    for (; ms < 10_000; ms += 5) paths.push(workload.next(paths.length, 0, random).rest?.path ?? '');
    expect(paths.filter((path) => path.startsWith('/api/orders/'))).toHaveLength(80);
    expect(paths.every((path) => /^\/api\/(orders|users)\/\d+$/.test(path))).toBe(true);
  });

  it('show the tokens they were given in turn, or none', async () => {
    const plan = { kind: 'gateway', token: 'good', ask: 'unknown' } as const;
    const clock = systemClock();
    const workload = gatewayWorkload(plan, { clock, protocol: 'rest', tokenKey: keys.signing });
    await workload.prepare?.();
    const shown = Array.from(
      { length: 16 },
      (_, index) => workload.next(index, 0, seededRandom(1)).headers?.authorization,
    );
    expect(new Set(shown).size).toBe(8);
    expect((await ask(shown[3])).user).toBe('customer-4');
    const anonymous = gatewayWorkload({ ...plan, token: 'none' }, { clock, protocol: 'rest' });
    await anonymous.prepare?.();
    expect(anonymous.next(0, 0, seededRandom(1)).headers).toBeUndefined();
  });
});
