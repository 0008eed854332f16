import type * as Grpc from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { CONNECTION_HEADER, SERVER_HEADER } from '../../protocol/backendWorker';
import type { MessagesDefinition } from '../../protocol/messagesService';
import type { OrdersServices } from '../../protocol/ordersService';
import type { Answer, Call, CodecMeter } from '../workloads/workload';
import type { Reply } from './client';
import { NO_SERVER_CONNECTION, readConnectionHeader } from './connectionHeader';

export interface GrpcKit {
  readonly grpc: typeof Grpc;
  /** Service definitions by the names that calls use. */
  readonly services: OrdersServices & { readonly messages?: MessagesDefinition };
  /** Of every channel, beside CHANNEL_OPTIONS. */
  readonly channelOptions?: Grpc.ChannelOptions;
}

/** Of every channel of the lab: real separate connections, quick to come back, straight to the target. */
export const CHANNEL_OPTIONS: Grpc.ChannelOptions = {
  // Without it, channels of one process to one address share one connection (grpc-js: subchannel-pool.ts).
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // A proxy named in the environment is not part of the lab.
  'grpc.enable_http_proxy': 0,
  'grpc.enable_channelz': 0,
};

/** grpc-js's words for a status that it derived from an HTTP status without a grpc-status (grpc: http-grpc-status-mapping.md). */
const HTTP_STATUS_DETAILS = /^Received HTTP status code/;

/** One unary call. `connectionOf` tells the client's connection from the port under which the server saw it. */
export function sendGrpc(
  kit: GrpcKit,
  client: Grpc.Client,
  wanted: {
    readonly call: Call;
    readonly timeoutMs: number;
    readonly nowMs: number;
  },
  connectionOf: (serverConnection: number | null) => number | null,
  ended: (reply: Reply) => void,
): void {
  const { grpc } = kit;
  const wire = wanted.call.grpc;
  if (wire === undefined) throw new Error('This workload cannot be sent as gRPC');
  const method = metered(methodOf(kit, wire.service, wire.method), wire.meter);
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(wanted.call.headers ?? {})) metadata.set(name, value);
  let signed: Grpc.Metadata | null = null;
  const call = client.makeUnaryRequest<object, object>(
    wire.path ?? method.path,
    method.requestSerialize,
    method.responseDeserialize,
    wire.request,
    metadata,
    { deadline: wanted.nowMs + wanted.timeoutMs },
    (error, message) => {
      const reply = readStatus(grpc, error, signed);
      if (reply.answered) wanted.call.read?.(answerOf(reply, signed, error?.metadata, message ?? null));
      ended({ ...reply, retries: 0, clientConnection: connectionOf(reply.serverConnection) });
    },
  );
  call.on('metadata', (initial) => {
    signed = initial;
  });
}

/**
 * Tells a status that was received from one that the library made up because nothing came. A received one has OK, or
 * trailers (servers sign theirs, see SERVER_HEADER; proxies have at least a content type), or was read off an HTTP
 * status. One made up (connection dropped, no connection, stream reset, deadline) has none of these.
 */
export function readStatus(
  grpc: typeof Grpc,
  error: Grpc.ServiceError | null,
  initial: Grpc.Metadata | null,
): Omit<Reply, 'retries' | 'clientConnection'> {
  const status = grpc.status[error?.code ?? grpc.status.OK] ?? String(error?.code);
  const trailers = error?.metadata;
  const received =
    error === null ||
    (trailers !== undefined && Object.keys(trailers.getMap()).length > 0) ||
    HTTP_STATUS_DETAILS.test(error.details);
  if (!received) return { answered: false, status, by: 'client', ...NO_SERVER_CONNECTION };
  const read = (name: string): string | null => {
    const value = initial?.get(name)[0] ?? trailers?.get(name)[0];
    return typeof value === 'string' ? value : null;
  };
  return {
    answered: true,
    status,
    by: read(SERVER_HEADER) ?? 'balancer',
    ...readConnectionHeader(read(CONNECTION_HEADER)),
  };
}

/** The method with its encoding and decoding inside a meter. */
export function metered(
  method: MethodDefinition<object, object>,
  meter: CodecMeter | undefined,
): MethodDefinition<object, object> {
  if (meter === undefined) return method;
  return {
    ...method,
    requestSerialize: (value) => meter.encoded(() => method.requestSerialize(value)),
    responseDeserialize: (bytes) => meter.decoded(bytes, () => method.responseDeserialize(bytes)),
  };
}

export function methodOf(kit: GrpcKit, service: string, method: string): MethodDefinition<object, object> {
  const found = (kit.services as unknown as Record<string, Record<string, MethodDefinition<object, object>>>)[
    service
  ]?.[method];
  if (found === undefined) throw new Error(`There is no method ${method} of a service ${service}`);
  return found;
}

function answerOf(
  reply: { readonly status: string; readonly by: string },
  initial: Grpc.Metadata | null,
  trailers: Grpc.Metadata | undefined,
  body: object | null,
): Answer {
  const all = (name: string): readonly string[] =>
    [...(initial?.get(name) ?? []), ...(trailers?.get(name) ?? [])].map(String);
  return { status: reply.status, by: reply.by, header: (name) => all(name)[0] ?? null, headers: all, body };
}
