import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { renderMessage } from '../../base/message';
import type { Service } from '../../protocol/backendWorker';
import { checkMessage, pathText } from '../../protocol/messageShape';
import { loadMessagesService, MESSAGE_KINDS, type MessageKind } from '../../protocol/messagesService';
import { readNotesWanted, tellNotes } from './notes';
import type { StartRestService } from './restService';

const compress = promisify(gzip);

/**
 * The messages service as REST: POST /api/messages/:kind answers a message with itself (400 names every field that is
 * wrong), GET /api/messages/events?messages=&every_ms= sends notes as server-sent events (HTML standard, section 9.2).
 * Answers are gzipped for whoever accepts that.
 */
export const messagesRest: StartRestService<Extract<Service, { kind: 'messages' }>> = async (_options, door, parts) => {
  const { shapes } = await loadMessagesService();
  return {
    mount(app) {
      app.get('/api/messages/events', (req, res) => {
        const wanted = readNotesWanted(Number(req.query.messages), Number(req.query.every_ms));
        if (!wanted.ok) {
          door.refuse(res, 400, 'invalid_query', wanted.error);
          return;
        }
        res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        res.flushHeaders();
        const stop = tellNotes(
          parts.id,
          wanted.value,
          parts.clock,
          (note) => res.write(`event: note\ndata: ${JSON.stringify(note)}\n\n`),
          () => {
            door.streamed(res);
            res.end();
          },
        );
        res.once('close', stop);
      });

      app.post('/api/messages/:kind', (req: Request<{ kind: string }>, res) => {
        const { kind } = req.params;
        if (!isKind(kind)) {
          door.refuse(res, 404, 'no_such_kind', `There are messages of the kinds ${MESSAGE_KINDS.join(', ')}`);
          return;
        }
        const message: unknown = req.body;
        const faults = checkMessage(shapes[kind], message);
        if (faults.length > 0) {
          const told = faults.map((fault) => ({ field: pathText(fault.path), problem: renderMessage(fault.message) }));
          door.refuse(res, 400, 'invalid_message', told[0]?.problem ?? '', told);
        } else if (req.acceptsEncodings('gzip', 'identity') === 'gzip') void answerGzipped(res, message);
        else door.answer(res, 200, message);
      });
    },
  };

  async function answerGzipped(res: Response, message: unknown): Promise<void> {
    const body = await compress(JSON.stringify(message));
    if (res.destroyed) return;
    res.status(200).type('json').set({ 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' });
    door.streamed(res);
    res.end(body);
  }
};

function isKind(text: string): text is MessageKind {
  return (MESSAGE_KINDS as readonly string[]).includes(text);
}
