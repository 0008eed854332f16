import { expect, it } from 'vitest';
import { SnapshotFeed } from '../../../src/host/snapshotFeed';
import type { Snapshot } from '../../../src/measurement/snapshot';
import { VirtualClock } from '../../harness/virtualClock';

const snapshot = (phase: Snapshot['phase']) => ({ phase, samples: [{ id: 'r1' }] }) as unknown as Snapshot;

it('brings the samples of a run twice a second, and with the last snapshot', () => {
  const clock = new VirtualClock();
  const feed = new SnapshotFeed(clock);
  const withSamples: boolean[] = [];
  const timer = clock.setInterval(() => withSamples.push(feed.take(snapshot('running')).samples !== null), 100);
  for (let step = 0; step < 11; step += 1) clock.step();
  timer.cancel();
  expect(withSamples.map((sent, index) => (sent ? index : null)).filter((index) => index !== null)).toEqual([0, 5, 10]);
  expect(feed.take(snapshot('done')).samples).not.toBeNull();
  expect(feed.take(snapshot('failed')).samples).not.toBeNull();
});
