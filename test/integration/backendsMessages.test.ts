import { afterEach, expect, test } from 'vitest';
import { eventCounter } from '../../src/traffic/workloads/stream';
import { TestBackend, TestTraffic } from '../harness/workers';

/** The messages service of a backend, spoken to as any client would. */

const running: TestBackend[] = [];

async function backend(protocol: 'rest' | 'grpc'): Promise<TestBackend> {
  const started = await TestBackend.start(protocol, { service: { kind: 'messages' } });
  running.push(started);
  return started;
}

afterEach(async () => {
  const codes = await Promise.all(running.splice(0).map((one) => one.close()));
  expect(codes.every((code) => code === 0)).toBe(true);
});

const post = (server: TestBackend, kind: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`http://${server.address}/api/messages/${kind}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', connection: 'close', ...headers },
    body,
  });

test('a message is answered with itself, gzipped for those who accept that', async () => {
  const server = await backend('rest');
  const user = { id: 1, name: '김민지', role: 'ADMIN' };
  const plain = await post(server, 'user', JSON.stringify(user));
  expect([plain.status, plain.headers.get('content-encoding')]).toEqual([200, null]);
  expect(await plain.json()).toEqual(user);
  const gzipped = await post(server, 'user', JSON.stringify(user), { 'accept-encoding': 'gzip' });
  expect([gzipped.headers.get('content-encoding'), gzipped.headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding']);
  expect(await gzipped.json()).toEqual(user);
  expect(server.counters).toMatchObject({ received: 2, answered: 2, abandoned: 0 });
});

test('every wrong field is named', async () => {
  const server = await backend('rest');
  const refused = await post(
    server,
    'order',
    JSON.stringify({ total_won: '1', items: [{ quantity: 1.5 }], colour: 1 }),
  );
  expect(refused.status).toBe(400);
  const { error } = (await refused.json()) as { error: { code: string; faults: { field: string }[] } };
  expect(error.code).toBe('invalid_message');
  expect(error.faults.map(({ field }) => field)).toEqual(['total_won', 'items[0].quantity', 'colour']);
});

test.each([
  ['user', '{ "id": ', 400],
  ['user', '[]', 400],
  ['banana', '{}', 404],
])('POST %s with %s is answered %i', async (kind, body, status) => {
  const server = await backend('rest');
  expect((await post(server, kind, body)).status).toBe(status);
});

test('notes come as server-sent events, as many as asked for', async () => {
  const server = await backend('rest');
  const events = await fetch(`http://${server.address}/api/messages/events?messages=5&every_ms=1`, {
    headers: { connection: 'close' },
  });
  expect(events.headers.get('content-type')).toContain('text/event-stream');
  expect((await events.text()).match(/^data: .*/gm)).toHaveLength(5);
  const refused = await fetch(`http://${server.address}/api/messages/events?messages=0&every_ms=1`, {
    headers: { connection: 'close' },
  });
  expect(refused.status).toBe(400);
});

test.each([
  ['rest-keepalive', 'rest', 0],
  ['grpc', 'grpc', 30],
] as const)('%s: messages in streams are counted each way', async (kind, protocol, toServer) => {
  const server = await backend(protocol);
  const { counts, findings } = await TestTraffic.run({
    kind,
    targets: [server.address],
    requests: 3,
    workload: { kind: 'stream', messages: 10, everyMs: 1 },
  });
  expect(counts).toMatchObject({ sent: 3, answered: 3, failed: 0 });
  expect(findings.streamed).toEqual({ streams: 3, toServer, toClient: 30 });
  expect(server.counters).toMatchObject({ received: 3, answered: 3, abandoned: 0 });
});

test('an event counts when it is whole, wherever it is cut', () => {
  const text = 'event: note\ndata: {"a":1}\n\n: a comment\n\ndata: {"b":2}\n\ndata: {"c"';
  for (let cut = 0; cut <= text.length; cut += 1) {
    let events = 0;
    const heard = eventCounter(() => {
      events += 1;
    });
    heard(Buffer.from(text.slice(0, cut)));
    heard(Buffer.from(text.slice(cut)));
    expect(events).toBe(2);
  }
});
