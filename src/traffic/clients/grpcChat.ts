import type * as Grpc from '@grpc/grpc-js';
import type { Call } from '../workloads/workload';
import type { Reply } from './client';
import { type GrpcKit, methodOf, readStatus } from './grpcCall';

/** One call of two streams: begins when it is open, ends when both sides have ended. The counterpart of sendGrpc(). */
export function sendChat(
  kit: GrpcKit,
  client: Grpc.Client,
  wanted: { readonly call: Call; readonly timeoutMs: number; readonly nowMs: number },
  connectionOf: (serverConnection: number | null) => number | null,
  ended: (reply: Reply) => void,
): void {
  const { grpc } = kit;
  const wire = wanted.call.grpc;
  if (wire?.chat === undefined) throw new Error('This workload has no chat');
  const { chat } = wire;
  const method = methodOf(kit, wire.service, wire.method);
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(wanted.call.headers ?? {})) metadata.set(name, value);
  let signed: Grpc.Metadata | null = null;
  const call = client.makeBidiStreamRequest<object, object>(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
    { deadline: wanted.nowMs + wanted.timeoutMs },
  );
  const stop = chat.begin(
    (message) => call.write(message),
    () => call.end(),
  );
  call.on('metadata', (initial) => {
    signed = initial;
  });
  call.on('data', (message: object) => chat.heard(message));
  // The status says the same, and always comes.
  call.on('error', () => {});
  call.on('status', (status: Grpc.StatusObject) => {
    stop();
    const error = status.code === grpc.status.OK ? null : Object.assign(new Error(status.details), { ...status });
    const reply = readStatus(grpc, error, signed);
    ended({ ...reply, retries: 0, clientConnection: connectionOf(reply.serverConnection) });
  });
}
