import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CookieJar } from '../../src/traffic/cookieJar';
import { startOwnStore } from '../harness/redis';
import { TestBackend } from '../harness/workers';

/** The service that one logs in to: with sessions of its own, and with shared ones. */

const running: TestBackend[] = [];
const others: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  expect(await Promise.all(running.splice(0).map((one) => one.close()))).toEqual(expect.not.arrayContaining([1]));
  for (const other of others.splice(0)) await other.dispose();
});

async function server(id: string, storePort?: number): Promise<TestBackend> {
  const store = storePort === undefined ? null : { url: `redis://127.0.0.1:${storePort}`, prefix: 'test:' };
  const started = await TestBackend.start('rest', { id, service: { kind: 'sessions' }, store });
  running.push(started);
  return started;
}

async function store() {
  const started = await startOwnStore();
  others.push(started);
  return started;
}

/** A browser: keeps its cookies whichever server it asks. */
function browser() {
  const jar = new CookieJar();
  return async (at: TestBackend, method: string, path: string, body?: object) => {
    const response = await fetch(`http://${at.address}${path}`, {
      method,
      headers: {
        ...(jar.header === null ? {} : { cookie: jar.header }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    jar.take(response.headers.getSetCookie());
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
}

describe('with sessions in memory', () => {
  it('knows whom it logged in, and keeps the cart', async () => {
    const a = await server('server-a');
    const ask = browser();
    expect((await ask(a, 'GET', '/me')).status).toBe(401);
    expect(await ask(a, 'POST', '/login', { user: 'kim' })).toEqual({ status: 200, body: { user: 'kim' } });
    await ask(a, 'POST', '/cart', { article: 'tea' });
    await ask(a, 'POST', '/cart', { article: 'tea' });
    expect((await ask(a, 'GET', '/cart')).body).toEqual({ user: 'kim', cart: { tea: 2 } });
    expect((await ask(a, 'POST', '/logout')).status).toBe(200);
    expect((await ask(a, 'GET', '/me')).status).toBe(401);
  });

  it('is a stranger to another server of the run', async () => {
    const [a, b] = [await server('server-a'), await server('server-b')];
    const ask = browser();
    await ask(a, 'POST', '/login', { user: 'kim' });
    expect((await ask(b, 'GET', '/me')).status).toBe(401);
    expect((await ask(a, 'GET', '/me')).status).toBe(200);
  });

  it('takes no login, no article and no cookie that is none', async () => {
    const a = await server('server-a');
    const ask = browser();
    expect((await ask(a, 'POST', '/login', { user: '' })).status).toBe(400);
    expect((await ask(a, 'POST', '/login', { user: { name: 'kim' } })).status).toBe(400);
    await ask(a, 'POST', '/login', { user: 'kim' });
    expect((await ask(a, 'POST', '/cart', { article: '__proto__' })).status).toBe(400);
    expect((await ask(a, 'POST', '/cart', { article: 'constructor' })).body.cart).toEqual({ constructor: 1 });
    const forged = await fetch(`http://${a.address}/me`, { headers: { cookie: 'sid=s%3Aforged.signature' } });
    expect(forged.status).toBe(401);
  });
});

describe('with sessions in a shared store', () => {
  it('is known to every server, and to one that was restarted', async () => {
    const { port } = await store();
    const [a, b] = [await server('server-a', port), await server('server-b', port)];
    const ask = browser();
    await ask(a, 'POST', '/login', { user: 'kim' });
    await ask(b, 'POST', '/cart', { article: 'tea' });
    expect((await ask(a, 'GET', '/cart')).body).toEqual({ user: 'kim', cart: { tea: 1 } });
    await running.splice(running.indexOf(a), 1)[0]?.kill();
    const again = await server('server-a', port);
    expect((await ask(again, 'GET', '/me')).body).toEqual({ user: 'kim' });
    expect(again.counters).toMatchObject({ storeConnections: 1, storeConnectionsOpen: 1 });
    expect(again.counters.storeCommands).toBeGreaterThan(0);
  });

  it('answers 503 with the reason while the store is away, and knows nobody when it is back empty', async () => {
    const first = await startOwnStore();
    const a = await server('server-a', first.port);
    const ask = browser();
    await ask(a, 'POST', '/login', { user: 'kim' });
    await first.dispose();
    for (const [method, path, body] of [
      ['GET', '/me'],
      ['POST', '/cart', { article: 'tea' }],
    ] as const) {
      const away = await ask(a, method, path, body);
      expect(away).toMatchObject({ status: 503, body: { error: { code: 'session_store_unavailable' } } });
      expect(JSON.stringify(away.body)).toContain('The session store cannot be used: ');
    }
    expect(await untilNot503(() => storeAgain(first.port).then(() => ask(a, 'GET', '/me')))).toBe(401);
    expect((await ask(a, 'POST', '/login', { user: 'kim' })).status).toBe(200);
  });

  it('answers 503 where the store takes its questions and never answers', async () => {
    const silent = await silentServer();
    const a = await server('server-a', silent);
    const answer = await fetch(`http://${a.address}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"user":"kim"}',
    });
    expect(answer.status).toBe(503);
  });
});

let revived: Promise<unknown> | null = null;
afterEach(() => {
  revived = null;
});

/** The store on the port where it was, started once. */
async function storeAgain(port: number): Promise<void> {
  const { StoreServer } = await import('../../src/backends/store/storeServer');
  const { systemClock } = await import('../../src/base/clock');
  revived ??= StoreServer.start({ clock: systemClock({ keepAlive: true }), port, password: null }).then((again) => {
    others.push(again);
  });
  await revived;
}

async function untilNot503(ask: () => Promise<{ readonly status: number }>): Promise<number> {
  for (;;) {
    const { status } = await ask();
    if (status !== 503) return status;
  }
}

/** Accepts and says nothing. */
async function silentServer(): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  const silent: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  others.push({
    dispose: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        silent.close(() => resolve());
      }),
  });
  const address = silent.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
