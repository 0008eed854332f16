import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Counters, readCounters } from '../../../src/backends/counters';
import { InnerCalls } from '../../../src/backends/inner/innerCalls';
import { faultText, findSummary } from '../../../src/backends/summaries';
import { systemClock } from '../../../src/base/clock';
import { COUNTER_BYTES } from '../../../src/protocol/backendWorker';

/** The edge's two questions, against a real server on each side that answers as a test wants. */

const order = {
  id: '7',
  customer: 'Minji',
  status: 'PAID',
  items: [{ sku: 'cup', name: 'Celadon cup', quantity: 2, price_won: 24_000 }],
  total_won: 48_000,
};
const user = { id: '7', name: 'Sam', city: 'Jeju', orders: 3 };

let answers: Record<string, { readonly status: number; readonly body: unknown } | 'cut'>;
const inside = createServer((req, res) => {
  const answer = answers[req.url?.split('/')[2] ?? ''];
  if (answer === undefined || answer === 'cut') {
    res.destroy();
    return;
  }
  res.writeHead(answer.status, { 'content-type': 'application/json', 'x-lab-server': 'inner-a' });
  res.end(JSON.stringify(answer.body));
});
let calls: InnerCalls;
const shared = new SharedArrayBuffer(COUNTER_BYTES);
beforeEach(async () => {
  answers = { orders: { status: 200, body: order }, users: { status: 200, body: user } };
  await new Promise<void>((listening) => inside.listen(0, '127.0.0.1', listening));
  const address = `127.0.0.1:${(inside.address() as AddressInfo).port}`;
  const target = { protocol: 'rest', address } as const;
  const targets = [{ service: 'orders', ...target } as const, { service: 'users', ...target } as const];
  new Int32Array(shared).fill(0);
  calls = new InnerCalls(targets, new Counters(shared), systemClock());
});
afterEach(async () => {
  calls.dispose();
  await new Promise((closed) => inside.close(closed));
});

describe('a summary', () => {
  it('puts the order and who placed it together', async () => {
    expect(await findSummary(calls, '7')).toEqual({
      summary: {
        id: '7',
        status: 'PAID',
        items: [{ name: 'Celadon cup', quantity: 2 }],
        total_won: 48_000,
        user: { id: '7', name: 'Sam', city: 'Jeju' },
      },
    });
  });

  it.each([
    ['orders', { status: 404, body: {} }, 'not-found', 'There is no such order'],
    ['users', { status: 503, body: {} }, 'unavailable', 'The users service does not answer'],
    ['users', { status: 502, body: {} }, 'unavailable', 'The users service does not answer'],
    ['orders', 'cut', 'unavailable', 'The orders service does not answer'],
    ['orders', { status: 500, body: {} }, 'failed', 'The orders service failed'],
    ['users', { status: 200, body: 'no object' }, 'failed', 'The users service failed'],
  ] as const)('without %s (%o) says whose fault it is', async (service, answer, kind, text) => {
    answers[service] = answer;
    const found = await findSummary(calls, '7');
    expect(found).toEqual({ fault: { service, kind } });
    if ('fault' in found) expect(faultText(found.fault)).toBe(text);
  });

  it.each(['', '0', 'x', '-1', '../users/1'])('asks nobody for %o', async (id) => {
    expect(await findSummary(calls, id)).toEqual({ fault: { service: 'orders', kind: 'not-found' } });
    expect(readCounters(shared).callsSent).toBe(0);
  });
});

describe('what is asked inside', () => {
  it('is counted when it is sent, and told by outcome with what its sockets carried', async () => {
    await findSummary(calls, '7');
    answers.users = 'cut';
    await findSummary(calls, '7');
    expect(readCounters(shared)).toMatchObject({ callsSent: 4 });
    const [orders, users] = calls.report();
    expect(orders).toMatchObject({
      service: 'orders',
      protocol: 'rest',
      requests: 2,
      outcomes: [{ status: '200', by: 'inner-a', requests: 2 }],
    });
    expect(users?.outcomes).toContainEqual({ status: 'ECONNRESET', by: 'client', requests: 1 });
    expect(orders?.bytes).toBeGreaterThan(2 * JSON.stringify(order).length);
    expect(orders?.latenciesMs).toHaveLength(2);
    expect(calls.report()[0]?.latenciesMs).toEqual([]);
  });
});
