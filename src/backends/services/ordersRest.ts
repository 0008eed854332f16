import type { Request, Response } from 'express';
import type { Service } from '../../protocol/backendWorker';
import { DEFAULT_PAGE, MAX_PAGE } from '../catalogue';
import type { StartRestService } from './restService';

/**
 * The orders service as REST: GET and POST /api/orders, GET /api/orders/:id, and GET /api/orders/:id/events as
 * server-sent events (HTML standard, section 9.2).
 */
export const ordersRest: StartRestService<Extract<Service, { kind: 'orders' }>> = async (_options, door, parts) => {
  const { answer, refuse } = door;
  const { catalogue } = parts;
  const noSuchOrder = (res: Response, id: string): void =>
    refuse(res, 404, 'order_not_found', `There is no order ${id}`);
  return {
    mount(app) {
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
            door.streamed(res);
            res.end();
          },
        );
        res.once('close', () => stop?.());
      });
    },
  };
};

function wholeNumber(value: unknown, absent: number): number | null {
  if (value === undefined) return absent;
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : null;
}
