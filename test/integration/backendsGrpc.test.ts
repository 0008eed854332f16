import * as grpc from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { CONNECTION_HEADER, SERVER_HEADER } from '../../src/protocol/backendWorker';
import {
  CATALOGUE_SIZE,
  type ChatMessage,
  loadOrdersServices,
  ORDER_STATUSES,
  type OrderEvent,
  type OrdersServices,
  type UploadSummary,
} from '../../src/protocol/ordersService';
import { type BackendOptions, TestBackend } from '../harness/workers';

let services: OrdersServices;
let clients: grpc.Client[] = [];
let running: TestBackend[] = [];

beforeAll(async () => {
  services = await loadOrdersServices();
});

afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  const codes = await Promise.all(running.map((one) => one.close()));
  running = [];
  expect(codes.every((code) => code === 0)).toBe(true);
});

async function connect(options: BackendOptions = {}): Promise<{ server: TestBackend; client: grpc.Client }> {
  const server = await TestBackend.start('grpc', options);
  running.push(server);
  const client = new grpc.Client(`ipv4:${server.address}`, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
  });
  clients.push(client);
  return { server, client };
}

interface Answer<Reply> {
  readonly code: grpc.status;
  readonly details: string;
  readonly reply: Reply | undefined;
  readonly header: (name: string) => string;
}

function unary<Request extends object, Reply extends object>(
  client: grpc.Client,
  method: MethodDefinition<Request, Reply>,
  message: Request,
): Promise<Answer<Reply>> {
  return new Promise((resolve) => {
    let initial = new grpc.Metadata();
    const call = client.makeUnaryRequest<Request, Reply>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      message,
      (error: grpc.ServiceError | null, reply?: Reply) =>
        resolve({
          code: error?.code ?? grpc.status.OK,
          details: error?.details ?? '',
          reply,
          header: (name) => String(initial.get(name)[0] ?? error?.metadata.get(name)[0]),
        }),
    );
    call.on('metadata', (metadata) => {
      initial = metadata;
    });
  });
}

const tea = { customer: 'Minji', lines: [{ sku: 'tea-green', quantity: 2 }] };

test('unary: orders can be listed, read and placed', async () => {
  const { client, server } = await connect();
  const { orders } = services;
  const listed = await unary(client, orders.ListOrders, { limit: 2, offset: 1 });
  expect(listed.reply).toMatchObject({ orders: [{ id: '2' }, { id: '3' }], total: CATALOGUE_SIZE });
  const placed = await unary(client, orders.PlaceOrder, tea);
  expect(placed.reply).toMatchObject({ customer: 'Minji', status: 'PLACED', total_won: 17_800 });
  const read = await unary(client, orders.GetOrder, { id: String(CATALOGUE_SIZE + 1) });
  expect(read.reply).toEqual(placed.reply);
  expect(server.counters).toMatchObject({ received: 3, answered: 3, connectionsAccepted: 1 });
});

test('errors have the status of their kind, are answers, and are signed like others', async () => {
  const { client, server } = await connect();
  const missing = await unary(client, services.orders.GetOrder, { id: '0' });
  expect(missing).toMatchObject({ code: grpc.status.NOT_FOUND, details: 'There is no order 0' });
  const invalid = await unary(client, services.orders.PlaceOrder, { customer: '', lines: [] });
  expect(invalid.code).toBe(grpc.status.INVALID_ARGUMENT);
  expect(invalid.details).toContain('customer must be');
  expect(invalid.header(SERVER_HEADER)).toBe('server-a');
  expect(invalid.header(CONNECTION_HEADER)).toMatch(/^\d+\/1$/);
  expect(server.counters).toMatchObject({ received: 2, answered: 2, rejected: 0 });
});

test('server streaming: each status of an order until it is delivered', async () => {
  const { client, server } = await connect();
  await unary(client, services.orders.PlaceOrder, tea);
  const { WatchOrder } = services.orders;
  const events: OrderEvent[] = [];
  const stream = client.makeServerStreamRequest(
    WatchOrder.path,
    WatchOrder.requestSerialize,
    WatchOrder.responseDeserialize,
    {
      id: String(CATALOGUE_SIZE + 1),
    },
  );
  for await (const event of stream as AsyncIterable<OrderEvent>) events.push(event);
  expect(events.map((event) => event.status)).toEqual([...ORDER_STATUSES]);
  expect(server.counters).toMatchObject({ received: 2, answered: 2, inFlight: 0 });
});

test('server streaming: a watcher that cancels is counted as gone', async () => {
  const { client, server } = await connect();
  await unary(client, services.orders.PlaceOrder, tea);
  const { WatchOrder } = services.orders;
  const stream = client.makeServerStreamRequest(
    WatchOrder.path,
    WatchOrder.requestSerialize,
    WatchOrder.responseDeserialize,
    {
      id: String(CATALOGUE_SIZE + 1),
    },
  );
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('data', resolve));
  stream.cancel();
  while (server.counters.abandoned === 0 || server.counters.inFlight > 0) await new Promise(setImmediate);
  expect(server.counters).toMatchObject({ received: 2, answered: 1, abandoned: 1, inFlight: 0 });
});

test('client streaming: many orders in one call, summed up', async () => {
  const { client } = await connect();
  const { UploadOrders } = services.orders;
  const summary = await new Promise<UploadSummary | undefined>((resolve, reject) => {
    const stream = client.makeClientStreamRequest(
      UploadOrders.path,
      UploadOrders.requestSerialize,
      UploadOrders.responseDeserialize,
      (error: grpc.ServiceError | null, reply?: UploadSummary) => (error === null ? resolve(reply) : reject(error)),
    );
    for (const order of [tea, { customer: '', lines: [] }, tea]) stream.write(order);
    stream.end();
  });
  expect(summary).toEqual({ accepted: 2, refused: 1, total_won: 35_600 });
});

test('bidirectional: each message of a chat is answered while the stream stands', async () => {
  const { client, server } = await connect();
  const { Chat } = services.orders;
  const stream = client.makeBidiStreamRequest(Chat.path, Chat.requestSerialize, Chat.responseDeserialize);
  const ask = async (text: string): Promise<ChatMessage> => {
    const said = new Promise<ChatMessage>((resolve) => stream.once('data', resolve));
    stream.write({ from: 'Sam', text });
    return await said;
  };
  expect((await ask('hello')).text).toContain('Which order');
  expect((await ask('where is 0?')).text).toBe('There is no order 0.');
  expect(await ask('and 7?')).toMatchObject({ from: 'server-a', text: expect.stringMatching(/^Order 7 is \w+\.$/) });
  const status = new Promise<grpc.StatusObject>((resolve) => stream.once('status', resolve));
  stream.end();
  expect((await status).code).toBe(grpc.status.OK);
  expect(server.counters).toMatchObject({ received: 1, answered: 1, inFlight: 0 });
});

test('the health service answers and is in no count', async () => {
  const { client, server } = await connect();
  expect((await unary(client, services.health.Check, { service: '' })).reply).toEqual({ status: 'SERVING' });
  expect((await unary(client, services.health.Check, { service: 'nobody' })).code).toBe(grpc.status.NOT_FOUND);
  expect(server.counters).toMatchObject({ received: 0, answered: 0, connectionsAccepted: 1 });
});

test('beyond slots and queue the status is RESOURCE_EXHAUSTED, and it is counted as rejected', async () => {
  // Service that outlasts the test: the first two stay in until the server is closed.
  const { client, server } = await connect({
    capacity: { slots: 1, queue: 1, serviceTimeMs: 600_000, distribution: 'fixed' },
  });
  const ask = () => unary(client, services.orders.GetOrder, { id: '1' });
  const inside = [ask(), ask()];
  while (server.counters.queued === 0) await new Promise(setImmediate);
  const answers = await Promise.all([ask(), ask(), ask()]);
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([grpc.status.RESOURCE_EXHAUSTED]));
  expect(server.counters).toMatchObject({ received: 5, answered: 3, rejected: 3, inFlight: 1, queued: 1 });
  await server.kill();
  expect((await Promise.all(inside)).map(({ code }) => code)).toEqual([
    grpc.status.UNAVAILABLE,
    grpc.status.UNAVAILABLE,
  ]);
  // A dead server counts nothing: what was inside it stays where it was.
  expect(server.counters).toMatchObject({ answered: 3, abandoned: 0, inFlight: 1, queued: 1 });
});

test('drain finishes the calls that run, then the thread ends', async () => {
  const { client, server } = await connect({
    capacity: { slots: 4, queue: 4, serviceTimeMs: 600, distribution: 'fixed' },
  });
  const call = unary(client, services.orders.GetOrder, { id: '1' });
  while (server.counters.inFlight === 0) await new Promise(setImmediate);
  server.say({ type: 'drain' });
  expect((await call).code).toBe(grpc.status.OK);
  expect(await server.exited).toBe(0);
  expect(server.counters).toMatchObject({ received: 1, answered: 1, connectionsOpen: 0 });
});
