import { describe, expect, it } from 'vitest';
import { message } from '../../../src/base/message';
import type { TimelineEvent } from '../../../src/measurement/snapshot';
import type { LabState } from '../../../src/protocol/webview';
import { loadNow, timelineEntries } from '../../../webview/lab/timelineModel';
import { snapshot } from './builders';

const at = (atMs: number, kind: TimelineEvent['kind'], load?: TimelineEvent['load']): TimelineEvent => ({
  atMs,
  kind,
  server: null,
  text: message('x'),
  ...(load === undefined ? {} : { load }),
});
const numbers = (...timeline: TimelineEvent[]) => timelineEntries(snapshot({ timeline })).map(({ number }) => number);

describe('the time line', () => {
  it('numbers what was done, and tells how long after it the rest came', () => {
    const entries = timelineEntries(snapshot({ timeline: [at(1000, 'kill'), at(1250, 'health'), at(3000, 'revive')] }));
    expect(entries.map(({ number, afterMs }) => [number, afterMs])).toEqual([
      [1, null],
      [null, 250],
      [2, null],
    ]);
  });

  it('takes a reload for a part of what it follows at once, else for a save', () => {
    expect(numbers(at(1000, 'drain'), at(1005, 'reload'), at(4000, 'reload'), at(4010, 'reload'))).toEqual([
      1,
      null,
      2,
      3,
    ]);
    expect(numbers(at(10, 'health'), at(20, 'reload'))).toEqual([null, 1]);
  });

  it('says what came of it once the second after it is whole', () => {
    const slots = [...Array<number>(20).fill(40), 7, ...Array<number>(10).fill(20)];
    const rateAt = (answeredPerSlot: readonly number[], phase: 'running' | 'done') =>
      timelineEntries(snapshot({ timeline: [at(2050, 'kill')], answeredPerSlot, phase }))[0]?.rate;
    expect(rateAt([...slots, 3], 'running')).toEqual({ before: 400, after: 200 });
    expect(rateAt(slots, 'running')).toBeNull();
    expect(rateAt(slots.slice(0, 25), 'done')).toEqual({ before: 400, after: 200 });
    expect(rateAt(slots.slice(0, 23), 'done')).toBeNull();
  });
});

describe('the load now', () => {
  const first: { rate: number | null; population: LabState['population'] } = { rate: 400, population: 'spread' };

  it('is that of the beginning, changed by what was done since', () => {
    expect(loadNow(null, first)).toEqual(first);
    const timeline = [at(1, 'load', { rate: 800 }), at(2, 'kill'), at(3, 'load', { population: 'nat' })];
    expect(loadNow(snapshot({ timeline }), first)).toEqual({ rate: 800, population: 'nat' });
    expect(loadNow(snapshot({ timeline: [at(1, 'load', { rate: null })] }), first).rate).toBeNull();
  });
});
