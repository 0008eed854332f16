import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ErrorRequestHandler, Response } from 'express';
import { CHANNEL_HEADER, CONNECTION_HEADER, SERVER_HEADER, type TlsIdentity } from '../protocol/backendWorker';
import type { Visit } from './admission';
import { Channels } from './channels';
import { Connections } from './connections';
import { listenOnLoopback } from './listen';
import type { BackendParts, ProtocolServer } from './protocolServer';
import { restServiceOf } from './services/index';
import type { RestDoor } from './services/restService';

/** Loads what a REST backend needs before it knows its service. */
export async function preload(): Promise<void> {
  await import('express');
}

/**
 * A backend's service as REST: the door (capacity, faults, counts, signature) around what `services/` mounts. Errors are
 * JSON: `{ error: { code, message, faults? } }`. With an identity it speaks TLS. Rejects if no port can be bound.
 */
export async function startRestServer(
  parts: BackendParts,
  declaredPort: number,
  tls?: TlsIdentity,
): Promise<ProtocolServer> {
  const { default: express } = await import('express');
  const { admission } = parts;
  const visits = new WeakMap<Response, Visit>();
  let draining = false;

  /** Every answer but the event stream leaves here: counted, then sent. */
  const answer = (res: Response, status: number, body: unknown): void => {
    if (draining) res.set('Connection', 'close');
    visits.get(res)?.answered();
    res.status(status).json(body);
  };
  const refuse = (res: Response, status: number, code: string, text: string, faults?: readonly unknown[]): void =>
    answer(res, status, { error: { code, message: text, ...(faults === undefined ? {} : { faults }) } });
  const door: RestDoor = { answer, refuse, streamed: (res) => visits.get(res)?.answered() };

  const server = tls === undefined ? createServer() : createTlsServer({ cert: tls.certificate, key: tls.key });
  const channels = new Channels();
  const connections = new Connections(server, parts.counters, parts.served);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app.use((req, res, next) => {
    res.set(SERVER_HEADER, parts.id);
    res.set(CONNECTION_HEADER, connections.signRequest(req.socket.remotePort ?? 0));
    const channel = channels.nameOf(req.socket);
    if (channel !== null) res.set(CHANNEL_HEADER, channel);
    const visit = admission.take({
      refused: () => refuse(res, 503, 'overloaded', 'All slots are busy and the queue is full'),
      failed: () => refuse(res, 500, 'internal', 'The server failed (as the lab asked it to)'),
      served: (admitted) => {
        visits.set(res, admitted);
        next();
      },
    });
    res.once('close', () => visit.abandoned());
  });
  app.use(express.json({ limit: '64kb' }));

  const service = await restServiceOf(parts.service)(parts.service, door, parts);
  service.mount(app);

  app.use((req, res) => refuse(res, 404, 'no_such_path', `Nothing is at ${req.method} ${req.path}`));
  // Express tells an error handler by its four parameters.
  const onError: ErrorRequestHandler = (
    error: { status?: number; type?: string; message?: string },
    _req,
    res,
    _next,
  ) => {
    if (res.headersSent) {
      res.destroy();
      return;
    }
    const status = error.status !== undefined && error.status >= 400 && error.status < 500 ? error.status : 500;
    if (status === 500) refuse(res, 500, 'internal', 'The server failed');
    else refuse(res, status, error.type ?? 'bad_request', error.message ?? 'The request cannot be read');
  };
  app.use(onError);

  server.on('request', app);
  // Who closes an idle connection is the lab's subject: the server never does on its own.
  server.keepAliveTimeout = 0;
  const port = await listenOnLoopback(server, declaredPort);
  return {
    port,
    drain: () =>
      new Promise<void>((resolve) => {
        draining = true;
        server.close(() => resolve());
        server.closeIdleConnections();
      }).then(() => service.dispose?.()),
    dispose: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      connections.dispose();
      await closed;
      await service.dispose?.();
    },
  };
}
