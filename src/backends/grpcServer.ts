import { createServer } from 'node:net';
import type * as Grpc from '@grpc/grpc-js';
import { err, ok, type Result } from '../base/result';
import { CONNECTION_HEADER, SERVER_HEADER } from '../protocol/backendWorker';
import { loadOrdersServices, type UploadSummary } from '../protocol/ordersService';
import type { Visit } from './admission';
import { addToSummary, DEFAULT_PAGE, type OrderFault } from './catalogue';
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
  // HTTP/2 closes its two directions by itself; small frames must not wait for Nagle's algorithm.
  const listener = createServer({ allowHalfOpen: true, noDelay: true });
  const connections = new Connections(listener, parts.counters);
  server.addService(services.orders as unknown as Grpc.ServiceDefinition, ordersHandlers(grpc, parts, connections));
  server.addService(services.health as unknown as Grpc.ServiceDefinition, {
    Check: (call: Grpc.ServerUnaryCall<{ service: string }, unknown>, reply: Grpc.sendUnaryData<unknown>) => {
      // Its connection carries it without counting it.
      call.sendMetadata(signature(grpc, parts.id, `${remotePortOf(call)}/0`));
      const known = call.request.service === '' || call.request.service === 'lab.orders.v1.Orders';
      if (known) reply(null, { status: 'SERVING' });
      else reply({ code: grpc.status.NOT_FOUND, details: 'Unknown service' });
    },
  });

  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
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
      // The sockets first: cut, not said goodbye to.
      connections.dispose();
      server.forceShutdown();
      await closed;
    },
  };
}

type AnyCall = { getPeer(): string };

function remotePortOf(call: AnyCall): number {
  return Number(/:(\d+)$/.exec(call.getPeer())?.[1] ?? 0);
}

/** Who answers, and over which connection; in the initial metadata, or in the trailers of an error. */
function signature(grpc: typeof Grpc, id: string, connection: string): Grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set(SERVER_HEADER, id);
  metadata.set(CONNECTION_HEADER, connection);
  return metadata;
}

/** A call past the door. */
interface Admitted {
  readonly visit: Visit;
  /** To be sent as initial metadata. */
  readonly signature: Grpc.Metadata;
}

function ordersHandlers(
  grpc: typeof Grpc,
  { id, admission, catalogue }: BackendParts,
  connections: Connections,
): Grpc.UntypedServiceImplementation {
  const { status } = grpc;
  /** An error before it is signed. */
  type Problem = { readonly code: Grpc.status; readonly details: string };
  const noSuchOrder = (order: string): Problem => ({ code: status.NOT_FOUND, details: `There is no order ${order}` });
  const invalid = (faults: readonly OrderFault[]): Problem => ({
    code: status.INVALID_ARGUMENT,
    details: faults.map((fault) => `${fault.field} ${fault.problem}`.trim()).join('; '),
  });

  type Surface = AnyCall & { on(event: 'cancelled', listener: () => void): unknown };
  /** Brings a call through the door; `fail` ends it with an error, `served` makes the answer. */
  const admit = (
    call: Surface,
    fail: (error: Grpc.ServiceError) => void,
    served: (admitted: Admitted, fail: (problem: Problem) => void) => void,
  ): void => {
    const connection = connections.signRequest(remotePortOf(call));
    const sign = (): Grpc.Metadata => signature(grpc, id, connection);
    const refuse = ({ code, details }: Problem): void =>
      fail(Object.assign(new Error(details), { code, details, metadata: sign() }));
    const visit = admission.take({
      refused: () => refuse({ code: status.RESOURCE_EXHAUSTED, details: 'All slots are busy and the queue is full' }),
      failed: () => refuse({ code: status.INTERNAL, details: 'The server failed (as the lab asked it to)' }),
      served: (admitted) =>
        served({ visit: admitted, signature: sign() }, (problem) => {
          admitted.answered();
          refuse(problem);
        }),
    });
    call.on('cancelled', () => visit.abandoned());
  };

  const unary =
    <Request, Reply>(work: (request: Request) => Result<Reply, Problem>) =>
    (call: Grpc.ServerUnaryCall<Request, Reply>, reply: Grpc.sendUnaryData<Reply>): void =>
      admit(call, reply, (admitted, fail) => {
        const made = work(call.request);
        if (!made.ok) {
          fail(made.error);
          return;
        }
        admitted.visit.answered();
        call.sendMetadata(admitted.signature);
        reply(null, made.value);
      });

  return {
    ListOrders: unary(({ limit, offset }: { limit: number; offset: number }) =>
      limit < 0 || offset < 0
        ? err<Problem>({ code: status.INVALID_ARGUMENT, details: 'limit and offset must be 0 or more' })
        : ok(catalogue.list(limit === 0 ? DEFAULT_PAGE : limit, offset)),
    ),

    GetOrder: unary(({ id: orderId }: { id: string }) => {
      const order = catalogue.get(orderId);
      return order === null ? err(noSuchOrder(orderId)) : ok(order);
    }),

    PlaceOrder: unary((request: unknown) => {
      const placed = catalogue.place(request);
      return placed.ok ? placed : err(invalid(placed.error));
    }),

    WatchOrder: (call: Grpc.ServerWritableStream<{ id: string }, unknown>) =>
      admit(
        call,
        (error) => call.destroy(error),
        (admitted, fail) => {
          const { id: orderId } = call.request;
          if (catalogue.get(orderId) === null) {
            fail(noSuchOrder(orderId));
            return;
          }
          call.sendMetadata(admitted.signature);
          const stop = catalogue.watch(
            orderId,
            (event) => call.write(event),
            () => {
              admitted.visit.answered();
              call.end();
            },
          );
          call.on('cancelled', () => stop?.());
        },
      ),

    UploadOrders: (call: Grpc.ServerReadableStream<unknown, UploadSummary>, reply: Grpc.sendUnaryData<UploadSummary>) =>
      admit(call, reply, ({ visit, signature: signed }) => {
        let sum: UploadSummary = { accepted: 0, refused: 0, total_won: 0 };
        call.on('data', (order) => {
          sum = addToSummary(sum, catalogue.place(order));
        });
        call.on('error', () => visit.abandoned());
        call.on('end', () => {
          visit.answered();
          call.sendMetadata(signed);
          reply(null, sum);
        });
      }),

    Chat: (call: Grpc.ServerDuplexStream<{ text: string }, unknown>) =>
      admit(
        call,
        (error) => call.destroy(error),
        ({ visit, signature: signed }) => {
          call.sendMetadata(signed);
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
