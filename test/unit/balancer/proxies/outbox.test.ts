import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Outbox, type Outgoing } from '../../../../src/balancer/proxies/outbox';

it('writes at the end of the turn, in the order asked for; what a write adds has the next turn', async () => {
  const outbox = new Outbox();
  const written: string[] = [];
  const connection = (name: string, then?: Outgoing): Outgoing => ({
    writeOut: () => {
      written.push(name);
      if (then !== undefined) outbox.add(then);
    },
  });
  outbox.add(connection('client', connection('server')));
  outbox.add(connection('another client'));
  await Promise.resolve();
  expect(written).toEqual([]);
  await nextTurn();
  expect(written).toEqual(['client', 'another client']);
  await nextTurn();
  expect(written).toEqual(['client', 'another client', 'server']);
});
