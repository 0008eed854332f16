import { createServer } from 'node:http';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { CONNECTION_HEADER, SERVER_HEADER } from '../protocol/backendWorker';
import type { Visit } from './admission';
import { DEFAULT_PAGE, MAX_PAGE } from './catalogue';
import { Connections } from './connections';
import { listenOnLoopback } from './listen';
import type { BackendParts, ProtocolServer } from './protocolServer';

/**
 * The orders service as REST: GET and POST /api/orders, GET /api/orders/:id, and GET /api/orders/:id/events as
 * server-sent events (HTML standard, section 9.2). Errors are JSON: `{ error: { code, message, faults? } }`.
 * Rejects if no port can be bound.
 */
export async function startRestServer(parts: BackendParts, declaredPort: number): Promise<ProtocolServer> {
  const { default: express } = await import('express');
  const { admission, catalogue } = parts;
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
  const noSuchOrder = (res: Response, id: string): void =>
    refuse(res, 404, 'order_not_found', `There is no order ${id}`);

  const server = createServer();
  const connections = new Connections(server, parts.counters);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app.use((req, res, next) => {
    res.set(SERVER_HEADER, parts.id);
    res.set(CONNECTION_HEADER, connections.signRequest(req.socket.remotePort ?? 0));
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

  app.get('/api/orders', (req, res) => {
    const limit = wholeNumber(req.query.limit, DEFAULT_PAGE);
    const offset = wholeNumber(req.query.offset, 0);
    if (limit === null || limit < 1 || limit > MAX_PAGE || offset === null) {
      refuse(res, 400, 'invalid_query', `limit must be 1 to ${MAX_PAGE} and offset 0 or more`);
    } else answer(res, 200, catalogue.list(limit, offset));
  });

  app.get('/api/orders/:id', (req, res) => {
    const order = catalogue.get(req.params.id);
    if (order === null) noSuchOrder(res, req.params.id);
    else answer(res, 200, order);
  });

  app.post('/api/orders', (req: Request, res) => {
    const placed = catalogue.place(req.body);
    if (!placed.ok) {
      refuse(res, 400, 'invalid_order', 'The order cannot be placed', placed.error);
      return;
    }
    res.location(`/api/orders/${placed.value.id}`);
    answer(res, 201, placed.value);
  });

  app.get('/api/orders/:id/events', (req, res) => {
    const { id } = req.params;
    if (catalogue.get(id) === null) {
      noSuchOrder(res, id);
      return;
    }
    res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    res.flushHeaders();
    const stop = catalogue.watch(
      id,
      (event) => res.write(`event: status\ndata: ${JSON.stringify(event)}\n\n`),
      () => {
        visits.get(res)?.answered();
        res.end();
      },
    );
    res.once('close', () => stop?.());
  });

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
      new Promise((resolve) => {
        draining = true;
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
    dispose: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      connections.dispose();
      await closed;
    },
  };
}

function wholeNumber(value: unknown, absent: number): number | null {
  if (value === undefined) return absent;
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : null;
}
