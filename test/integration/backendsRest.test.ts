import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { CONNECTION_HEADER, SERVER_HEADER } from '../../src/protocol/backendWorker';
import { CATALOGUE_SIZE, ORDER_STATUSES } from '../../src/protocol/ordersService';
import { type BackendOptions, TestBackend } from '../harness/workers';

let running: TestBackend[] = [];
let agents: Agent[] = [];

async function backend(options: BackendOptions = {}): Promise<TestBackend> {
  const started = await TestBackend.start('rest', options);
  running.push(started);
  return started;
}

afterEach(async () => {
  for (const agent of agents) agent.destroy();
  agents = [];
  const codes = await Promise.all(running.map((one) => one.close()));
  running = [];
  expect(codes.every((code) => code === 0)).toBe(true);
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  json(): unknown;
}

function call(server: TestBackend, method: string, path: string, body?: string, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port: server.port,
      method,
      path,
      agent: agent ?? false,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) }),
      );
      response.once('error', reject);
    });
    outgoing.end(body);
  });
}

const keepAlive = (): Agent => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return agent;
};
const tea = JSON.stringify({ customer: 'Minji', lines: [{ sku: 'tea-green', quantity: 2 }] });

test('orders can be listed, read and placed', async () => {
  const server = await backend();
  expect((await call(server, 'GET', '/api/orders?limit=3')).json()).toMatchObject({
    orders: [{ id: '1' }, { id: '2' }, { id: '3' }],
    total: CATALOGUE_SIZE,
  });
  const placed = await call(server, 'POST', '/api/orders', tea);
  expect(placed).toMatchObject({ status: 201, headers: { location: `/api/orders/${CATALOGUE_SIZE + 1}` } });
  const read = await call(server, 'GET', String(placed.headers.location));
  expect(read.json()).toEqual(placed.json());
});

test.each([
  ['GET', '/api/orders/0', undefined, 404, 'order_not_found'],
  ['GET', '/api/orders/0/events', undefined, 404, 'order_not_found'],
  ['GET', '/api/orders?limit=0', undefined, 400, 'invalid_query'],
  ['GET', '/api/orders?offset=-1', undefined, 400, 'invalid_query'],
  ['GET', '/nowhere', undefined, 404, 'no_such_path'],
  ['GET', '/api/orders/%zz', undefined, 400, 'bad_request'],
  ['POST', '/api/orders', '{"customer":', 400, 'entity.parse.failed'],
  ['POST', '/api/orders', '{}', 400, 'invalid_order'],
  ['POST', '/api/orders', undefined, 400, 'invalid_order'],
  ['POST', '/api/orders', `"${'x'.repeat(70_000)}"`, 413, 'entity.too.large'],
])('%s %s (%s) is answered %i %s, as JSON, counted and signed', async (method, path, body, status, code) => {
  const server = await backend();
  const answer = await call(server, method, path, body);
  expect(answer).toMatchObject({ status, headers: { [SERVER_HEADER]: 'server-a' } });
  expect(answer.json()).toMatchObject({ error: { code } });
  expect(server.counters).toMatchObject({ received: 1, answered: 1, rejected: 0, inFlight: 0 });
});

test('a refused order names every field that is wrong', async () => {
  const server = await backend();
  const answer = await call(server, 'POST', '/api/orders', '{"customer":"","lines":[{"sku":"gold","quantity":0}]}');
  expect(answer.json()).toMatchObject({
    error: { faults: [{ field: 'customer' }, { field: 'lines[0].sku' }, { field: 'lines[0].quantity' }] },
  });
});

test('the events of an order come one after the other until it is delivered', async () => {
  const server = await backend();
  await call(server, 'POST', '/api/orders', tea);
  const events = await call(server, 'GET', `/api/orders/${CATALOGUE_SIZE + 1}/events`);
  expect(events.headers['content-type']).toContain('text/event-stream');
  const statuses = [...events.text.matchAll(/^event: status\ndata: (.*)$/gm)].map(
    ([, data]) => (JSON.parse(data ?? '') as { status: string }).status,
  );
  expect(statuses).toEqual([...ORDER_STATUSES]);
  expect(server.counters).toMatchObject({ received: 2, answered: 2, inFlight: 0 });
});

test('answers name the connection as the server sees it, and how many requests it carried before', async () => {
  const server = await backend();
  const agent = keepAlive();
  const seen: string[] = [];
  for (let i = 0; i < 3; i++)
    seen.push(String((await call(server, 'GET', '/api/orders/1', undefined, agent)).headers[CONNECTION_HEADER]));
  const [port] = String(seen[0]).split('/');
  expect(seen).toEqual([`${port}/0`, `${port}/1`, `${port}/2`]);
  expect(server.counters).toMatchObject({ connectionsAccepted: 1, connectionsOpen: 1, answered: 3 });
});

/** Service that outlasts any test: whoever is in stays in until the server is closed. */
const endless = { slots: 1, queue: 1, serviceTimeMs: 600_000, distribution: 'fixed' } as const;

test('beyond slots and queue the answer is 503, and it is counted as rejected', async () => {
  const server = await backend({ capacity: endless });
  const inside = [call(server, 'GET', '/api/orders/1'), call(server, 'GET', '/api/orders/1')];
  for (const one of inside) one.catch(() => {});
  while (server.counters.queued === 0) await new Promise(setImmediate);
  const answers = await Promise.all(Array.from({ length: 4 }, () => call(server, 'GET', '/api/orders/1')));
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  expect(server.counters).toMatchObject({ received: 6, answered: 4, rejected: 4, inFlight: 1, queued: 1 });
});

test('a fault can be set and taken back while it runs', async () => {
  const server = await backend();
  const agent = keepAlive();
  const statusUnder = async (errorRate: number): Promise<number> => {
    server.say({ type: 'fault', fault: { slowFactor: 1, errorRate } });
    return (await call(server, 'GET', '/api/orders/1', undefined, agent)).status;
  };
  // The fault travels by message, the request by socket: ask until the first has arrived.
  const until = async (errorRate: number, status: number): Promise<void> => {
    while ((await statusUnder(errorRate)) !== status);
  };
  await until(1, 500);
  await until(0, 200);
  expect(server.counters.rejected).toBeGreaterThan(0);
});

test('a client that goes away while waiting gives its place up', async () => {
  const server = await backend({ capacity: endless });
  const calls = [1, 2].map((id) => {
    const outgoing = request({ host: '127.0.0.1', port: server.port, path: `/api/orders/${id}`, agent: false });
    outgoing.on('error', () => {});
    return outgoing.end();
  });
  while (server.counters.queued === 0) await new Promise(setImmediate);
  for (const outgoing of calls) outgoing.destroy();
  // A place is given up right after it is counted as abandoned; this is another thread.
  const open = () => server.counters.inFlight + server.counters.queued;
  while (server.counters.abandoned < 2 || open() > 0) await new Promise(setImmediate);
  expect(server.counters).toMatchObject({ received: 2, answered: 0, abandoned: 2, inFlight: 0, queued: 0 });
});

test('where the declared port is taken it listens on another and says so', async () => {
  const occupant = createServer();
  await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
  const { port } = occupant.address() as { port: number };
  const server = await backend({ port });
  const { listen } = await server.hear('listening');
  expect(listen[0]).toMatchObject({ protocol: 'rest', declaredPort: port });
  expect(server.port).not.toBe(port);
  expect((await call(server, 'GET', '/api/orders/1')).status).toBe(200);
  await new Promise((resolve) => occupant.close(resolve));
});

test('drain answers what has been received, refuses what is new, and the thread ends', async () => {
  const server = await backend({ capacity: { slots: 4, queue: 4, serviceTimeMs: 600, distribution: 'fixed' } });
  const agent = keepAlive();
  const slow = call(server, 'GET', '/api/orders/1', undefined, agent);
  while (server.counters.inFlight === 0) await new Promise(setImmediate);
  server.say({ type: 'drain' });
  const answer = await slow;
  expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
  expect(await server.exited).toBe(0);
  await expect(call(server, 'GET', '/api/orders/1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(server.counters).toMatchObject({ received: 1, answered: 1 });
});

test('the counters of a killed backend can still be read', async () => {
  const server = await backend();
  await call(server, 'GET', '/api/orders/1');
  running = [];
  await server.kill();
  expect(server.counters).toMatchObject({ received: 1, answered: 1, connectionsAccepted: 1 });
});
