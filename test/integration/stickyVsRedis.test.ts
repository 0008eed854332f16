import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabDefinition } from '../../src/lab/labDefinition';
import type { FinishedRun, LabRunOptions } from '../../src/lab/labRun';
import type { Snapshot } from '../../src/measurement/snapshot';
import type { RunParams, RunResult } from '../../src/protocol/run';
import type { StoreChoice } from '../../src/protocol/storeWorker';
import { builtWorkers, labNamed, runOf } from '../harness/labs';
import { asRequest, redisIsMissing, sendRaw, startOwnStore } from '../harness/redis';

/** The lab "sticky sessions against Redis": who loses a login, when, on real sockets and real stores. */

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('sticky-vs-redis');
});

const SCENARIOS = ['calm', 'server-dies', 'server-restarts', 'scale-out', 'behind-nat'] as const;
const CLIENTS = 24;
const BUILT_IN: StoreChoice = { kind: 'built-in' };
/** Enough for every client to come back often, and few enough to be quick. */
/** Here a thread starts in the middle of the run, and something is to happen after that. */
const LONGER: ReadonlySet<string> = new Set(['scale-out', 'store-dies']);
const brief: Partial<RunParams> = { requests: 600, clients: CLIENTS, concurrency: 16, rate: 600 };

function armRun(arm: string, params: Partial<RunParams> = {}, options: Partial<LabRunOptions> = {}) {
  return runOf(lab, arm, { ...brief, ...params }, { store: BUILT_IN, ...options });
}

async function finished(arm: string, scenario: string, options: Partial<LabRunOptions> = {}): Promise<FinishedRun> {
  const run = await armRun(arm, { scenario, ...(LONGER.has(scenario) ? { requests: 1_500 } : {}) }, options).run.run();
  expect(run.snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  const { sessions } = run.result;
  expect(sessions?.created).toBe((sessions?.kept ?? 0) + (sessions?.lost ?? 0));
  return run;
}

function answersWith(result: RunResult, status: string): number {
  return result.outcomes.filter((one) => one.status === status).reduce((sum, one) => sum + one.requests, 0);
}

function requestsOf(result: RunResult): readonly number[] {
  return result.servers.map(({ requests }) => requests);
}

describe('sessions in the memory of each server', () => {
  it.each(SCENARIOS)('are lost again and again by round robin: %s', async (scenario) => {
    const { result } = await finished('memory-round-robin', scenario);
    expect(result.sessions?.lost).toBeGreaterThan(CLIENTS);
    expect(result.store).toBe('memory');
  });

  it.each(['memory-ip-hash', 'memory-sticky-cookie'])('are kept by %s while nothing happens', async (arm) => {
    const { result } = await finished(arm, 'calm');
    expect(result.sessions).toEqual({ created: CLIENTS, kept: CLIENTS, lost: 0 });
    expect(requestsOf(result).filter((requests) => requests > 0)).toHaveLength(3);
  });

  it.each(['memory-ip-hash', 'memory-sticky-cookie'])('are lost with their server by %s', async (arm) => {
    const { result } = await finished(arm, 'server-dies');
    expect(result.sessions?.lost).toBeGreaterThan(0);
  });

  it('behind one NAT are all on one server by ip_hash, and spread by cookie', async () => {
    const hashed = (await finished('memory-ip-hash', 'behind-nat')).result;
    expect(requestsOf(hashed).filter((requests) => requests > 0)).toHaveLength(1);
    expect(hashed.maxOverMean).toBe(3);
    const bound = (await finished('memory-sticky-cookie', 'behind-nat')).result;
    expect(requestsOf(bound).filter((requests) => requests > 0)).toHaveLength(3);
  });

  it('keep a server that joins idle by cookie, and are torn apart by ip_hash', async () => {
    const bound = (await finished('memory-sticky-cookie', 'scale-out')).result;
    expect(bound.sessions?.lost).toBe(0);
    expect(bound.servers.find(({ id }) => id === 'server-d')).toMatchObject({ requests: 0 });
    const hashed = (await finished('memory-ip-hash', 'scale-out')).result;
    expect(hashed.sessions?.lost).toBeGreaterThan(0);
    expect(hashed.servers.find(({ id }) => id === 'server-d')?.requests).toBeGreaterThan(0);
  });

  it('do not care for a store that they do not have', async () => {
    const { result, snapshot } = await finished('memory-sticky-cookie', 'store-dies');
    expect(result.sessions?.lost).toBe(0);
    expect(snapshot.store ?? null).toBeNull();
  });
});

const stores = [
  { name: 'the store in the box', choice: BUILT_IN, says: /^built-in$/, missing: false },
  { name: 'redis-server', choice: { kind: 'auto' }, says: /^(redis|valkey)-server \d+\./, missing: redisIsMissing },
] as const;

for (const { name, choice, says, missing } of stores) {
  describe.skipIf(missing)(`sessions in Redis: ${name}`, () => {
    const options = { store: choice };

    it.each(SCENARIOS)('are never lost: %s', async (scenario) => {
      const { result, snapshot } = await finished('redis-round-robin', scenario, options);
      expect(result.sessions).toEqual({ created: CLIENTS, kept: CLIENTS, lost: 0 });
      expect(answersWith(result, '401') + answersWith(result, '503')).toBe(0);
      expect(result.store).toMatch(says);
      expect(snapshot.store).toEqual({ name: result.store, state: 'up', isOurs: true });
      for (const server of snapshot.servers) expect(server.store?.connections).toBeGreaterThan(0);
    });

    it('are spread evenly, and a server that joins takes its part', async () => {
      expect((await finished('redis-round-robin', 'calm', options)).result.maxOverMean).toBeLessThanOrEqual(1.02);
      const { result } = await finished('redis-round-robin', 'scale-out', options);
      expect(result.servers.find(({ id }) => id === 'server-d')?.requests).toBeGreaterThan(0);
    });

    it('fail for all to see while the store is dead, and are gone when it is back', async () => {
      const { result, snapshot } = await finished('redis-round-robin', 'store-dies', options);
      expect(result.failed).toBe(0);
      expect(answersWith(result, '503')).toBeGreaterThan(0);
      expect(result.sessions?.lost).toBeGreaterThan(0);
      expect(result.sessions?.lost).toBeLessThanOrEqual(CLIENTS);
      expect(snapshot.timeline.filter(({ server }) => server === 'store').map(({ kind }) => kind)).toEqual([
        'kill',
        'revive',
      ]);
      expect(snapshot.servers.every(({ store }) => store?.connections === 2)).toBe(true);
    });
  });
}

describe('a hand on the store', () => {
  it('kills it and revives it while traffic runs; the picture has it and its state', async () => {
    const { run, until } = armRun('redis-round-robin', { requests: 100_000 });
    const ended = run.run();
    const up = await until((snapshot) => snapshot.client.answered > 100);
    expect(up.store?.state).toBe('up');
    expect(run.topology?.nodes.at(-1)).toEqual({ id: 'store', kind: 'store', label: 'Redis', detail: 'built-in' });
    expect(run.topology?.edges.filter(({ to }) => to === 'store').map(({ from }) => from)).toEqual([
      'server-a',
      'server-b',
      'server-c',
    ]);
    await run.killStore();
    const dead = await until(hasAway);
    expect(dead.store?.state).toBe('dead');
    expect(dead.servers.every(({ store }) => store?.connectionsOpen === 0)).toBe(true);
    await run.reviveStore();
    const again = await until((snapshot) => (snapshot.findings?.sessions?.created ?? 0) > CLIENTS);
    expect(again.store?.state).toBe('up');
    run.stop();
    expect((await ended).snapshot.reconciliation.agree).toBe(true);
  });

  it('is refused what is the reader’s own: it is used, cleaned and left alone', async () => {
    const own = await startOwnStore();
    try {
      await sendRaw(own.port, asRequest('SET', 'mine', '1'));
      const store: StoreChoice = { kind: 'url', url: `redis://127.0.0.1:${own.port}` };
      const { result } = await finished('redis-round-robin', 'server-dies', { store });
      expect(result).toMatchObject({ store: store.url, sessions: { lost: 0 } });
      expect(await sendRaw(own.port, asRequest('SCAN', '0', 'COUNT', '1000'))).toBe(
        '*2\r\n$1\r\n0\r\n*1\r\n$4\r\nmine\r\n',
      );
      await expect(armRun('redis-round-robin', { scenario: 'store-dies' }, { store }).run.run()).rejects.toMatchObject({
        code: 'store-not-ours',
      });
    } finally {
      await own.dispose();
    }
  });
});

describe('nothing is left', () => {
  it('of a run with the store in the box', async () => {
    await finished('redis-round-robin', 'calm');
    for (const port of [28301, 28302, 28303, 28379, 28380]) expect(await accepts(port)).toBe(false);
  });

  it.skipIf(redisIsMissing)('of a redis-server when the process that started it is killed', async () => {
    const start = { choice: { kind: 'auto' }, port: 0, prefix: 'test:' };
    const script = `new (require('node:worker_threads').Worker)(${JSON.stringify(builtWorkers.store)}, { workerData: ${JSON.stringify(start)} })
      .on('message', (said) => console.log(JSON.stringify(said)))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const ready = JSON.parse(line.toString()) as { name: string; port: number };
    expect(ready.name).toMatch(/^(redis|valkey)-server/);
    const { socket, closed } = await connected(ready.port);
    child.kill('SIGKILL');
    await closed;
    socket.destroy();
    // It lets its clients go before it leaves its port.
    await expect.poll(() => accepts(ready.port), { timeout: 15_000 }).toBe(false);
  });
});

describe('a Redis that cannot be used', () => {
  const refusedBy = async (url: string) => {
    const { run } = armRun('redis-round-robin', {}, { store: { kind: 'url', url } });
    return run.run().then(
      () => ({ code: 'none', message: 'it ran' }),
      (error: { readonly code: string; readonly message: string }) => error,
    );
  };
  const listening = async (onData: ((write: (text: string) => void) => void) | 'hang up') => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      if (onData === 'hang up') socket.destroy();
      else socket.on('data', () => onData((text) => socket.end(text)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return {
      port: typeof address === 'object' && address !== null ? address.port : 0,
      close: () => new Promise<void>((resolve) => server.close(() => resolve())),
    };
  };

  it.each([
    ['is no address', 'http://127.0.0.1:6379', 'redis-address'],
    ['names a database that is no number', 'redis://127.0.0.1:6379/one', 'redis-address'],
    ['is down', 'redis://127.0.0.1:1', 'redis-down'],
  ])('%s', async (_what, url, code) => {
    expect(await refusedBy(url)).toMatchObject({ code });
  });

  it.each([
    ['speaks HTTP', (write: (text: string) => void) => write('HTTP/1.1 400 Bad Request\r\n\r\n'), 'redis-not-redis'],
    ['hangs up', 'hang up' as const, 'redis-not-redis'],
    ['says nothing', () => {}, 'redis-slow'],
    [
      'may not be written to',
      (write: (text: string) => void) => write('-READONLY You can’t write\r\n'),
      'redis-refuses',
    ],
  ])('%s', async (_what, onData, code) => {
    const other = await listening(onData);
    try {
      const refusal = await refusedBy(`redis://127.0.0.1:${other.port}`);
      expect(refusal).toMatchObject({ code });
      expect(refusal.message).toContain(`redis://127.0.0.1:${other.port}`);
    } finally {
      await other.close();
    }
  });

  it('wants a password, or another one; the password is not said again', async () => {
    const locked = await startOwnStore('open sesame');
    try {
      expect(await refusedBy(`redis://127.0.0.1:${locked.port}`)).toMatchObject({ code: 'redis-password' });
      const wrong = await refusedBy(`redis://:guessed@127.0.0.1:${locked.port}`);
      expect(wrong).toMatchObject({ code: 'redis-password' });
      expect(wrong.message).not.toContain('guessed');
      const right = `redis://:open%20sesame@127.0.0.1:${locked.port}`;
      const { result } = await finished('redis-round-robin', 'calm', { store: { kind: 'url', url: right } });
      expect(result.store).toBe(`redis://127.0.0.1:${locked.port}`);
    } finally {
      await locked.dispose();
    }
  });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A connection, and when the other side ends it. */
async function connected(port: number): Promise<{ readonly socket: Socket; readonly closed: Promise<void> }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.resume();
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
}

function hasAway(snapshot: Snapshot): boolean {
  return snapshot.client.outcomes.some(({ status, requests }) => status === '503' && requests > 20);
}
