import type { Clock } from '../../base/clock';
import { TRACE_HEADER } from '../../protocol/backendWorker';
import type { Target } from '../targets';
import type { TrafficClient } from './client';
import type { ClientSockets } from './clientSockets';
import { CHANNEL_OPTIONS, type GrpcKit, sendGrpc } from './grpcCall';
import { sendChat } from './grpcChat';
import { workingClient } from './workingClient';

/** Unary gRPC: one channel with a connection of its own for each client, the requests multiplexed on them in turn. */
export function grpcChannels(
  kit: GrpcKit,
  target: Target,
  clients: number,
  timeoutMs: number,
  clock: Clock,
  sockets: ClientSockets,
): TrafficClient {
  const { grpc } = kit;
  const stubs = Array.from({ length: clients }, (_, owner) =>
    workingClient.run(
      owner,
      () =>
        new grpc.Client(`ipv4:${target.host}:${target.port}`, grpc.credentials.createInsecure(), {
          ...CHANNEL_OPTIONS,
          ...kit.channelOptions,
        }),
    ),
  );
  return {
    lanes: Number.POSITIVE_INFINITY,
    prepare: async () => {
      const deadline = clock.wallNow() + timeoutMs;
      await Promise.all(
        stubs.map(
          (stub, owner) =>
            new Promise<void>((resolve, reject) => {
              workingClient.run(owner, () =>
                stub.waitForReady(deadline, (error) => (error ? reject(error) : resolve())),
              );
            }),
        ),
      );
    },
    send: (owner, ask, ended) => {
      const stub = stubs[owner];
      if (stub === undefined) throw new Error('A client plan needs at least one client');
      const call = ask(owner);
      // Looking it up costs; only samples show it.
      const before = call.headers?.[TRACE_HEADER] === undefined ? null : sockets.onlyOneOf(owner);
      // While one connection replaces another it is not known which of them a call took: then the sample names none.
      const connectionOf = () => (before !== null && sockets.onlyOneOf(owner) === before ? before : null);
      const sendCall = call.grpc?.chat === undefined ? sendGrpc : sendChat;
      workingClient.run(owner, () =>
        sendCall(kit, stub, { call, timeoutMs, nowMs: clock.wallNow() }, connectionOf, ended),
      );
    },
    setTargets: () => {},
    dispose: () => {
      for (const stub of stubs) stub.close();
    },
  };
}
