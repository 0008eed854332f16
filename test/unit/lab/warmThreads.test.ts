import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { WarmThreads } from '../../../src/lab/warmThreads';
import { WorkerThread } from '../../../src/lab/workerThread';
import type { FromTraffic, ToTraffic } from '../../../src/protocol/trafficWorker';
import { builtWorkers } from '../../harness/labs';

const clock = systemClock();
const threads = new WarmThreads(clock);
afterEach(() => threads.dispose());

const wish = { path: builtWorkers.traffic, preload: ['rest'], count: 1 };

describe.skipIf(!existsSync(builtWorkers.traffic))('threads that wait', () => {
  it('are taken once, and serve as one that was started for it', async () => {
    threads.prepare([wish]);
    const thread = new WorkerThread<ToTraffic, FromTraffic>(
      { path: wish.path, start: null, warm: { threads, preload: ['rest'] } },
      clock,
      { onMessage: () => {}, onExit: () => {} },
    );
    expect(threads.take(wish.path, ['rest'])).toBeNull();
    const failed = thread.next('failed');
    thread.post({ type: 'go' });
    expect((await failed)?.text).toBe('Nothing is prepared');
    await thread.dispose();
  });

  it('are kept when the same are wanted again, and ended when others are', () => {
    threads.prepare([wish]);
    const first = threads.take(wish.path, ['rest']);
    expect(first).not.toBeNull();
    void first?.terminate();
    threads.prepare([wish]);
    threads.prepare([{ ...wish, preload: ['grpc'] }]);
    const taken = threads.take(wish.path, ['grpc']);
    expect(taken).not.toBeNull();
    expect(threads.take(wish.path, ['rest'])).toBeNull();
    void taken?.terminate();
  });

  it('are at most eight', () => {
    threads.prepare([{ ...wish, count: 20 }]);
    const taken = Array.from({ length: 20 }, () => threads.take(wish.path, ['rest'])).filter((one) => one !== null);
    for (const worker of taken) void worker.terminate();
    expect(taken).toHaveLength(8);
  });
});
