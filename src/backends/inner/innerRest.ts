import { Agent, type IncomingMessage, request } from 'node:http';
import type { Clock } from '../../base/clock';
import { type InnerTarget, SERVER_HEADER } from '../../protocol/backendWorker';
import { INNER_TIMEOUT_MS, type InnerAnswer, type InnerClient, type InnerReply } from './innerClient';

/** More at once wait their turn: HTTP/1.1 carries one request at a time on a connection. */
const MOST_CONNECTIONS = 32;

/** Asks over HTTP/1.1 with JSON, on keep-alive connections. */
export function innerRest(target: InnerTarget, clock: Clock): InnerClient {
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS });
  const [host, port] = target.address.split(':');
  return {
    ask: ({ path }) =>
      new Promise((resolve) => {
        const outgoing = request({ agent, host, port, path, headers: { accept: 'application/json' } });
        const end = (reply: InnerReply): void => {
          timeout.cancel();
          resolve(reply);
        };
        const gone = (status: string): void => end({ answer: { kind: 'unavailable' }, status, by: 'client' });
        const timeout = clock.setTimeout(() => {
          gone('ETIMEDOUT');
          outgoing.destroy();
        }, INNER_TIMEOUT_MS);
        outgoing.once('error', (error: NodeJS.ErrnoException) => gone(error.code ?? error.name));
        outgoing.once('response', (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', () => gone('ECONNRESET'));
          response.once('end', () => end(replyOf(response, Buffer.concat(chunks))));
        });
        outgoing.end();
      }),
    dispose: () => agent.destroy(),
  };
}

function replyOf(response: IncomingMessage, body: Buffer): InnerReply {
  const server = response.headers[SERVER_HEADER];
  const status = response.statusCode ?? 0;
  return {
    answer: answerOf(status, body),
    status: String(status),
    by: typeof server === 'string' ? server : 'balancer',
  };
}

function answerOf(status: number, body: Buffer): InnerAnswer {
  if (status === 404) return { kind: 'not-found' };
  if (status >= 502 && status <= 504) return { kind: 'unavailable' };
  if (status !== 200) return { kind: 'failed' };
  try {
    const read: unknown = JSON.parse(body.toString('utf8'));
    return typeof read === 'object' && read !== null ? { kind: 'found', body: read } : { kind: 'failed' };
  } catch {
    return { kind: 'failed' };
  }
}
