import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { message, renderMessage } from '../../../src/base/message';
import type { RequestSample } from '../../../src/measurement/snapshot';
import { RUN_LIMITS } from '../../../src/protocol/run';
import { runParamsSchema } from '../../../src/protocol/webview';
import { announcements, NOTHING_HEARD } from '../../../webview/lab/announcements';
import { answersOtherThanSuccess, connectionsSentence } from '../../../webview/lab/connectionsSentence';
import { readParams, textsOf } from '../../../webview/lab/paramFields';
import { reconciliationLine } from '../../../webview/lab/reconciliationLine';
import { rateSeries } from '../../../webview/lab/requestRate';
import { EMPTY_FEED, feedSamples, neighbour, selectSample } from '../../../webview/lab/sampleFeed';
import { l4, peer, server, snapshot } from './builders';

describe('the fields of a run', () => {
  const texts = { requests: '3000', concurrency: '16', clients: '1', rate: '' };

  it('take separators and read an empty rate as a closed loop', () => {
    expect(readParams({ ...texts, requests: ' 3,000 ' }, 7).params).toEqual({
      requests: 3000,
      concurrency: 16,
      clients: 1,
      rate: null,
      seed: 7,
    });
  });

  it('name every wrong field at once', () => {
    const read = readParams({ requests: '0', concurrency: 'many', clients: '201', rate: '1.5' }, 7);
    expect(read.params).toBeNull();
    expect(Object.keys(read.errors)).toEqual(['requests', 'concurrency', 'clients', 'rate']);
  });

  it('accept exactly what the host accepts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 1_000_010 }),
        fc.integer({ min: -5, max: 1_010 }),
        (requests, concurrency) => {
          const params = { requests, concurrency, clients: 1, rate: null, seed: 7 };
          const read = readParams(textsOf(params), 7).params;
          expect(read !== null).toBe(v.safeParse(runParamsSchema, params).success);
          if (read !== null) expect(read).toEqual(params);
        },
      ),
    );
    expect(readParams({ ...texts, rate: String(RUN_LIMITS.rate.max) }, 7).params?.rate).toBe(RUN_LIMITS.rate.max);
  });
});

describe('the line that holds the counts together', () => {
  const counts = (client: number, balancer: number | null, backends: number, agree = true) =>
    snapshot({
      reconciliation: { agree, differences: agree ? [] : [message('off')], counts: { client, balancer, backends } },
    });

  it('agrees when all sides counted the same', () => {
    const line = reconciliationLine(counts(3000, 3000, 3000));
    expect(line.verdict).toBe('agree');
    expect(line.sides.map((side) => side.side.text)).toEqual(['client', 'balancer', 'backends']);
  });

  it('does not claim equality while requests are in flight', () => {
    expect(reconciliationLine(counts(1200, 1203, 1201)).verdict).toBe('counting');
  });

  it('agrees at the end where only failed requests lie between the counts, without claiming equality', () => {
    const killed = counts(1187, 1200, 1190);
    const line = reconciliationLine({ ...killed, client: { ...killed.client, failed: 13 }, phase: 'done' });
    expect([line.verdict, line.equal]).toEqual(['agree', false]);
    expect(line.notes.map((note) => note.args)).toEqual([{ lost: '13' }]);
    expect(reconciliationLine({ ...counts(1187, 1200, 1190, false), phase: 'done' }).verdict).toBe('differ');
  });

  it('says that they differ, with the differences', () => {
    const line = reconciliationLine(counts(3000, 3000, 2988, false));
    expect(line.verdict).toBe('differ');
    expect(line.differences.map((difference) => difference.text)).toEqual(['off']);
  });

  it('holds what the edge servers asked inside apart from what the clients sent', () => {
    const seen = counts(100, 100, 100);
    const { reconciliation } = seen;
    const inner = { client: 200, balancer: 200, backends: 198 };
    const line = reconciliationLine({
      ...seen,
      reconciliation: { ...reconciliation, counts: { ...reconciliation.counts, inner } },
    });
    expect(line.verdict).toBe('agree');
    expect(line.inner.map(({ side, requests }) => [renderMessage(side), requests])).toEqual([
      ['edge', 200],
      ['balancer', 200],
      ['backends', 198],
    ]);
    expect(reconciliationLine(seen).inner).toEqual([]);
  });

  it('leaves an L4 balancer out and says why', () => {
    const line = reconciliationLine({ ...counts(3000, null, 3000), balancer: l4([]) });
    expect(line.sides).toHaveLength(2);
    expect(line.notes.map(({ text }) => text).join()).toContain('L4');
  });
});

describe('what a screen reader is told', () => {
  it('hears the start, the end and a death once each, and no tick', () => {
    const killed = { atMs: 5, kind: 'kill' as const, server: 'b', text: message('b was killed.') };
    const moments = [
      snapshot(),
      snapshot(),
      snapshot({ timeline: [killed] }),
      snapshot({ timeline: [killed] }),
      snapshot({ timeline: [killed], phase: 'draining' }),
      snapshot({ timeline: [killed], phase: 'done' }),
      snapshot({ timeline: [killed], phase: 'done' }),
    ];
    let heard = NOTHING_HEARD;
    const said: string[] = [];
    for (const moment of moments) {
      const news = announcements(heard, moment);
      heard = news.heard;
      said.push(...news.say.map((line) => renderMessage(line)));
    }
    expect(said).toEqual([
      'Run started.',
      'b was killed.',
      'Finished. Answered: 0, failed: 0, servers reached: 0, client connections: 0.',
    ]);
  });
});

describe('answers that were no success', () => {
  const outcomes = [
    { status: '200', by: 'a', requests: 6 },
    { status: '503', by: 'a', requests: 3 },
    { status: 'ECONNRESET', by: 'client', requests: 1 },
  ];

  it('are errors and refusals, not what had no answer', () => {
    expect(answersOtherThanSuccess(9, outcomes, undefined)).toBe(3);
    expect(answersOtherThanSuccess(4, [{ status: 'OK', by: 'a', requests: 4 }], undefined)).toBe(0);
  });

  it('are none where one was wanted, to see who notices a wrong field', () => {
    const check = { field: 'age', caught: 'at run time', by: 'a', status: '400', text: '' } as const;
    const sent = [
      { status: '200', by: 'a', requests: 8 },
      { status: '400', by: 'a', requests: 1 },
    ];
    expect(answersOtherThanSuccess(9, sent, check)).toBe(0);
  });

  it('are said when a run is over: that all was answered would be half the truth', () => {
    const client = { ...snapshot({}).client, answered: 9, failed: 1, outcomes };
    const said = announcements(NOTHING_HEARD, snapshot({ client, phase: 'done' })).say.map((line) =>
      renderMessage(line),
    );
    expect(said.at(-1)).toContain('Answered: 9 (3 not with success), failed: 1');
  });
});

describe('connections against requests', () => {
  const client = { ...snapshot().client, answered: 3000, connectionsOpened: 1 };

  it('says that all requests followed the one connection', () => {
    const sentence = connectionsSentence(
      snapshot({ client, balancer: l4([peer('a', 1, 1)]), servers: [server('a', { requests: 3000 }), server('b')] }),
    );
    expect(renderMessage(sentence)).toContain('3,000 requests, but 1 connection');
    expect(renderMessage(sentence)).toContain('to a.');
  });

  it('says of a browser that it tells nothing of its connections', () => {
    const browser = { ...client, connectionsOpened: 0, isBrowser: true } as const;
    const servers = [server('a', { requests: 1500 }), server('b', { requests: 1500 })];
    const over = snapshot({ client: browser, balancer: { ...l4([]), layer: 'l7' }, servers, phase: 'done' });
    expect(renderMessage(connectionsSentence(over))).toContain('the browser tells no script');
    const said = announcements(NOTHING_HEARD, over).say.map((line) => renderMessage(line));
    expect(said.join()).not.toContain('connections');
  });

  it('says that L7 chose for each request', () => {
    const servers = [server('a', { requests: 1500 }), server('b', { requests: 1500 })];
    const sentence = connectionsSentence(snapshot({ client, balancer: { ...l4([]), layer: 'l7' }, servers }));
    expect(renderMessage(sentence)).toContain('anew for each request, and all 2 servers');
  });
});

describe('requests per second over time', () => {
  it('keeps every answered request in the mean, whatever the buckets', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { minLength: 1, maxLength: 2000 }), (slots) => {
        const series = rateSeries(slots, false);
        const total = slots.reduce((sum, n) => sum + n, 0);
        expect(series.mean * slots.length * 0.1).toBeCloseTo(total, 6);
        expect(series.seconds.length).toBe(series.perSecond.length);
        expect(series.seconds.length).toBeLessThanOrEqual(150);
      }),
    );
  });

  it('leaves the bucket that still fills out of the line while it runs', () => {
    expect(rateSeries([40, 40, 40], true).perSecond).toEqual([400]);
    expect(rateSeries([40, 40, 40], false).perSecond).toEqual([400, 400]);
  });
});

describe('the list of requests', () => {
  const sample = (id: string): RequestSample => ({
    id,
    atMs: 0,
    server: 'a',
    status: 'OK',
    latencyMs: 1,
    clientConnection: 1,
    why: { kind: 'unknown' },
  });
  const ids = (feed: { shown: readonly RequestSample[] }) => feed.shown.map(({ id }) => id);

  it('follows the newest until one is chosen, then stands still and counts what came', () => {
    let feed = feedSamples(EMPTY_FEED, ['1', '2'].map(sample), false);
    expect(ids(feed)).toEqual(['2', '1']);
    feed = feedSamples(selectSample(feed, '1'), ['1', '2', '3', '4'].map(sample), false);
    expect(ids(feed)).toEqual(['2', '1']);
    expect(feed.waiting).toBe(2);
    expect(ids(feedSamples(selectSample(feed, null), ['3', '4'].map(sample), false))).toEqual(['4', '3']);
  });

  it('lets go of the choice when a new run begins', () => {
    const feed = selectSample(feedSamples(EMPTY_FEED, [sample('1')], false), '1');
    expect(feedSamples(feed, [sample('9')], true)).toEqual({ shown: [sample('9')], selected: null, waiting: 0 });
  });

  it('moves by key within its ends', () => {
    const feed = selectSample(feedSamples(EMPTY_FEED, ['1', '2', '3'].map(sample), false), '2');
    expect([neighbour(feed, 1), neighbour(feed, -1), neighbour(feed, 99)]).toEqual(['1', '3', '1']);
  });
});
