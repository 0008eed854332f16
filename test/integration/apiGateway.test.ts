import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabDefinition } from '../../src/lab/labDefinition';
import { ConfProblems, type FinishedRun } from '../../src/lab/labRun';
import type { Outcome, Stage } from '../../src/measurement/snapshot';
import { labNamed, runArm, runOf } from '../harness/labs';

/** The API gateway lab: which status each arm gives, over REST and gRPC, and which stage gave it. */

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('api-gateway');
});

/** Quick where time plays no part: the limit is asked only for orders, which the clients pace themselves. */
const QUICK = { requests: 60, rate: 200 } as const;
const PROTOCOLS = ['rest', 'grpc'] as const;

function expectWhole({ result, snapshot }: FinishedRun): void {
  expect(snapshot.reconciliation.differences).toEqual([]);
  expect(result).toMatchObject({ answered: result.sent, failed: 0, inFlight: 0 });
  expect(result.counts.client).toBe(result.sent);
  expect(result.counts.balancer).toBe(result.sent);
  // Every request was answered by a server or by the balancer; what the balancer asked is in neither.
  expect(result.counts.backends + (result.counts.answeredItself ?? 0)).toBe(result.sent);
  expect(result.servers.reduce((sum, server) => sum + server.requests, 0)).toBe(result.counts.backends);
  expect(sumOf(result.outcomes)).toBe(result.sent);
  expect(result.outcomes.map(({ by }) => by)).not.toContain('balancer');
}

/** "Why this backend?" of every request shown that no server answered. */
function expectStage({ snapshot }: FinishedRun, stage: Stage): void {
  const own = snapshot.samples.filter(({ server }) => server === null);
  expect(own.length).toBeGreaterThan(0);
  for (const { why } of own) expect(why).toEqual({ kind: 'own', stage });
}

function sumOf(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { requests }) => sum + requests, 0);
}

const given = (outcomes: readonly Outcome[]) => outcomes.map(({ status, by }) => `${status} by ${by}`).toSorted();

describe.each(PROTOCOLS)('over %s', (protocol) => {
  const words = {
    rest: { ok: '200', unknown: '401', over: '429', unmapped: '503', nowhere: '404' },
    grpc: {
      ok: 'OK',
      unknown: 'UNAUTHENTICATED',
      over: 'RESOURCE_EXHAUSTED',
      unmapped: 'UNAVAILABLE',
      nowhere: 'UNIMPLEMENTED',
    },
  }[protocol];

  it('open: both services answer, nobody is asked for a token', async () => {
    const finished = await runArm(lab, 'open', { ...QUICK, protocol });
    expectWhole(finished);
    expect(given(finished.result.outcomes)).toEqual([`${words.ok} by orders`, `${words.ok} by users`]);
    expect(finished.result.servers.map(({ id }) => id)).toEqual(['users', 'orders']);
  });

  it('authenticated: both services answer, and the verifier was asked once for each request', async () => {
    const finished = await runArm(lab, 'authenticated', { ...QUICK, protocol });
    expectWhole(finished);
    expect(given(finished.result.outcomes)).toEqual([`${words.ok} by orders`, `${words.ok} by users`]);
    expect(finished.result.counts.subrequests).toBe(QUICK.requests);
    const verifier = finished.snapshot.servers.find(({ id }) => id === 'verifier');
    expect(verifier).toMatchObject({ requests: 0, subrequests: QUICK.requests, received: QUICK.requests });
  });

  it.each(['bad-token', 'expired-token'])('%s: the authentication stage refuses all', async (arm) => {
    const finished = await runArm(lab, arm, { ...QUICK, protocol });
    expectWhole(finished);
    expect(finished.result.outcomes).toEqual([{ status: words.unknown, by: 'auth', requests: QUICK.requests }]);
    expectStage(finished, 'auth');
    expect(finished.result.stages).toContainEqual({
      stage: 'auth',
      arrived: QUICK.requests,
      through: 0,
      refused: QUICK.requests,
    });
  });

  it('over-limit: rate × time + burst get in within one request, the limit refuses the rest', async () => {
    const requests = 80;
    const finished = await runArm(lab, 'over-limit', { requests, rate: 40, protocol });
    expectStage(finished, 'limit');
    expectWhole(finished);
    expect(given(finished.result.outcomes)).toEqual([`${words.over} by limit`, `${words.ok} by orders`].toSorted());
    const admitted = finished.result.outcomes.find(({ by }) => by === 'orders')?.requests ?? 0;
    // As long as the clients measured that the run took.
    const seconds = finished.result.answered / finished.result.requestsPerSecond;
    expect(Math.abs(admitted - (10 * seconds + 5))).toBeLessThanOrEqual(1);
    // nginx asks its limit before it asks who it is: refused requests cost the verifier nothing.
    expect(finished.result.counts.subrequests).toBe(admitted);
  });

  it('over-limit-unmapped: without its page the refusal looks like a service that is down', async () => {
    const finished = await runArm(lab, 'over-limit-unmapped', { requests: 40, rate: 200, protocol });
    expectWhole(finished);
    expect(given(finished.result.outcomes)).toEqual([`${words.ok} by orders`, `${words.unmapped} by limit`].toSorted());
  });

  it('unknown-route: routing refuses all, and nobody is asked', async () => {
    const finished = await runArm(lab, 'unknown-route', { ...QUICK, protocol });
    expectStage(finished, 'route');
    expectWhole(finished);
    expect(finished.result.outcomes).toEqual([{ status: words.nowhere, by: 'route', requests: QUICK.requests }]);
    expect(finished.result.counts.subrequests).toBeUndefined();
  });
});

describe('what needs no token', () => {
  it('no-token: files are given to everyone, services to nobody', async () => {
    const finished = await runArm(lab, 'no-token', { ...QUICK, protocol: 'rest' });
    expectWhole(finished);
    expect(finished.result.outcomes).toEqual([
      { status: '401', by: 'auth', requests: 40 },
      { status: '200', by: 'static', requests: 20 },
    ]);
  });

  it('finds the files of the lab, wherever the configuration that runs comes from', async () => {
    const text = await readFile(resolve(lab.folder, 'gateway.nginx.conf'), 'utf8');
    const conf = { path: '/somewhere/else/gateway.nginx.conf', text };
    const { run } = runOf(lab, 'no-token', { ...QUICK, protocol: 'rest' }, { conf });
    expect(given((await run.run()).result.outcomes)).toContain('200 by static');
  });
});

describe('a closed door', () => {
  it('stays closed while the verifier is dead, and opens when it is back', async () => {
    const { run, until } = runOf(lab, 'authenticated', { requests: 600, rate: 150, clients: 4, protocol: 'rest' });
    const finished = run.run();
    await until(({ client }) => client.answered > 60);
    await run.killServer('verifier');
    await until(({ client }) => client.outcomes.some(({ status, by }) => status === '500' && by === 'auth'));
    await run.reviveServer('verifier');
    const answered = (status: string, outcomes: readonly Outcome[]) =>
      sumOf(outcomes.filter((outcome) => outcome.status === status));
    const refused = (await until(({ servers }) => servers.every(({ state }) => state === 'up'))).client.outcomes;
    const { result, snapshot } = await finished;
    expect(snapshot.reconciliation.differences).toEqual([]);
    expect(answered('200', result.outcomes)).toBeGreaterThan(answered('200', refused));
    // Nobody got in unverified: as many answers of the services as good answers of the verifier.
    expect(result.counts.subrequests).toBeGreaterThanOrEqual(result.counts.backends);
  });
});

describe('the bucket', () => {
  it('fills up to its burst while orders come too fast, and drains in the snapshots of the run', async () => {
    const { run, until } = runOf(lab, 'over-limit', { requests: 200, rate: 100, clients: 4, protocol: 'grpc' });
    const finished = run.run();
    const full = await until(({ balancer }) => (balancer?.pipeline?.buckets[0]?.level ?? 0) > 4);
    expect(full.balancer?.pipeline?.buckets).toMatchObject([{ zone: 'orders', burst: 5, rate: 10, keys: 1 }]);
    run.setRate(2);
    const drained = await until(({ balancer }) => balancer?.pipeline?.buckets[0]?.level === 0);
    expect(drained.phase).toBe('running');
    run.stop();
    expect((await finished).snapshot.reconciliation.differences).toEqual([]);
  });
});

describe('bad input', () => {
  const edited = async (from: string, to: string) => {
    const text = await readFile(resolve(lab.folder, 'gateway.nginx.conf'), 'utf8');
    expect(text).toContain(from);
    return { path: 'gateway.nginx.conf', text: text.replaceAll(from, to) };
  };

  it.each([
    ['a verifier outside the lab', 'server 127.0.0.1:28403;', 'server 192.0.2.1:80;', 'outside the lab'],
    [
      'a gateway that asks itself',
      'server 127.0.0.1:28403; # lab: backend verifier rest',
      'server 127.0.0.1:28480;',
      'circle',
    ],
    ['a limit without its zone', 'limit_req_zone', '# limit_req_zone', 'zone'],
    [
      'an upstream without servers',
      'server 127.0.0.1:28402; # lab: backend orders rest',
      '',
      'no servers are inside upstream',
    ],
    ['a listener that is gone', 'listen 127.0.0.1:28480;', 'listen 127.0.0.1:28481;', 'nothing listens there'],
  ])('%s is refused with its line', async (_, from, to, words) => {
    const { run } = runOf(lab, 'authenticated', { protocol: 'rest' }, { conf: await edited(from, to) });
    const problem = await run.run().catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(ConfProblems);
    expect((problem as ConfProblems).message).toContain(words);
    expect((problem as ConfProblems).problems.every(({ span }) => span.line > 1)).toBe(true);
  });

  it('a bad save while it runs is refused, and the last good file runs on', async () => {
    const { run, until } = runOf(lab, 'authenticated', { requests: 200, rate: 100, clients: 4, protocol: 'rest' });
    const finished = run.run();
    await until(({ client }) => client.answered > 20);
    const refused = await run.reloadConf((await edited('auth_request /verify;', 'auth_request;')).text);
    expect(refused.ok).toBe(false);
    const { result, snapshot } = await finished;
    expect(given(result.outcomes)).toEqual(['200 by orders', '200 by users']);
    expect(snapshot.timeline.map(({ kind }) => kind)).toContain('reload-refused');
  });

  it('without its auth_request lines the gateway lets everybody in, and says so in its picture', async () => {
    const conf = await edited('            auth_request /verify;\n', '');
    const { run } = runOf(lab, 'bad-token', { ...QUICK, protocol: 'rest' }, { conf });
    const { result } = await run.run();
    expect(given(result.outcomes)).toEqual(['200 by orders', '200 by users']);
    expect(result.stages?.map(({ stage }) => stage)).toEqual(['route', 'limit', 'static']);
  });
});
