import { describe, expect, test } from 'vitest';
import { createUpstream, type Selection, type Upstream } from '../../../src/balancer/upstream';
import { renderMessage } from '../../../src/base/message';
import { seededRandom } from '../../../src/base/random';
import { type ServerOptions, StillClock, upstreamPlan } from '../../harness/upstreams';

function open(servers: readonly ServerOptions[], options: { policy?: string; context?: 'http' | 'stream' } = {}) {
  const clock = new StillClock();
  const events: string[] = [];
  const plan = upstreamPlan(options.policy ?? '', servers, options.context);
  const upstream = createUpstream(plan, clock, seededRandom(1), (peer, health) =>
    events.push(`${peer.serverText} ${health}`),
  );
  return { clock, upstream, events };
}

function begin(upstream: Upstream, more: { traced?: boolean; maxTries?: number; key?: string } = {}): Selection {
  return upstream.begin({ clientAddress: '10.0.0.1', key: '', traced: false, ...more });
}

function nextPeer(selection: Selection) {
  const next = selection.next();
  if (next === null) throw new Error('no peer');
  return next.peer;
}

/** One request that the first peer answers or fails. */
function once(upstream: Upstream, outcome: 'succeeds' | 'fails' | 'is released' = 'succeeds') {
  const selection = begin(upstream);
  const peer = nextPeer(selection);
  if (outcome === 'succeeds') selection.succeeded(peer, 1);
  else if (outcome === 'fails') selection.failed(peer);
  else selection.released(peer);
  return peer;
}

const a = { port: 1 };
const b = { port: 2 };

describe('tries', () => {
  test('as many as there are peers that are not down, backups among them', () => {
    const { upstream } = open([a, { ...b, down: true }, { port: 3, backup: true }]);
    expect(begin(upstream).triesLeft).toBe(2);
  });

  test('proxy_next_upstream_tries lowers them', () => {
    const { upstream } = open([a, b, { port: 3 }]);
    const selection = begin(upstream, { maxTries: 2 });
    selection.failed(nextPeer(selection));
    selection.failed(nextPeer(selection));
    expect(selection.triesLeft).toBe(0);
    expect(selection.next()).toBeNull();
  });

  test('a stale kept connection costs none, and a single server is then tried once more', () => {
    const { upstream } = open([a]);
    const selection = begin(upstream);
    selection.failed(nextPeer(selection), { reused: true });
    expect(selection.triesLeft).toBe(1);
    selection.failed(nextPeer(selection));
    expect(selection.next()).toBeNull();
  });

  test('a peer must be settled before the next is asked for', () => {
    const { upstream } = open([a, b]);
    const selection = begin(upstream);
    selection.next();
    expect(() => selection.next()).toThrow('not been settled');
  });

  test('only the first word on a peer counts', () => {
    const { upstream } = open([a, b]);
    const selection = begin(upstream);
    const peer = nextPeer(selection);
    selection.released(peer);
    selection.failed(peer);
    selection.succeeded(peer, 1);
    expect(peer).toMatchObject({ inFlight: 0, fails: 0 });
    expect(selection.triesLeft).toBe(1);
  });
});

test('a request that moved on to the backups does not come back to a primary that has room again', () => {
  const { upstream } = open([
    { ...a, maxConns: 1 },
    { port: 4, backup: true },
    { port: 5, backup: true },
  ]);
  const first = begin(upstream);
  const held = nextPeer(first);
  const second = begin(upstream);
  const backup = nextPeer(second);
  expect(backup.serverText).toBe('127.0.0.1:4');
  first.succeeded(held, 1);
  second.failed(backup);
  expect(nextPeer(second).serverText).toBe('127.0.0.1:5');
});

describe('passive health', () => {
  test('a success soon after a failure does not wipe it out', () => {
    const { upstream } = open([
      { ...a, maxFails: 2 },
      { ...b, down: true },
    ]);
    once(upstream, 'fails');
    once(upstream);
    once(upstream, 'fails');
    expect(begin(upstream).next()).toBeNull();
  });

  test('max_fails takes a server out, and says so once; a passed trial brings it back', () => {
    const { clock, upstream, events } = open([
      { ...a, maxFails: 2, failTimeoutSeconds: 5 },
      { ...b, down: true },
    ]);
    const [peer] = upstream.peers;
    if (peer === undefined) throw new Error('no peer');
    once(upstream, 'fails');
    expect(events).toEqual([]);
    once(upstream, 'fails');
    expect(upstream.health(peer)).toBe('unavailable');
    expect(begin(upstream).next()).toBeNull();
    clock.ms += 6000;
    once(upstream, 'fails');
    expect(events).toEqual(['127.0.0.1:1 unavailable']);
    clock.ms += 6000;
    expect(upstream.health(peer)).toBe('up');
    once(upstream);
    expect(events).toEqual(['127.0.0.1:1 unavailable', '127.0.0.1:1 up']);
  });

  test('a failure costs weight / max_fails of the effective weight, which grows back by one a choice', () => {
    const { upstream } = open([{ ...a, weight: 10, maxFails: 3 }, b]);
    const [peer] = upstream.peers;
    once(upstream, 'fails');
    expect(peer?.effectiveWeight).toBe(7);
    once(upstream);
    expect(peer?.effectiveWeight).toBe(8);
  });

  test('max_fails=0 holds nothing against a server', () => {
    const { upstream } = open([
      { ...a, maxFails: 0 },
      { ...b, down: true },
    ]);
    for (let i = 0; i < 10; i += 1) once(upstream, 'fails');
    expect(once(upstream).serverText).toBe('127.0.0.1:1');
  });

  test('on stream the established connection passes the trial, on http only the answer', () => {
    for (const context of ['http', 'stream'] as const) {
      const { clock, upstream } = open(
        [
          { ...a, failTimeoutSeconds: 1 },
          { ...b, down: true },
        ],
        { context },
      );
      once(upstream, 'fails');
      clock.ms += 2000;
      const selection = begin(upstream);
      const peer = nextPeer(selection);
      selection.connected(peer);
      expect(peer).toMatchObject({ fails: context === 'stream' ? 0 : 1, inFlight: 1 });
    }
  });

  test('a client that goes away lets a trial pass, as in nginx', () => {
    const { clock, upstream } = open([
      { ...a, failTimeoutSeconds: 1 },
      { ...b, down: true },
    ]);
    once(upstream, 'fails');
    clock.ms += 2000;
    expect(once(upstream, 'is released').fails).toBe(0);
  });

  test('seconds turn when those of the wall clock do, whatever the monotonic clock counts from', () => {
    const clock = new StillClock(123);
    clock.wallNow = () => clock.ms + 1_700_000_000_000;
    const plan = upstreamPlan('', [
      { ...a, failTimeoutSeconds: 1 },
      { ...b, down: true },
    ]);
    const upstream = createUpstream(plan, clock, seededRandom(1));
    clock.ms = 999;
    once(upstream, 'fails');
    clock.ms = 1999;
    expect(begin(upstream).next()).toBeNull();
    clock.ms = 2000;
    expect(begin(upstream).next()).not.toBeNull();
  });
});

describe('the trace', () => {
  test('shows every peer as it stood before the choice', () => {
    const servers = [
      { ...a, weight: 2 },
      { ...b, down: true },
      { port: 3, maxConns: 1 },
      { port: 4, backup: true },
    ];
    const { upstream } = open(servers);
    begin(upstream).next();
    begin(upstream).next();
    const decision = begin(upstream, { traced: true }).next()?.decision;
    expect(decision?.peers.map(({ state, inFlight, currentWeight }) => [state, inFlight, currentWeight])).toEqual([
      ['eligible', 1, 1],
      ['down', 0, 0],
      ['busy', 1, -1],
      ['backup', 0, 0],
    ]);
    expect(decision).toMatchObject({ chosen: '127.0.0.1:1', attempt: 1, policy: 'round_robin', upstream: 'u' });
  });

  test('names what was tried, and that a backup stepped in', () => {
    const { upstream } = open([a, { port: 4, backup: true }]);
    const selection = begin(upstream, { traced: true });
    selection.failed(nextPeer(selection));
    const decision = selection.next()?.decision;
    expect(decision?.peers.map(({ state }) => state)).toEqual(['tried', 'eligible']);
    expect(decision?.attempt).toBe(2);
    expect(decision && renderMessage(decision.reason)).toBe(
      'No primary server can be used now, so the backup 127.0.0.1:4 steps in.',
    );
  });

  test('is not built unless asked for', () => {
    expect(begin(open([a, b]).upstream).next()?.decision).toBeNull();
  });
});

describe('clients bound by a cookie', () => {
  test('take their server’s turn, but no more than one of them in a row', () => {
    const { upstream } = open([a, b, { port: 3 }], { policy: 'sticky cookie id' });
    const [first] = upstream.peers;
    if (first === undefined) throw new Error('no peer');
    const key = /^id=(\w+)/.exec(upstream.sessionCookie(first) ?? '')?.[1] ?? '';
    const ask = (cookie: string) => {
      const selection = begin(upstream, { key: cookie });
      const peer = nextPeer(selection);
      selection.succeeded(peer, 1);
      return peer.index;
    };
    expect(Array.from({ length: 5 }, () => ask(key))).toEqual([0, 0, 0, 0, 0]);
    expect(Array.from({ length: 5 }, () => ask(''))).toEqual([1, 2, 0, 1, 2]);
  });
});
