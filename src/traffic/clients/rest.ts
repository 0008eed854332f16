import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Clock } from '../../base/clock';
import { CONNECTION_HEADER, SERVER_HEADER } from '../../protocol/backendWorker';
import type { Target } from '../targets';
import type { Answer, Call, RestCall } from '../workloads/workload';
import type { Reply } from './client';
import type { ClientSockets } from './clientSockets';
import { NO_SERVER_CONNECTION, readConnectionHeader } from './connectionHeader';
import type { TlsConnections } from './tlsConnections';

/** RFC 9110, section 9.2.2: an idempotent request may be repeated when its connection broke before the response. */
const MAX_RETRIES = 3;
/** Errors that mean: there was a connection, and it broke. A refused one never was, and is not tried again. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

export interface RestRequest {
  readonly agent: Agent;
  readonly target: Target;
  readonly call: Call;
  readonly timeoutMs: number;
  /** Where the agent's connections are TLS. */
  readonly tls?: TlsConnections | undefined;
}

/** One call over HTTP/1.1; body read, JSON decoded. An idempotent one is repeated up to 3 times when its connection breaks. */
export function sendRest(
  wanted: RestRequest,
  clock: Clock,
  sockets: ClientSockets,
  ended: (reply: Reply) => void,
): void {
  const rest = restCallOf(wanted.call);
  let retries = 0;
  let settled = false;
  let current: ClientRequest | null = null;
  const settle = (reply: Omit<Reply, 'retries'>): void => {
    if (settled) return;
    settled = true;
    timeout.cancel();
    ended({ ...reply, retries });
  };
  const failed = (status: string): void =>
    settle({ answered: false, status, by: 'client', clientConnection: null, ...NO_SERVER_CONNECTION });
  const timeout = clock.setTimeout(() => {
    failed('ETIMEDOUT');
    current?.destroy();
  }, wanted.timeoutMs);

  const attempt = (): void => {
    // On a connection that was used before, bytes of earlier responses have been read.
    let readBefore = 0;
    const outgoing = request({
      agent: wanted.agent,
      host: wanted.target.host,
      port: wanted.target.port,
      method: rest.method,
      path: rest.path,
      headers: headersOf(rest, wanted.call.headers),
    });
    current = outgoing;
    outgoing.once('socket', (socket) => {
      readBefore = socket.bytesRead;
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      if (settled) return;
      const code = error.code ?? error.name;
      const untouched = (outgoing.socket?.bytesRead ?? 0) === readBefore;
      if (untouched && BROKEN.has(code) && retries < MAX_RETRIES && rest.method !== 'POST') {
        retries += 1;
        attempt();
      } else failed(code);
    });
    outgoing.once('response', (response) => {
      const { socket } = outgoing;
      const connection = sockets.numberOf(wanted.tls?.carrierOf(socket) ?? socket);
      readBody(
        response,
        rest,
        (body) => {
          const reply = readReply(response);
          const answer = answerOf(response, reply, body);
          wanted.tls?.answered(socket, answer);
          wanted.call.read?.(answer);
          settle({ ...reply, clientConnection: connection });
        },
        // Cut off in its middle, a response is no response; and its bytes forbid another try.
        () => failed('ECONNRESET'),
      );
    });
    outgoing.end(rest.body?.bytes);
  };
  attempt();
}

function readReply(response: IncomingMessage): Omit<Reply, 'retries' | 'clientConnection'> {
  const server = response.headers[SERVER_HEADER];
  return {
    answered: true,
    status: String(response.statusCode),
    by: typeof server === 'string' ? server : 'balancer',
    ...readConnectionHeader(response.headers[CONNECTION_HEADER]),
  };
}

function answerOf(
  response: IncomingMessage,
  reply: { readonly status: string; readonly by: string },
  body: Buffer,
): Answer {
  const all = (name: string): readonly string[] => response.headersDistinct[name] ?? [];
  return { status: reply.status, by: reply.by, header: (name) => all(name)[0] ?? null, headers: all, body };
}

function restCallOf(call: Call): RestCall {
  if (call.rest === undefined) throw new Error('This workload cannot be sent as REST');
  return call.rest;
}

function headersOf(rest: RestCall, extra: Call['headers']): Record<string, string | number> {
  const body =
    rest.body === undefined ? null : { 'content-type': rest.body.type, 'content-length': rest.body.bytes.length };
  return { accept: 'application/json', ...body, ...extra };
}

function readBody(response: IncomingMessage, rest: RestCall, whole: (body: Buffer) => void, cut: () => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    rest.heard?.(chunk);
  });
  response.once('error', cut);
  response.once('end', () => {
    if (!response.complete) {
      cut();
      return;
    }
    const body = Buffer.concat(chunks);
    // Decoded as any client would, so that REST and gRPC do the same work.
    if (response.statusCode === 200 && rest.decodes !== true) parseJson(body);
    whole(body);
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // Something else than JSON, signed or not: it is an answer all the same.
    return null;
  }
}
