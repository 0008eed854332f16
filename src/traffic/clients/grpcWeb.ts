import { Agent, type IncomingMessage, request } from 'node:http';
import type { MethodDefinition } from '@grpc/proto-loader';
import type { Clock } from '../../base/clock';
import { CONNECTION_HEADER, SERVER_HEADER } from '../../protocol/backendWorker';
import type { OrdersServices } from '../../protocol/ordersService';
import type { Target } from '../targets';
import type { Answer, Call } from '../workloads/workload';
import type { Reply, TrafficClient } from './client';
import type { ClientSockets } from './clientSockets';
import { NO_SERVER_CONNECTION, readConnectionHeader } from './connectionHeader';
import { type GrpcWebReply, grpcWebReply, messageFrame, statusName } from './grpcWebFrames';

const TYPE = 'application/grpc-web+proto';

/**
 * Unary gRPC-Web as a browser sends it (github.com/grpc/grpc, doc/PROTOCOL-WEB.md): an HTTP/1.1 POST with one framed
 * message, over keep-alive connections, one for each client. A POST is never sent twice by itself.
 */
export function grpcWeb(
  services: OrdersServices,
  target: Target,
  clients: number,
  timeoutMs: number,
  clock: Clock,
  sockets: ClientSockets,
): TrafficClient {
  const agents = Array.from({ length: clients }, (_, client) => ({
    client,
    agent: new Agent({ keepAlive: true, maxSockets: 1 }),
  }));
  // First in, first out: the clients take turns.
  const free = [...agents];
  return {
    lanes: clients,
    prepare: async () => {},
    send: (_sender, ask, ended) => {
      const lane = free.shift();
      if (lane === undefined) throw new Error('More requests in flight than clients');
      post({ services, agent: lane.agent, target, call: ask(lane.client), timeoutMs }, clock, sockets, (reply) => {
        free.push(lane);
        ended(reply);
      });
    },
    setTargets: () => {},
    dispose: () => {
      for (const { agent } of agents) agent.destroy();
    },
  };
}

interface WebCall {
  readonly services: OrdersServices;
  readonly agent: Agent;
  readonly target: Target;
  readonly call: Call;
  readonly timeoutMs: number;
}

function post(wanted: WebCall, clock: Clock, sockets: ClientSockets, ended: (reply: Reply) => void): void {
  const { agent, target, call, timeoutMs } = wanted;
  const wire = call.grpc;
  if (wire === undefined) throw new Error('This workload cannot be sent as gRPC');
  const method = methodOf(wanted.services, wire.service, wire.method);
  const body = messageFrame(method.requestSerialize(wire.request));
  let settled = false;
  const settle = (reply: Omit<Reply, 'retries'>): void => {
    if (settled) return;
    settled = true;
    timeout.cancel();
    ended({ ...reply, retries: 0 });
  };
  const failed = (status: string): void =>
    settle({ answered: false, status, by: 'client', clientConnection: null, ...NO_SERVER_CONNECTION });
  const outgoing = request({
    agent,
    ...target,
    method: 'POST',
    path: method.path,
    headers: { 'content-type': TYPE, accept: TYPE, 'x-grpc-web': '1', 'content-length': body.length, ...call.headers },
  });
  const timeout = clock.setTimeout(() => {
    failed('ETIMEDOUT');
    outgoing.destroy();
  }, timeoutMs);
  outgoing.once('error', (error: NodeJS.ErrnoException) => failed(error.code ?? error.name));
  outgoing.once('response', (response) => {
    const clientConnection = sockets.numberOf(outgoing.socket);
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('error', () => failed('ECONNRESET'));
    response.once('end', () => {
      if (!response.complete) {
        failed('ECONNRESET');
        return;
      }
      const read = grpcWebReply(response.statusCode ?? 0, response.headers, Buffer.concat(chunks));
      const answer = answerOf(response, read, method);
      call.read?.(answer);
      settle({
        answered: true,
        status: answer.status,
        by: answer.by,
        clientConnection,
        ...readConnectionHeader(answer.header(CONNECTION_HEADER)),
      });
    });
  });
  outgoing.end(body);
}

function answerOf(response: IncomingMessage, read: GrpcWebReply, method: MethodDefinition<object, object>): Answer {
  // Where nothing but an error is answered, what would be the head's fields are in the trailers.
  const all = (name: string): readonly string[] => {
    const trailer = read.trailers.get(name);
    return [...(response.headersDistinct[name] ?? []), ...(trailer === undefined ? [] : [trailer])];
  };
  return {
    status: statusName(read.status),
    by: all(SERVER_HEADER)[0] ?? 'balancer',
    header: (name) => all(name)[0] ?? null,
    headers: all,
    body: read.message === null ? null : method.responseDeserialize(read.message),
  };
}

function methodOf(services: OrdersServices, service: string, method: string): MethodDefinition<object, object> {
  const found = (services as unknown as Record<string, Record<string, MethodDefinition<object, object>>>)[service]?.[
    method
  ];
  if (found === undefined) throw new Error(`There is no method ${method} of a service ${service}`);
  return found;
}
