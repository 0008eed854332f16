import type { Clock } from '../../base/clock';
import type { Target } from '../targets';
import type { TrafficClient } from './client';
import type { ClientSockets } from './clientSockets';
import { CHANNEL_OPTIONS, type GrpcKit, sendGrpc } from './grpcCall';
import { type Directory, publishDirectory } from './labResolver';

/**
 * Unary gRPC balanced by the client: each client has one channel, which resolves a name to the list of servers and
 * spreads its calls with the library's own round_robin over one connection to each.
 */
export function grpcClientSide(
  kit: GrpcKit,
  targets: readonly Target[],
  clients: number,
  timeoutMs: number,
  clock: Clock,
  sockets: ClientSockets,
): TrafficClient {
  const { grpc } = kit;
  const directory: Directory = { targets };
  const published = publishDirectory(grpc, directory, clock);
  const stubs = Array.from(
    { length: clients },
    () => new grpc.Client(published.target, grpc.credentials.createInsecure(), CHANNEL_OPTIONS),
  );
  // No balancer in between: the port that the server saw is that of our own socket.
  const connectionOf = (port: number | null): number | null => (port === null ? null : sockets.byLocalPort(port));
  return {
    lanes: Number.POSITIVE_INFINITY,
    prepare: async () => {
      await Promise.all(stubs.map((stub) => reachAll(kit, stub, targets.length, timeoutMs, clock)));
    },
    send: (sender, ask, ended) => {
      const stub = stubs[sender];
      if (stub === undefined) throw new Error('A client plan needs at least one client');
      sendGrpc(kit, stub, { call: ask(sender), timeoutMs, nowMs: clock.wallNow() }, connectionOf, ended);
    },
    setTargets: (next) => {
      directory.targets = next;
      sockets.addTargets(next);
    },
    dispose: () => {
      for (const stub of stubs) stub.close();
      published.withdraw();
    },
  };
}

/**
 * Calls the health service, which is in no count, until each server has answered once: only then has round_robin every
 * connection in its rotation, and what follows is spread evenly. A server that cannot be reached in time is left out,
 * as a real client would do; rejects if none can.
 */
async function reachAll(
  kit: GrpcKit,
  stub: GrpcKit['grpc']['Client']['prototype'],
  servers: number,
  timeoutMs: number,
  clock: Clock,
): Promise<void> {
  const deadline = clock.wallNow() + timeoutMs;
  await new Promise<void>((resolve, reject) =>
    stub.waitForReady(deadline, (error) => (error ? reject(error) : resolve())),
  );
  const reached = new Set<string>();
  while (reached.size < servers && clock.wallNow() < deadline) {
    const peer = await checkHealth(kit, stub, deadline);
    if (peer !== null && !reached.has(peer)) reached.add(peer);
    else await new Promise<void>((resolve) => clock.setTimeout(resolve, 1));
  }
}

function checkHealth(
  kit: GrpcKit,
  stub: GrpcKit['grpc']['Client']['prototype'],
  deadline: number,
): Promise<string | null> {
  const { Check } = kit.services.health;
  return new Promise((resolve) => {
    const call = stub.makeUnaryRequest(
      Check.path,
      Check.requestSerialize,
      Check.responseDeserialize,
      { service: '' },
      { deadline },
      (error: unknown) => resolve(error === null ? call.getPeer() : null),
    );
  });
}
