import { beforeAll, expect, it } from 'vitest';
import type { LabDefinition } from '../../src/lab/labDefinition';
import { labNamed, runArm } from '../harness/labs';

/** The lab "one-vs-many": availability and scalability, measured. */

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('one-vs-many');
});

it('one server fails under a load that three bear', async () => {
  const one = await runArm(lab, 'one-server', { scenario: 'overload' });
  const three = await runArm(lab, 'three-servers', { scenario: 'overload' });
  for (const { snapshot } of [one, three]) {
    expect(snapshot.reconciliation).toMatchObject({ agree: true });
    // What both sides of a connection say of it when all is answered: `keepalive 32` leaves some open.
    const dialled = new Map(snapshot.balancer?.peers.map((peer) => [peer.serverId, peer.connectionsOpen]));
    expect(snapshot.servers.map(({ id }) => dialled.get(id))).toEqual(
      snapshot.servers.map((server) => server.connectionsOpen),
    );
    expect([...dialled.values()].reduce((sum, open) => sum + open, 0)).toBeGreaterThan(0);
  }
  expect(one.result.availability).toBeLessThan(70);
  expect(one.result.outcomes).toContainEqual(expect.objectContaining({ status: '503', by: 'server-a' }));
  expect(three.result.availability).toBeGreaterThan(99);
});

it('one server takes the service down with it, three go on', async () => {
  const one = await runArm(lab, 'one-server', { scenario: 'server-dies' });
  const three = await runArm(lab, 'three-servers', { scenario: 'server-dies' });
  for (const { snapshot } of [one, three]) {
    expect(snapshot.reconciliation).toMatchObject({ agree: true });
    expect(snapshot.timeline).toContainEqual(expect.objectContaining({ kind: 'kill', server: 'server-a' }));
  }
  expect(one.result.availability).toBeLessThan(65);
  expect(one.result.outcomes).toContainEqual(expect.objectContaining({ status: '502', by: 'balancer' }));
  expect(three.result.availability).toBeGreaterThan(99);
});
