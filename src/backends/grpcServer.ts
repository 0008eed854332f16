import { createServer } from 'node:net';
import type * as Grpc from '@grpc/grpc-js';
import { CONNECTION_HEADER, SERVER_HEADER } from '../protocol/backendWorker';
import { loadOrdersServices, type UploadSummary } from '../protocol/ordersService';
import type { Visit } from './admission';
import { addToSummary, type OrderFault } from './catalogue';
import { Connections } from './connections';
import { listenOnLoopback } from './listen';
import type { BackendParts, ProtocolServer } from './protocolServer';

/** After a connection's maximum age its calls may still take this long, ms: far more than any call of a lab needs. */
const MAX_AGE_GRACE_MS = 30_000;

/**
 * The orders service as gRPC, all four call kinds, and the health service, which is in no count. Rejects if no port can
 * be bound. The listener is our own, because grpc-js shows no sockets: it counts each connection and hands it on
 * (Server.createConnectionInjector).
 */
export async function startGrpcServer(
  parts: BackendParts,
  declaredPort: number,
  maxConnectionAgeMs: number | null,
): Promise<ProtocolServer> {
  const [grpc, services] = await Promise.all([import('@grpc/grpc-js'), loadOrdersServices()]);
  const server = new grpc.Server({
    'grpc.enable_channelz': 0,
    ...(maxConnectionAgeMs === null
      ? {}
      : {
          'grpc.max_connection_age_ms': maxConnectionAgeMs,
          'grpc.max_connection_age_grace_ms': MAX_AGE_GRACE_MS,
        }),
  });
  server.addService(services.orders as unknown as Grpc.ServiceDefinition, ordersHandlers(grpc, parts));
  server.addService(services.health as unknown as Grpc.ServiceDefinition, {
    Check: (call: Grpc.ServerUnaryCall<{ service: string }, unknown>, reply: Grpc.sendUnaryData<unknown>) => {
      call.sendMetadata(signature(grpc, parts.id, call));
      const known = call.request.service === '' || call.request.service === 'lab.orders.v1.Orders';
      if (known) reply(null, { status: 'SERVING' });
      else reply({ code: grpc.status.NOT_FOUND, details: 'Unknown service' });
    },
  });

  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  // HTTP/2 closes its two directions by itself; small frames must not wait for Nagle's algorithm.
  const listener = createServer({ allowHalfOpen: true, noDelay: true });
  const connections = new Connections(listener, parts.counters);
  listener.on('connection', (socket) => injector.injectConnection(socket));
  const port = await listenOnLoopback(listener, declaredPort);
  const closeListener = (): Promise<void> => new Promise((resolve) => listener.close(() => resolve()));
  return {
    port,
    drain: async () => {
      const closed = closeListener();
      // Sends GOAWAY on every connection and waits for the calls that run on them.
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      await closed;
    },
    dispose: async () => {
      const closed = closeListener();
      server.forceShutdown();
      connections.dispose();
      await closed;
    },
  };
}

type AnyCall = { getPeer(): string };

/** Who answers, and by which port the caller came; in the initial metadata, and in the trailers of an error. */
function signature(grpc: typeof Grpc, id: string, call: AnyCall): Grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set(SERVER_HEADER, id);
  metadata.set(CONNECTION_HEADER, /:(\d+)$/.exec(call.getPeer())?.[1] ?? '');
  return metadata;
}

function ordersHandlers(
  grpc: typeof Grpc,
  { id, admission, catalogue }: BackendParts,
): Grpc.UntypedServiceImplementation {
  const { status } = grpc;
  const problem = (call: AnyCall, code: Grpc.status, details: string): Grpc.ServiceError =>
    Object.assign(new Error(details), { code, details, metadata: signature(grpc, id, call) });
  const noSuchOrder = (call: AnyCall, order: string) => problem(call, status.NOT_FOUND, `There is no order ${order}`);
  const invalid = (call: AnyCall, faults: readonly OrderFault[]) =>
    problem(call, status.INVALID_ARGUMENT, faults.map((fault) => `${fault.field} ${fault.problem}`.trim()).join('; '));

  type Surface = AnyCall & { on(event: 'cancelled', listener: () => void): unknown };
  /** Brings a call through the door; `fail` ends it with an error, `served` makes the answer. */
  const admit = (call: Surface, fail: (error: Grpc.ServiceError) => void, served: (visit: Visit) => void): void => {
    const visit = admission.take({
      refused: () => fail(problem(call, status.RESOURCE_EXHAUSTED, 'All slots are busy and the queue is full')),
      failed: () => fail(problem(call, status.INTERNAL, 'The server failed (as the lab asked it to)')),
      served,
    });
    call.on('cancelled', () => visit.abandoned());
  };

  const unary =
    <Request, Reply>(work: (call: Grpc.ServerUnaryCall<Request, Reply>) => Reply | Grpc.ServiceError) =>
    (call: Grpc.ServerUnaryCall<Request, Reply>, reply: Grpc.sendUnaryData<Reply>): void =>
      admit(call, reply, (visit) => {
        const answer = work(call);
        visit.answered();
        if (answer instanceof Error) reply(answer);
        else {
          call.sendMetadata(signature(grpc, id, call));
          reply(null, answer);
        }
      });

  return {
    ListOrders: unary((call: Grpc.ServerUnaryCall<{ limit: number; offset: number }, unknown>) => {
      const { limit, offset } = call.request;
      if (limit < 0 || offset < 0) return problem(call, status.INVALID_ARGUMENT, 'limit and offset must be 0 or more');
      return catalogue.list(limit === 0 ? 20 : limit, offset);
    }),

    GetOrder: unary(
      (call: Grpc.ServerUnaryCall<{ id: string }, unknown>) =>
        catalogue.get(call.request.id) ?? noSuchOrder(call, call.request.id),
    ),

    PlaceOrder: unary((call: Grpc.ServerUnaryCall<unknown, unknown>) => {
      const placed = catalogue.place(call.request);
      return placed.ok ? placed.value : invalid(call, placed.error);
    }),

    WatchOrder: (call: Grpc.ServerWritableStream<{ id: string }, unknown>) =>
      admit(
        call,
        (error) => call.destroy(error),
        (visit) => {
          const order = call.request.id;
          if (catalogue.get(order) === null) {
            visit.answered();
            call.destroy(noSuchOrder(call, order));
            return;
          }
          call.sendMetadata(signature(grpc, id, call));
          const stop = catalogue.watch(
            order,
            (event) => call.write(event),
            () => {
              visit.answered();
              call.end();
            },
          );
          call.on('cancelled', () => stop?.());
        },
      ),

    UploadOrders: (call: Grpc.ServerReadableStream<unknown, UploadSummary>, reply: Grpc.sendUnaryData<UploadSummary>) =>
      admit(call, reply, (visit) => {
        let sum: UploadSummary = { accepted: 0, refused: 0, total_won: 0 };
        call.on('data', (order) => {
          sum = addToSummary(sum, catalogue.place(order));
        });
        call.on('error', () => visit.abandoned());
        call.on('end', () => {
          visit.answered();
          call.sendMetadata(signature(grpc, id, call));
          reply(null, sum);
        });
      }),

    Chat: (call: Grpc.ServerDuplexStream<{ text: string }, unknown>) =>
      admit(
        call,
        (error) => call.destroy(error),
        (visit) => {
          call.sendMetadata(signature(grpc, id, call));
          call.on('data', (said: { text: string }) => call.write({ from: id, text: catalogue.reply(said.text) }));
          call.on('error', () => visit.abandoned());
          call.on('end', () => {
            visit.answered();
            call.end();
          });
        },
      ),
  } as Grpc.UntypedServiceImplementation;
}
