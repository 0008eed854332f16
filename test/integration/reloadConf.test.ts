import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderMessage } from '../../src/base/message';
import type { LabDefinition } from '../../src/lab/labDefinition';
import type { FinishedRun } from '../../src/lab/labRun';
import type { Snapshot } from '../../src/measurement/snapshot';
import { labNamed, runOf } from '../harness/labs';

/** A save of the configuration while traffic runs: a good one moves traffic and loses nothing, a bad one changes nothing. */

let lab: LabDefinition;
const texts = { l4: '', l7: '' };
beforeAll(async () => {
  lab = await labNamed('grpc-pinning');
  texts.l4 = await readFile(path.join(lab.folder, 'l4.nginx.conf'), 'utf8');
  texts.l7 = await readFile(path.join(lab.folder, 'l7.nginx.conf'), 'utf8');
});

function withoutServer(text: string, comment: string): string {
  const lines = text.split('\n');
  expect(lines.filter((line) => line.includes(comment))).toHaveLength(1);
  return lines.filter((line) => !line.includes(comment)).join('\n');
}

const requestsOf = (snapshot: Snapshot, id: string) => snapshot.servers.find((server) => server.id === id)?.requests;
const stateOf = (snapshot: Snapshot, id: string) => snapshot.servers.find((server) => server.id === id)?.state;

function expectNothingLost({ result, snapshot }: FinishedRun, requests: number): void {
  expect(result).toMatchObject({ sent: requests, answered: requests, failed: 0, inFlight: 0 });
  expect(snapshot.client.outcomes.map(({ status }) => status).filter((status) => !/^(OK|200)$/.test(status))).toEqual(
    [],
  );
  expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
}

describe('a good save under load', () => {
  const requests = 3_000;
  const load = { requests, rate: 1_000, concurrency: 16, clients: 4 };

  it.each([
    ['grpc-l7', 'l7', 'server-b grpc'],
    ['grpc-l4', 'l4', 'server-b grpc'],
    ['rest-keepalive', 'l4', 'server-b rest'],
    ['rest-new-sockets', 'l4', 'server-b rest'],
    ['grpc-client-side', 'l4', 'server-b grpc'],
  ] as const)('%s: a server whose line is removed gets no more, and no request fails', async (arm, file, line) => {
    const { run, until } = runOf(lab, arm, load);
    const finished = run.run();
    await until((snapshot) => (requestsOf(snapshot, 'server-b') ?? 0) > 50);

    expect(await run.reloadConf(withoutServer(texts[file], `lab: backend ${line}`))).toMatchObject({ ok: true });

    const left = await until((snapshot) => stateOf(snapshot, 'server-b') === 'removed');
    const done = await finished;
    expectNothingLost(done, requests);
    expect(requestsOf(done.snapshot, 'server-b')).toBe(requestsOf(left, 'server-b'));
    expect(requestsOf(done.snapshot, 'server-b')).toBeLessThan(requests / 3);
    expect(run.topology?.nodes.map((node) => node.id)).not.toContain('server-b');
    expect(done.snapshot.timeline).toContainEqual(expect.objectContaining({ kind: 'drain', server: 'server-b' }));
  });

  it('a server whose line comes back serves again, with its counts', async () => {
    const { run, until } = runOf(lab, 'grpc-l7', { ...load, requests: 4_000 });
    const finished = run.run();
    await until((snapshot) => snapshot.client.answered > 200);
    await run.reloadConf(withoutServer(texts.l7, 'lab: backend server-b grpc'));
    const left = await until((snapshot) => stateOf(snapshot, 'server-b') === 'removed');

    // At once, as an undo does.
    expect(await run.reloadConf(texts.l7)).toMatchObject({ ok: true });

    const before = requestsOf(left, 'server-b') ?? 0;
    await until((snapshot) => (requestsOf(snapshot, 'server-b') ?? 0) > before + 50);
    expectNothingLost(await finished, 4_000);
  });

  it('a line that comes back while its server still says goodbye', async () => {
    const { run, until } = runOf(lab, 'grpc-l7', load);
    const finished = run.run();
    await until((snapshot) => snapshot.client.answered > 200);
    await run.reloadConf(withoutServer(texts.l7, 'lab: backend server-b grpc'));
    await run.reloadConf(texts.l7);
    const back = await until((snapshot) => stateOf(snapshot, 'server-b') === 'up');
    await until((snapshot) => (requestsOf(snapshot, 'server-b') ?? 0) > (requestsOf(back, 'server-b') ?? 0) + 50);
    expectNothingLost(await finished, requests);
  });

  it('a spare that is named joins, and another policy takes over', async () => {
    const { run, until } = runOf(lab, 'grpc-l7', load);
    const finished = run.run();
    await until((snapshot) => snapshot.client.answered > 200);
    const edited = texts.l7.replace(
      'upstream orders_grpc {',
      'upstream orders_grpc {\n        least_conn;\n        server 127.0.0.1:28204; # lab: backend server-d grpc',
    );
    expect(await run.reloadConf(edited)).toMatchObject({ ok: true });
    expect(run.canAddServer).toBe(false);
    const done = await finished;
    expectNothingLost(done, requests);
    expect(requestsOf(done.snapshot, 'server-d')).toBeGreaterThan(100);
    const newest = done.snapshot.samples.at(-1)?.why;
    expect(newest).toMatchObject({ kind: 'decided', decision: { policy: 'least_conn' } });
  });

  it('measures the latency of each server apart', async () => {
    const { snapshot } = await runOf(lab, 'grpc-l7', { requests: 600, rate: 1_000 }).run.run();
    const latencies = snapshot.servers.map((server) => server.latencyMs);
    for (const latency of latencies) expect(latency?.p99).toBeGreaterThan(0);
    expect(Math.max(...latencies.map((latency) => latency?.max ?? 0))).toBe(snapshot.client.latencyMs.max);
  });
});

describe('a bad save', () => {
  it.each([
    ['a listener that moved away', 'listen 127.0.0.1:28151', 'listen 127.0.0.1:28159', /28151/],
    ['a foreign address to listen on', 'listen 127.0.0.1:28151', 'listen 192.168.0.1:28151', /loopback/],
    ['a host outside the lab', 'server 127.0.0.1:28201', 'server 10.0.0.1:28201', /outside the lab/],
    ['a loop to itself', 'server 127.0.0.1:28201', 'server 127.0.0.1:28151', /circle/],
    ['a server that moves while it runs', 'server 127.0.0.1:28202', 'server 127.0.0.1:28299', /while the lab runs/],
    ['a syntax error', 'keepalive 32;', 'keepalive 32', /\}/],
  ] as const)('%s is refused at its line and the old one runs on', async (_, from, to, text) => {
    const { run, until } = runOf(lab, 'grpc-l7', { requests: 700, rate: 1_000 });
    const finished = run.run();
    await until((snapshot) => snapshot.client.answered > 100);

    const refused = await run.reloadConf(texts.l7.replace(from, to));

    expect(refused.ok).toBe(false);
    const problem = refused.ok ? undefined : refused.error[0];
    const line = texts.l7.slice(0, texts.l7.indexOf(from)).split('\n').length;
    expect(renderMessage(problem?.message ?? { text: '', args: {} })).toMatch(text);
    expect(problem?.span.line).toBeGreaterThanOrEqual(line);
    expect(problem?.span.line).toBeLessThanOrEqual(line + 1);
    expect(run.confText).toBe(texts.l7);
    const done = await finished;
    expectNothingLost(done, 700);
    expect(done.result.servers.map((server) => server.id)).toEqual(['server-a', 'server-b', 'server-c']);
    expect(Math.max(...done.result.servers.map((server) => server.requests))).toBeLessThan(260);
    expect(done.snapshot.timeline.map((event) => event.kind)).toEqual(['reload-refused']);
  });

  it('does nothing once the run is over', async () => {
    const { run } = runOf(lab, 'grpc-l7', { requests: 50 });
    await run.run();
    expect(await run.reloadConf('nonsense')).toMatchObject({ ok: true });
  });
});
