import * as grpc from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import type { Clock } from '../../base/clock';
import { type InnerTarget, SERVER_HEADER } from '../../protocol/backendWorker';
import { loadOrdersServices } from '../../protocol/ordersService';
import { INNER_TIMEOUT_MS, type InnerAnswer, type InnerClient } from './innerClient';

/** Asks over gRPC: one channel, one connection, its calls multiplexed. */
export async function innerGrpc(target: InnerTarget, clock: Clock): Promise<InnerClient> {
  const services = (await loadOrdersServices()) as unknown as Record<
    string,
    Record<string, MethodDefinition<object, object>>
  >;
  const client = new grpc.Client(`ipv4:${target.address}`, grpc.credentials.createInsecure(), {
    // A connection of its own for each service that is asked (grpc-js: subchannel-pool.ts).
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
  });
  return {
    ask: (question) =>
      new Promise((resolve) => {
        const method = services[question.service]?.[question.grpc.method];
        if (method === undefined) throw new Error(`${question.service} has no method ${question.grpc.method}`);
        let initial: grpc.Metadata | null = null;
        const call = client.makeUnaryRequest<object, object>(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          question.grpc.request,
          new grpc.Metadata(),
          { deadline: clock.wallNow() + INNER_TIMEOUT_MS },
          (error, body) => {
            const signed = initial?.get(SERVER_HEADER)[0] ?? error?.metadata?.get(SERVER_HEADER)[0];
            const received = isReceived(error);
            resolve({
              // Cut off in its middle (INTERNAL, from the reset of its stream), an answer is none.
              answer: received ? answerOf(error?.code ?? grpc.status.OK, body) : { kind: 'unavailable' },
              status: grpc.status[error?.code ?? grpc.status.OK] ?? 'UNKNOWN',
              by: typeof signed === 'string' ? signed : received ? 'balancer' : 'client',
            });
          },
        );
        call.on('metadata', (metadata) => {
          initial = metadata;
        });
      }),
    dispose: () => client.close(),
  };
}

/**
 * Whether a status came from the other side: with trailers, or read off an HTTP status (grpc: http-grpc-status-mapping.md).
 * One that the library made up because nothing came has neither.
 */
function isReceived(error: grpc.ServiceError | null): boolean {
  if (error === null) return true;
  const trailers = error.metadata as grpc.Metadata | undefined;
  return (
    (trailers !== undefined && Object.keys(trailers.getMap()).length > 0) ||
    error.details.startsWith('Received HTTP status code')
  );
}

function answerOf(code: grpc.status, body: object | undefined): InnerAnswer {
  switch (code) {
    case grpc.status.OK:
      return body === undefined ? { kind: 'failed' } : { kind: 'found', body };
    case grpc.status.NOT_FOUND:
      return { kind: 'not-found' };
    case grpc.status.UNAVAILABLE:
    case grpc.status.DEADLINE_EXCEEDED:
    case grpc.status.RESOURCE_EXHAUSTED:
      return { kind: 'unavailable' };
    default:
      return { kind: 'failed' };
  }
}
