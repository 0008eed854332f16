import { expect, it } from 'vitest';
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
