import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Clock } from '../../base/clock';
import { CONNECTION_HEADER, SERVER_HEADER, TRACE_HEADER } from '../../protocol/backendWorker';
import type { Order } from '../../protocol/ordersService';
import type { Target } from '../targets';
import type { Reply } from './client';
import type { ClientSockets } from './clientSockets';
import { NO_SERVER_CONNECTION, readConnectionHeader } from './connectionHeader';

/** RFC 9110, section 9.2.2: an idempotent request may be repeated when its connection broke before the response. */
const MAX_RETRIES = 3;
/** Errors that mean: there was a connection, and it broke. A refused one never was, and is not tried again. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

export interface RestRequest {
  readonly agent: Agent;
  readonly target: Target;
  readonly orderId: string;
  readonly trace: string | null;
  readonly timeoutMs: number;
}

/** GET /api/orders/:id over HTTP/1.1; body read and decoded. Repeated up to 3 times when its connection breaks. */
export function getOrder(
  wanted: RestRequest,
  clock: Clock,
  sockets: ClientSockets,
  ended: (reply: Reply) => void,
): void {
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
      path: `/api/orders/${wanted.orderId}`,
      headers: { accept: 'application/json', ...(wanted.trace === null ? {} : { [TRACE_HEADER]: wanted.trace }) },
    });
    current = outgoing;
    outgoing.once('socket', (socket) => {
      readBefore = socket.bytesRead;
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      if (settled) return;
      const code = error.code ?? error.name;
      const untouched = (outgoing.socket?.bytesRead ?? 0) === readBefore;
      if (untouched && BROKEN.has(code) && retries < MAX_RETRIES) {
        retries += 1;
        attempt();
      } else failed(code);
    });
    outgoing.once('response', (response) => {
      const connection = sockets.numberOf(outgoing.socket);
      readBody(
        response,
        () => settle({ ...readAnswer(response), clientConnection: connection }),
        // Cut off in its middle, a response is no response; and its bytes forbid another try.
        () => failed('ECONNRESET'),
      );
    });
    outgoing.end();
  };
  attempt();
}

function readAnswer(response: IncomingMessage): Omit<Reply, 'retries' | 'clientConnection'> {
  const server = response.headers[SERVER_HEADER];
  return {
    answered: true,
    status: String(response.statusCode),
    by: typeof server === 'string' ? server : 'balancer',
    ...readConnectionHeader(response.headers[CONNECTION_HEADER]),
  };
}

function readBody(response: IncomingMessage, whole: () => void, cut: () => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.once('error', cut);
  response.once('end', () => {
    if (!response.complete) {
      cut();
      return;
    }
    // Decoded as any client would, so that REST and gRPC do the same work.
    if (response.statusCode === 200) parseOrder(Buffer.concat(chunks));
    whole();
  });
}

function parseOrder(body: Buffer): Order | null {
  try {
    return JSON.parse(body.toString('utf8')) as Order;
  } catch {
    // Something else than an order, signed or not: it is an answer all the same.
    return null;
  }
}
