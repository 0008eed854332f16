import { createServer } from 'node:net';
import type * as Grpc from '@grpc/grpc-js';
import { loadOrdersServices } from '../protocol/ordersService';
import { Connections } from './connections';
import { grpcDoor, remotePortOf, signature } from './grpcDoor';
import { listenOnLoopback } from './listen';
import type { BackendParts, ProtocolServer } from './protocolServer';
import { grpcServiceOf } from './services/index';

/** After a connection's maximum age its calls may still take this long, ms: far more than any call of a lab needs. */
const MAX_AGE_GRACE_MS = 30_000;

/** Loads what a gRPC backend needs before it knows its service. */
export async function preload(): Promise<void> {
  await Promise.all([import('@grpc/grpc-js'), loadOrdersServices()]);
}

/**
 * A backend's service as gRPC, and the health service, which is in no count. Rejects if no port can be bound. The listener is our own, because grpc-js shows no sockets: it counts each connection and hands it on
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
  const connections = new Connections(listener, parts.counters, parts.served);
  const { definition, handlers } = await grpcServiceOf(parts.service)(
    parts.service,
    grpc,
    grpcDoor(grpc, parts, connections),
    parts,
  );
  server.addService(definition, handlers);
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
