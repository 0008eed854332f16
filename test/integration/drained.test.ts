import { expect, it } from 'vitest';
import type { Snapshot } from '../../src/measurement/snapshot';
import { labNamed, runOf } from '../harness/labs';

/** A server whose lines are marked `down`, by a button or by hand, is an event of the run; the reload follows from it. */

it('drains and gives traffic again, and tells each once, the reload after it', async () => {
  const { run, until } = runOf(await labNamed('grpc-pinning'), 'grpc-l7', { requests: 100_000, rate: 400 });
  const finished = run.run();
  await until(({ client }) => client.answered > 50);
  const before = run.confText ?? '';
  await run.setDrained('server-b', true);
  const drained = await until(({ balancer }) => balancer?.peers.some(({ health }) => health === 'down') === true);
  expect(drained.balancer?.peers.find(({ health }) => health === 'down')?.serverId).toBe('server-b');

  // What a reader would save by hand.
  const reloaded = await run.reloadConf(before);
  expect(reloaded.ok).toBe(true);
  await until(({ balancer }) => balancer?.peers.every(({ health }) => health === 'up') === true);
  run.stop();

  const { snapshot } = await finished;
  const done = snapshot.timeline.filter(({ kind }) => kind !== 'health');
  expect(done.map(({ kind, server }) => [kind, server])).toEqual([
    ['drain', 'server-b'],
    ['reload', null],
    ['drain', 'server-b'],
    ['reload', null],
  ]);
  expect(snapshot.client.failed).toBe(0);
});

it('is heeded by clients that share their calls out by themselves, once they ask again', async () => {
  const { run, until } = runOf(await labNamed('grpc-pinning'), 'grpc-client-side', { requests: 100_000, rate: 400 });
  const finished = run.run();
  const requestsOf = ({ servers }: Snapshot, id: string) => servers.find((server) => server.id === id)?.requests ?? 0;
  await until((snapshot) => requestsOf(snapshot, 'server-b') > 20);

  await run.setDrained('server-b', true);
  const marked = await until(({ servers }) => servers.find(({ id }) => id === 'server-b')?.drained === true);
  // Connections that stand are not asked about: a client resolves its name when it loses one.
  await until((snapshot) => requestsOf(snapshot, 'server-b') > requestsOf(marked, 'server-b') + 20);
  await run.killServer('server-c');
  let quiet = { requests: -1, since: 0 };
  await until((snapshot) => {
    const requests = requestsOf(snapshot, 'server-b');
    if (requests !== quiet.requests) quiet = { requests, since: snapshot.client.answered };
    return snapshot.client.answered > quiet.since + 300;
  });
  run.stop();
  const { snapshot } = await finished;
  expect(requestsOf(snapshot, 'server-b')).toBe(quiet.requests);
  expect(snapshot.reconciliation.agree).toBe(true);
});
