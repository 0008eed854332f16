import type { Timer } from '../../base/clock';
import type { WorkloadPlan } from '../../protocol/trafficWorker';
import type { Chat, Workload, WorkloadParts } from './workload';

/** Width of the slots in which messages are counted over time, ms. */
const SLOT_MS = 250;

/**
 * Every request is a stream. REST: the server sends events, and the client has nothing to say once it has asked. gRPC: a
 * chat, in which the client speaks, too, and each of its messages is answered.
 */
export function streamWorkload(
  { messages, everyMs }: Extract<WorkloadPlan, { kind: 'stream' }>,
  { clock, protocol }: WorkloadParts,
): Workload {
  let startedAt: number | null = null;
  let streams = 0;
  const slots: { toServer: number; toClient: number }[] = [];
  const count = (direction: 'toServer' | 'toClient'): void => {
    const slot = Math.floor((clock.now() - (startedAt ?? clock.now())) / SLOT_MS);
    while (slots.length <= slot) slots.push({ toServer: 0, toClient: 0 });
    const counted = slots[slot];
    if (counted !== undefined) counted[direction] += 1;
  };
  const total = (direction: 'toServer' | 'toClient') => slots.reduce((sum, slot) => sum + slot[direction], 0);

  const chat = (client: number): Chat => ({
    begin: (say, end) => {
      let said = 0;
      let timer: Timer | null = null;
      const next = (): void => {
        said += 1;
        say({ from: `client-${client + 1}`, number: said, text: `Note ${said} of ${messages}` });
        count('toServer');
        if (said === messages) end();
        else timer = clock.setTimeout(next, everyMs);
      };
      next();
      return () => timer?.cancel();
    },
    heard: () => count('toClient'),
  });

  return {
    next: (_index, client) => {
      startedAt ??= clock.now();
      streams += 1;
      if (protocol === 'grpc') {
        return { grpc: { service: 'messages', method: 'Chat', request: {}, chat: chat(client) } };
      }
      const events = eventCounter(() => count('toClient'));
      return {
        rest: {
          method: 'GET',
          path: `/api/messages/events?messages=${messages}&every_ms=${everyMs}`,
          decodes: true,
          heard: events,
        },
        headers: { accept: 'text/event-stream' },
      };
    },
    findings: () =>
      streams === 0
        ? {}
        : {
            streamed: { streams, toServer: total('toServer'), toClient: total('toClient') },
            streamedOverTime: slots.map((slot, index) => ({ atMs: index * SLOT_MS, ...slot })),
          },
  };
}

/** Calls back for every whole event with data: events end with an empty line, wherever the pieces are cut. */
export function eventCounter(event: () => void): (piece: Buffer) => void {
  let rest = '';
  return (piece) => {
    const parts = (rest + piece.toString('latin1')).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (/^data:/m.test(part)) event();
  };
}
