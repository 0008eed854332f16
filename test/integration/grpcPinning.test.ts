import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfProblems } from '../../src/lab/labConf';
import type { LabDefinition } from '../../src/lab/labDefinition';
import type { FinishedRun } from '../../src/lab/labRun';
import type { RunResult } from '../../src/protocol/run';
import { labNamed, runOf } from '../harness/labs';

/** Issue "The gRPC pinning lab": what each arm must show, on real sockets. */

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('grpc-pinning');
});

function maxOverMean(result: RunResult): number {
  const requests = result.servers.map((server) => server.requests);
  return Math.max(...requests) / (requests.reduce((sum, count) => sum + count, 0) / requests.length);
}

function serversUsed(result: RunResult): number {
  return result.servers.filter((server) => server.requests > 0).length;
}

function expectWhole({ result, snapshot }: FinishedRun, requests: number): void {
  expect(result).toMatchObject({ sent: requests, answered: requests, failed: 0, inFlight: 0 });
  expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  expect(result.counts.client).toBe(requests);
  expect(result.counts.backends).toBe(requests);
  expect(result.servers.reduce((sum, server) => sum + server.requests, 0)).toBe(requests);
}

describe('one client, 3,000 requests', () => {
  const requests = 3_000;

  it.each(['grpc-l4', 'rest-keepalive'])('%s puts all on one server over one connection', async (arm) => {
    const finished = await runOf(lab, arm, { requests, clients: 1 }).run.run();
    expectWhole(finished, requests);
    expect(finished.result.counts.balancer).toBeNull();
    expect(serversUsed(finished.result)).toBe(1);
    expect(finished.result.servers.reduce((sum, server) => sum + server.connections, 0)).toBe(1);
  });

  it.each(['grpc-l7', 'rest-new-sockets'])('%s is even', async (arm) => {
    const finished = await runOf(lab, arm, { requests, clients: 1 }).run.run();
    expectWhole(finished, requests);
    expect(maxOverMean(finished.result)).toBeLessThanOrEqual(1.02);
  });

  it('grpc-l7 counts the same requests at the balancer', async () => {
    const finished = await runOf(lab, 'grpc-l7', { requests: 500, clients: 1 }).run.run();
    expect(finished.result.counts).toEqual({ client: 500, balancer: 500, backends: 500 });
  });

  it('grpc-client-side is even once every subchannel is ready, without a balancer', async () => {
    const finished = await runOf(lab, 'grpc-client-side', { requests, clients: 1 }).run.run();
    expectWhole(finished, requests);
    expect(maxOverMean(finished.result)).toBeLessThanOrEqual(1.05);
    expect(finished.snapshot.balancer).toBeNull();
  });

  it('grpc-l4-max-age comes back over new connections and uses every server', async () => {
    const finished = await runOf(lab, 'grpc-l4-max-age', { requests, clients: 1, rate: 1_000 }).run.run();
    expectWhole(finished, requests);
    expect(serversUsed(finished.result)).toBe(3);
    expect(finished.result.servers.reduce((sum, server) => sum + server.connections, 0)).toBeGreaterThanOrEqual(3);
  });
});

describe('why this backend', () => {
  it('tells a pinned request that its connection had been bound, and by what', async () => {
    const { snapshot } = await runOf(lab, 'grpc-l4', { requests: 600, rate: 1_000 }).run.run();
    const later = snapshot.samples.at(-1);
    expect(later?.why).toMatchObject({ kind: 'bound', decision: { policy: 'round_robin' } });
  });

  it('tells an L7 request what the policy saw and that it chose the server that answered', async () => {
    const { snapshot } = await runOf(lab, 'grpc-l7', { requests: 600, rate: 1_000 }).run.run();
    const decided = snapshot.samples.filter((sample) => sample.why.kind === 'decided');
    expect(decided.length).toBeGreaterThan(0);
    for (const sample of decided) {
      if (sample.why.kind !== 'decided') continue;
      const { decision } = sample.why;
      const chosen = decision.peers.find((peer) => peer.address === decision.chosen);
      expect(chosen?.serverId).toBe(sample.server);
      expect(decision.peers).toHaveLength(3);
    }
  });
});

describe('breaking things while traffic runs', () => {
  it('grpc-l7: only calls in flight on a killed server may fail, each counted; revived, it serves again', async () => {
    const { run, until } = runOf(lab, 'grpc-l7', { requests: 3_500, rate: 400, concurrency: 16 });
    const finished = run.run();
    await until((snapshot) => snapshot.client.answered > 500);
    await run.killServer('server-b');
    const dead = await until((snapshot) => snapshot.servers.some((server) => server.state === 'dead'));
    const answeredBefore = dead.servers.find((server) => server.id === 'server-b')?.requests ?? 0;
    await until((snapshot) => snapshot.client.answered > 1_000);
    await run.reviveServer('server-b');
    await until(
      (snapshot) => (snapshot.servers.find((server) => server.id === 'server-b')?.requests ?? 0) > answeredBefore + 20,
    );
    const { result, snapshot } = await finished;
    expect(result.sent).toBe(3_500);
    // At most what one server could have had in flight.
    const unanswered =
      result.sent - (result.outcomes.find((outcome) => outcome.status === 'OK') ? sumOf(result, 'OK') : 0);
    expect(unanswered).toBeLessThanOrEqual(16);
    expect(result.answered + result.failed).toBe(result.sent);
    expect(snapshot.reconciliation.agree).toBe(true);
    expect(snapshot.timeline.map((event) => event.kind)).toEqual(expect.arrayContaining(['kill', 'revive']));
  });

  it('rest-new-sockets: no GET is lost when a server dies', async () => {
    const { run, until } = runOf(lab, 'rest-new-sockets', { requests: 3_000, rate: 1_000, concurrency: 16 });
    const finished = run.run();
    await until((snapshot) => snapshot.client.answered > 500);
    await run.killServer('server-a');
    const { result, snapshot } = await finished;
    expect(result).toMatchObject({ sent: 3_000, answered: 3_000, failed: 0 });
    expect(sumOf(result, '200')).toBe(3_000);
    expect(snapshot.reconciliation.agree).toBe(true);
  });

  it('an added server joins the L7 upstream; a pinned L4 connection never sees it', async () => {
    const l7 = runOf(lab, 'grpc-l7', { requests: 2_000, rate: 1_000 });
    const spread = l7.run.run();
    await l7.until((snapshot) => snapshot.client.answered > 200);
    await l7.run.addServer();
    expect(l7.run.confText).toContain(
      'server 127.0.0.1:28204 max_fails=1 fail_timeout=2s; # lab: backend server-d grpc',
    );
    expect((await spread).result.servers.find((server) => server.id === 'server-d')?.requests).toBeGreaterThan(100);

    const l4 = runOf(lab, 'grpc-l4', { requests: 1_500, rate: 1_000 });
    const pinned = l4.run.run();
    await l4.until((snapshot) => snapshot.client.answered > 200);
    await l4.run.addServer();
    expect((await pinned).result.servers.find((server) => server.id === 'server-d')?.requests).toBe(0);
  });
});

describe('nothing is left, and nothing is lost', () => {
  it('frees every port after a run, a stop and a broken configuration', async () => {
    // Ports that are no other test's: in the declared ones a run of another file may listen.
    const moved = (text: string) => text.replaceAll(':2815', ':2817').replaceAll(':2820', ':2827');
    const ports = [28171, 28271, 28272, 28273];
    const elsewhere = {
      ...lab,
      arms: lab.arms.map((arm) => ({ ...arm, listen: arm.listen === null ? null : moved(arm.listen) })),
    };
    const original = readFileSync(path.join(lab.folder, 'l7.nginx.conf'), 'utf8');
    const conf = { path: 'l7.nginx.conf', text: moved(original) };
    const stopped = runOf(elsewhere, 'grpc-l7', { requests: 100_000, rate: 500 }, { conf });
    const finished = stopped.run.run();
    await stopped.until((snapshot) => snapshot.client.answered > 20);
    for (const port of ports) expect(await answers(port)).toBe(true);
    stopped.run.stop();
    expect((await finished).snapshot.phase).toBe('stopped');
    const broken = runOf(
      elsewhere,
      'grpc-l7',
      {},
      { conf: { path: 'l7.nginx.conf', text: 'http {\n  upstream a { server 127.0.0.1:1 }\n}' } },
    );
    await expect(broken.run.run()).rejects.toBeInstanceOf(ConfProblems);
    for (const port of ports) expect(await answers(port)).toBe(false);
  });

  it('skewed clients: the server that has the big one’s connection gets half behind L4, and behind L7 a third', async () => {
    const shares = async (arm: string) => {
      const { run, until } = runOf(lab, arm, { requests: 1_200, clients: 3, rate: 1_200 });
      const done = run.run();
      await until((snapshot) => snapshot.client.sent > 0);
      run.setPopulation('skewed');
      const { result, snapshot } = await done;
      expectWhole({ result, snapshot }, 1_200);
      expect(snapshot.timeline.map(({ load }) => load)).toContainEqual({ population: 'skewed' });
      return result.servers.map(({ requests }) => requests / 1_200).sort((a, b) => b - a);
    };
    const behindL4 = await shares('grpc-l4');
    expect(behindL4[0]).toBeGreaterThan(0.45);
    expect(behindL4[0]).toBeLessThan(0.52);
    for (const share of await shares('grpc-l7')) expect(share).toBeCloseTo(1 / 3, 2);
  });

  it('runs beside another that holds the declared ports', async () => {
    const first = runOf(lab, 'grpc-l7', { requests: 1_500, rate: 1_000 });
    const second = runOf(lab, 'grpc-l7', { requests: 300, rate: 1_000 });
    const firstDone = first.run.run();
    await first.until((snapshot) => snapshot.client.answered > 50);
    const [a, b] = await Promise.all([firstDone, second.run.run()]);
    expectWhole(a, 1_500);
    expectWhole(b, 300);
    expect(second.run.movedPorts.map((moved) => moved.declared)).toContain('127.0.0.1:28151');
  });
});

function sumOf(result: RunResult, status: string): number {
  return result.outcomes
    .filter((outcome) => outcome.status === status)
    .reduce((sum, outcome) => sum + outcome.requests, 0);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
