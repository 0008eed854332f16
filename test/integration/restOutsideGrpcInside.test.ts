import { beforeAll, describe, expect, it } from 'vitest';
import type { LabDefinition } from '../../src/lab/labDefinition';
import type { FinishedRun } from '../../src/lab/labRun';
import type { RunParams } from '../../src/protocol/run';
import { labNamed, runOf } from '../harness/labs';

/** The lab "rest-outside-grpc-inside": what each hop carries, and that the client does not notice what is spoken inside. */

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('rest-outside-grpc-inside');
});

const requests = 200;
const calm: Partial<RunParams> = { requests, scenario: 'calm' };

const run = (arm: string, params: Partial<RunParams> = calm): Promise<FinishedRun> => runOf(lab, arm, params).run.run();

const answeredBy = ({ result }: FinishedRun, ...ids: string[]): number =>
  result.servers.filter(({ id }) => ids.includes(id)).reduce((sum, server) => sum + server.requests, 0);

const hop = ({ result }: FinishedRun, from: string, to: string) => {
  const found = result.hops?.find((one) => one.from === from && one.to === to);
  if (found === undefined) throw new Error(`no hop from ${from} to ${to}`);
  return found;
};

describe.each([
  ['all-rest', ['rest', 'rest', 'rest', 'rest']],
  ['rest-edge-grpc-inside', ['rest', 'rest', 'grpc', 'grpc']],
  ['grpc-web-edge', ['grpc-web', 'grpc', 'grpc', 'grpc']],
])('%s', (arm, protocols) => {
  it('counts both tiers exactly, and measures every hop', async () => {
    const finished = await run(arm);
    const { result, snapshot } = finished;
    expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
    expect(result).toMatchObject({ sent: requests, answered: requests, failed: 0, inFlight: 0, availability: 100 });
    expect(result.counts).toEqual({
      client: requests,
      balancer: requests,
      backends: requests,
      inner: { client: 2 * requests, balancer: 2 * requests, backends: 2 * requests },
    });
    // Each tier is a split of its own.
    const shares = (inside: boolean) =>
      snapshot.servers.filter((server) => (server.inside === true) === inside).map(({ id, share }) => [id, share]);
    expect(shares(false)).toEqual([
      ['edge-a', 0.5],
      ['edge-b', 0.5],
    ]);
    expect(shares(true)).toEqual([
      ['orders-a', 0.25],
      ['orders-b', 0.25],
      ['users-a', 0.5],
    ]);
    expect(answeredBy(finished, 'edge-a', 'edge-b')).toBe(requests);
    expect(answeredBy(finished, 'orders-a', 'orders-b')).toBe(requests);
    expect(answeredBy(finished, 'users-a')).toBe(requests);
    expect(result.hops?.map(({ from, to, requests: carried }) => [from, to, carried])).toEqual([
      ['client', 'balancer', requests],
      ['balancer', 'edge', requests],
      ['edge', 'orders', requests],
      ['edge', 'users', requests],
    ]);
    expect(result.hops?.map(({ protocol }) => protocol)).toEqual(protocols);
    for (const { bytesPerRequest, latencyMs } of result.hops ?? []) {
      expect(bytesPerRequest).toBeGreaterThan(50);
      expect(latencyMs.p50).toBeGreaterThan(0);
      expect(latencyMs.p99).toBeGreaterThanOrEqual(latencyMs.p50);
    }
  });
});

it('answers the client with the same JSON whatever is spoken inside', async () => {
  const rest = await run('all-rest');
  const mixed = await run('rest-edge-grpc-inside');
  expect(rest.result.clientSees?.contentType).toBe('application/json');
  expect(mixed.result.clientSees).toEqual(rest.result.clientSees);
  // What the client pays for it is the same, too: the first hop did not change.
  const paid = hop(rest, 'client', 'balancer').bytesPerRequest;
  expect(Math.abs(hop(mixed, 'client', 'balancer').bytesPerRequest - paid)).toBeLessThanOrEqual(0.02 * paid);
});

it('says the same in gRPC-Web, in another form', async () => {
  const rest = await run('all-rest');
  const web = await run('grpc-web-edge');
  expect(web.result.clientSees).toEqual({
    ...rest.result.clientSees,
    contentType: 'application/grpc-web+proto',
  });
});

it('needs fewer bytes and fewer connections inside over gRPC', async () => {
  const rest = await run('all-rest');
  const mixed = await run('rest-edge-grpc-inside');
  for (const service of ['orders', 'users']) {
    const bytes = hop(rest, 'edge', service).bytesPerRequest;
    expect(hop(mixed, 'edge', service).bytesPerRequest).toBeLessThan(0.7 * bytes);
  }
  // One to each of the two services, from each edge server that served.
  for (const { calls } of mixed.snapshot.servers.slice(0, 2)) {
    expect(calls).toMatchObject({ sent: requests, connectionsOpened: 2 });
  }
});

describe('servers die', () => {
  const died = { requests: 400, rate: null } as const;

  it('over REST the balancer asks the other order server instead, and the client notices nothing', async () => {
    const { result, snapshot } = await run('all-rest', { ...died, scenario: 'orders-server-dies' });
    expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
    expect(snapshot.timeline).toContainEqual(expect.objectContaining({ kind: 'kill', server: 'orders-b' }));
    expect(result.outcomes.every(({ status }) => status === '200')).toBe(true);
    expect(result).toMatchObject({ sent: 400, answered: 400, failed: 0 });
  });

  it('over gRPC only the calls that the dead server had in flight become the edge’s 503', async () => {
    const { result, snapshot } = await run('rest-edge-grpc-inside', { ...died, scenario: 'orders-server-dies' });
    expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
    expect(result).toMatchObject({ sent: 400, answered: 400, failed: 0 });
    const bad = result.outcomes.filter(({ status }) => status !== '200');
    // At most what one server could have had in flight.
    expect(bad.reduce((sum, outcome) => sum + outcome.requests, 0)).toBeLessThanOrEqual(16);
    for (const { status, by } of bad) {
      expect(status).toBe('503');
      expect(by).toMatch(/^edge-/);
    }
  });

  it.each([
    ['all-rest', '503'],
    ['rest-edge-grpc-inside', '503'],
    ['grpc-web-edge', 'UNAVAILABLE'],
  ])('%s: without its only user server the edge says so itself', async (arm, status) => {
    const { run: running, until } = runOf(lab, arm, { requests: 100_000, rate: 150 });
    const finished = running.run();
    await until(({ client }) => client.answered > 20);
    await running.killServer('users-a');
    await until(({ client }) => client.outcomes.some((outcome) => outcome.status === status));
    running.stop();
    const { result, snapshot } = await finished;
    expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
    const good = status === '503' ? '200' : 'OK';
    expect(new Set(result.outcomes.map((outcome) => outcome.status))).toEqual(new Set([good, status]));
    expect(result.outcomes.every(({ by }) => by.startsWith('edge-'))).toBe(true);
  });

  it.each(['all-rest', 'rest-edge-grpc-inside', 'grpc-web-edge'])(
    '%s: an edge server that dies takes its own calls with it, and the counts still agree',
    async (arm) => {
      const { run: running, until } = runOf(lab, arm, { requests: 400 });
      const finished = running.run();
      await until(({ client }) => client.answered > 60);
      await running.killServer('edge-b');
      await until(({ client }) => client.answered > 150);
      await running.reviveServer('edge-b');
      const { result, snapshot } = await finished;
      expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
      expect(result.sent).toBe(result.answered + result.failed);
      expect(result.counts.inner?.client).toBeGreaterThan(0);
    },
  );
});

it('a service that leaves the configuration stays in the counts of its tier', async () => {
  const { run: running, until } = runOf(lab, 'rest-edge-grpc-inside', { requests: 100_000, rate: 150 });
  const finished = running.run();
  await until(({ client }) => client.answered > 20);
  const text = running.confText?.replace(/^.*backend orders-b grpc\n/m, '') ?? '';
  expect(await running.reloadConf(text)).toMatchObject({ ok: true });
  await until(({ servers }) => servers.some(({ id, state }) => id === 'orders-b' && state === 'removed'));
  running.stop();
  const { result, snapshot } = await finished;
  expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  expect(result.outcomes.every(({ status }) => status === '200')).toBe(true);
});

it('what a service speaks does not change while it runs', async () => {
  const { run: running, until } = runOf(lab, 'all-rest', { requests: 100_000, rate: 150 });
  const finished = running.run();
  await until(({ client }) => client.answered > 20);
  const text = running.confText?.replace('28921', '28971').replace('users-a rest', 'users-a grpc') ?? '';
  const refused = await running.reloadConf(text);
  expect(refused.ok).toBe(false);
  if (!refused.ok) {
    expect(refused.error.map((problem) => problem.message.text)).toEqual([
      '{id} speaks {protocol} while the lab runs. Stop the lab to change that.',
    ]);
  }
  running.stop();
  const { result, snapshot } = await finished;
  expect(snapshot.reconciliation.agree).toBe(true);
  expect(result.outcomes.every(({ status }) => status === '200')).toBe(true);
});

it('an edge server that joins knows where the services are', async () => {
  const { run: running, until } = runOf(lab, 'rest-edge-grpc-inside', { requests: 100_000, rate: 150 });
  const finished = running.run();
  await until(({ client }) => client.answered > 20);
  await running.addServer();
  await until(({ servers }) => servers.some(({ id, requests: answered }) => id === 'edge-c' && answered > 5));
  running.stop();
  const { result, snapshot } = await finished;
  expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  expect(result.outcomes.every(({ status }) => status === '200')).toBe(true);
});
