import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { reconcile } from '../../src/measurement/reconcile';
import type { ClientCounts } from '../../src/measurement/snapshot';
import type { BackendProtocol } from '../../src/protocol/backendWorker';
import type { ClientKind } from '../../src/protocol/trafficWorker';
import { type BackendOptions, planOf, TestBackend, TestTraffic } from '../harness/workers';

const running: TestBackend[] = [];

async function backend(protocol: BackendProtocol, options: BackendOptions = {}): Promise<TestBackend> {
  const started = await TestBackend.start(protocol, options);
  running.push(started);
  return started;
}

afterEach(async () => {
  // Exit code 0 without terminate(): no socket, timer or listener was left.
  const codes = await Promise.all(running.splice(0).map((one) => one.close()));
  expect(codes.every((code) => code === 0)).toBe(true);
});

const protocolOf = (kind: ClientKind): BackendProtocol => (kind.startsWith('rest') ? 'rest' : 'grpc');

function expectConserved(counts: ClientCounts): void {
  expect(counts.sent).toBe(counts.answered + counts.failed + counts.inFlight);
  expect(counts.outcomes.reduce((sum, outcome) => sum + outcome.requests, 0)).toBe(counts.answered + counts.failed);
}

for (const kind of ['rest-new-sockets', 'rest-keepalive', 'grpc', 'grpc-client-side'] as const) {
  test(`${kind}: client and server count the same requests and the same connections`, async () => {
    const server = await backend(protocolOf(kind));
    const { counts, slots } = await TestTraffic.run({ kind, targets: [server.address] });
    expectConserved(counts);
    expect(counts).toMatchObject({ sent: 300, answered: 300, failed: 0, inFlight: 0, retried: 0 });
    expect(counts.outcomes).toEqual([
      { status: protocolOf(kind) === 'rest' ? '200' : 'OK', by: 'server-a', requests: 300 },
    ]);
    expect(server.counters).toMatchObject({ received: 300, answered: 300, abandoned: 0, inFlight: 0, queued: 0 });
    expect(counts.connectionsOpened).toBe(server.counters.connectionsAccepted);
    expect(counts.latencyMs.p50).toBeGreaterThan(0);
    expect(counts.latencyMs.max).toBeGreaterThanOrEqual(counts.latencyMs.p99);
    expect(slots.answered.length).toBeGreaterThan(0);
  });
}

test('rest-new-sockets opens a connection for each request', async () => {
  const server = await backend('rest');
  const { counts } = await TestTraffic.run({ kind: 'rest-new-sockets', targets: [server.address], requests: 100 });
  expect(counts.connectionsOpened).toBe(100);
  expect(server.counters.connectionsAccepted).toBe(100);
});

for (const kind of ['rest-keepalive', 'grpc'] as const) {
  for (const clients of [1, 5]) {
    test(`${kind} with ${clients} client(s) opens exactly ${clients} connection(s)`, async () => {
      const server = await backend(protocolOf(kind));
      const { counts } = await TestTraffic.run({ kind, clients, targets: [server.address] });
      expect(counts).toMatchObject({ answered: 300, connectionsOpened: clients });
      expect(server.counters.connectionsAccepted).toBe(clients);
    });
  }
}

test('grpc-client-side spreads over every server from the first counted request on', async () => {
  const servers = await Promise.all(['server-a', 'server-b', 'server-c'].map((id) => backend('grpc', { id })));
  const { counts } = await TestTraffic.run({
    kind: 'grpc-client-side',
    targets: servers.map((server) => server.address),
    clients: 2,
    requests: 600,
  });
  expect(counts).toMatchObject({ answered: 600, failed: 0, connectionsOpened: 6 });
  const shares = servers.map((server) => server.counters.answered);
  expect(Math.max(...shares) / 200).toBeLessThanOrEqual(1.05);
});

test('max age: connections are renewed and no call fails', async () => {
  const server = await backend('grpc', { maxConnectionAgeMs: 200 });
  const { counts } = await TestTraffic.run({ kind: 'grpc', targets: [server.address], requests: 800, rate: 800 });
  expect(counts).toMatchObject({ sent: 800, answered: 800, failed: 0 });
  expect(server.counters.answered).toBe(800);
  expect(counts.connectionsOpened).toBeGreaterThan(1);
  expect(server.counters.connectionsAccepted).toBe(counts.connectionsOpened);
});

test('every report adds up, and so do the samples: known ids, servers and connections', async () => {
  const server = await backend('grpc');
  const traffic = await TestTraffic.start();
  await traffic.prepare(planOf({ kind: 'grpc', targets: [server.address], requests: 400, rate: 1000 }));
  traffic.say({ type: 'go' });
  await traffic.hear('done');
  await traffic.close();
  expect(traffic.reports.length).toBeGreaterThan(1);
  const samples = traffic.reports.flatMap((report) => {
    expectConserved(report.counts);
    expect(report.samples.length).toBeLessThanOrEqual(20);
    return report.samples;
  });
  expect(samples[0]).toMatchObject({
    id: 'r1',
    server: 'server-a',
    status: 'OK',
    clientConnection: 1,
    requestsBefore: 0,
  });
  expect(new Set(samples.map((sample) => sample.id)).size).toBe(samples.length);
  expect(new Set(samples.map((sample) => sample.serverConnection)).size).toBe(1);
  const slots: number[] = [];
  for (const { slots: changed } of traffic.reports)
    slots.splice(changed.from, changed.answered.length, ...changed.answered);
  expect(slots.reduce((sum, slot) => sum + slot, 0)).toBe(400);
});

test('stop lets what is in flight end and reports it', async () => {
  const server = await backend('rest');
  const traffic = await TestTraffic.start();
  await traffic.prepare(planOf({ kind: 'rest-keepalive', targets: [server.address], requests: 1_000_000, clients: 4 }));
  traffic.say({ type: 'go' });
  await traffic.hear('report', ({ report }) => report.counts.answered > 0);
  traffic.say({ type: 'stop' });
  const { counts } = (await traffic.hear('done')).report;
  await traffic.close();
  expectConserved(counts);
  expect(counts).toMatchObject({ failed: 0, inFlight: 0 });
  expect(counts.answered).toBe(server.counters.answered);
});

test('a rejected request is an answer of its server', async () => {
  for (const [kind, status] of [
    ['rest-new-sockets', '500'],
    ['grpc', 'INTERNAL'],
  ] as const) {
    const server = await backend(protocolOf(kind));
    const traffic = await TestTraffic.start();
    await traffic.prepare(planOf({ kind, targets: [server.address], requests: 1_000_000, concurrency: 2 }));
    traffic.say({ type: 'go' });
    server.say({ type: 'fault', fault: { slowFactor: 1, errorRate: 1 } });
    const failing = (counts: ClientCounts) =>
      counts.outcomes.some((outcome) => outcome.status === status && outcome.by === 'server-a');
    await traffic.hear('report', ({ report }) => failing(report.counts));
    traffic.say({ type: 'stop' });
    const { counts } = (await traffic.hear('done')).report;
    await traffic.close();
    expect(counts.failed).toBe(0);
    expect(server.counters).toMatchObject({ answered: counts.answered });
  }
});

for (const kind of ['grpc', 'rest-new-sockets'] as const) {
  test(`${kind}: when the server is killed, calls fail as the client's own, and none is lost from the count`, async () => {
    const server = await TestBackend.start(protocolOf(kind), {
      capacity: { slots: 8, queue: 64, serviceTimeMs: 3, distribution: 'fixed' },
    });
    const traffic = await TestTraffic.start();
    await traffic.prepare(planOf({ kind, targets: [server.address], requests: 600, rate: 1000 }));
    traffic.say({ type: 'go' });
    await traffic.hear('report', ({ report }) => report.counts.answered > 50);
    await server.kill();
    const { counts } = (await traffic.hear('done')).report;
    await traffic.close();
    expectConserved(counts);
    expect(counts.sent).toBe(600);
    expect(counts.failed).toBeGreaterThan(0);
    const byClient = counts.outcomes.filter((outcome) => outcome.by === 'client');
    expect(byClient.reduce((sum, outcome) => sum + outcome.requests, 0)).toBe(counts.failed);
    const ledgers = {
      client: counts,
      balancer: null,
      servers: [{ id: 'server-a', died: true, ...server.counters }],
      final: true,
    };
    expect(reconcile(ledgers).differences).toEqual([]);
  });
}

test('client-side: a lost server is noticed and routed around, and the new list is seen then', async () => {
  const [kept, lost, added] = await Promise.all([
    backend('grpc', { id: 'kept' }),
    TestBackend.start('grpc', { id: 'lost' }),
    backend('grpc', { id: 'added' }),
  ]);
  const traffic = await TestTraffic.start();
  const targets = [kept.address, lost.address];
  await traffic.prepare(planOf({ kind: 'grpc-client-side', targets, requests: 1_000_000, rate: 500 }));
  traffic.say({ type: 'go' });
  traffic.say({ type: 'targets', targets: [...targets, added.address] });
  const { report } = await traffic.hear('report', ({ report }) => report.counts.answered > 100);
  // All connections stand, so the name is not resolved again: the new server is not seen.
  expect(report.counts.outcomes.map((outcome) => outcome.by).sort()).toEqual(['kept', 'lost']);
  await lost.kill();
  await traffic.hear('report', ({ report: next }) => next.counts.outcomes.some((outcome) => outcome.by === 'added'));
  traffic.say({ type: 'stop' });
  const { counts } = (await traffic.hear('done')).report;
  await traffic.close();
  expectConserved(counts);
});

test('a GET whose connection breaks before the response is tried again; one cut off in its response is not', async () => {
  // Of each connection's requests: the first is dropped without a byte, or after the first bytes of a response.
  for (const firstBytes of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{']) {
    let connections = 0;
    const flaky = createServer((socket) => {
      const dropped = connections++ === 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        if (!dropped) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
        else if (firstBytes === '') socket.destroy();
        else socket.end(firstBytes);
      });
    });
    await new Promise<void>((resolve) => flaky.listen(0, '127.0.0.1', resolve));
    const { port } = flaky.address() as AddressInfo;
    const { counts } = await TestTraffic.run({ kind: 'rest-keepalive', targets: [`127.0.0.1:${port}`], requests: 10 });
    expectConserved(counts);
    const broken = firstBytes === '' ? { answered: 10, failed: 0, retried: 1 } : { answered: 9, failed: 1, retried: 0 };
    expect(counts).toMatchObject({ sent: 10, ...broken, connectionsOpened: 2 });
    // No server of the lab signed these answers.
    expect(counts.outcomes[0]).toMatchObject({ status: '200', by: 'balancer' });
    await new Promise((resolve) => flaky.close(resolve));
  }
});

test('a server that never answers: the request times out and has failed', async () => {
  const open = new Set<Socket>();
  const mute = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.resume();
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const { port } = mute.address() as AddressInfo;
  const { counts } = await TestTraffic.run({
    kind: 'rest-new-sockets',
    targets: [`127.0.0.1:${port}`],
    requests: 3,
    timeoutMs: 50,
  });
  expect(counts).toMatchObject({ sent: 3, failed: 3, outcomes: [{ status: 'ETIMEDOUT', by: 'client', requests: 3 }] });
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => mute.close(resolve));
});

test('targets on other machines are refused before anything is sent', async () => {
  const traffic = await TestTraffic.start();
  traffic.say({ type: 'prepare', plan: planOf({ kind: 'grpc', targets: ['192.0.2.1:80'] }) });
  expect(await traffic.hear('failed')).toMatchObject({ code: 'not-loopback' });
  await traffic.close();
});

test('when nothing listens, preparing gRPC fails instead of waiting for ever', async () => {
  const gone = await TestBackend.start('grpc');
  await gone.close();
  for (const kind of ['grpc', 'grpc-client-side'] as const) {
    const traffic = await TestTraffic.start();
    traffic.say({ type: 'prepare', plan: planOf({ kind, targets: [gone.address], timeoutMs: 200 }) });
    expect(await traffic.hear('failed')).toMatchObject({ type: 'failed' });
    await traffic.close();
  }
});
