import { afterEach, expect, test } from 'vitest';
import type { ClientCounts } from '../../src/measurement/snapshot';
import type { BackendProtocol } from '../../src/protocol/backendWorker';
import type { ClientKind } from '../../src/protocol/trafficWorker';
import { type BackendOptions, TestBackend, TestTraffic } from '../harness/workers';

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
    expect(counts.outcomes).toEqual([{ status: protocolOf(kind) === 'rest' ? '200' : 'OK', by: 'server-a', requests: 300 }]);
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
