import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBusy, isUnavailable } from '../../src/balancer/health';
import { policies } from '../../src/balancer/policies';
import type { Peer } from '../../src/balancer/policy';
import { createUpstream, type Selection, type Upstream } from '../../src/balancer/upstream';
import { renderMessage } from '../../src/base/message';
import { seededRandom } from '../../src/base/random';
import type { Decision } from '../../src/measurement/snapshot';
import { type ServerOptions, StillClock, upstreamPlan } from '../harness/upstreams';
import { type PolicyCase, policyCases } from './policy.cases';

test('every policy of the registry has a case, and its name once', () => {
  expect(new Set(policyCases.map(({ policy }) => policy))).toEqual(new Set(policies.map(({ name }) => name)));
  expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
});

type Outcome = 'succeeds' | 'fails' | 'is released';

interface Step {
  readonly client: number;
  /** Of each peer tried in turn; the last one repeats. */
  readonly outcomes: readonly Outcome[];
  /** How many later requests begin before this one settles its peer. */
  readonly overlap: number;
  readonly seconds: number;
}

const anyServers = fc
  .array(
    fc.record({
      weight: fc.integer({ min: 1, max: 9 }),
      maxFails: fc.integer({ min: 0, max: 3 }),
      failTimeoutSeconds: fc.integer({ min: 0, max: 5 }),
      maxConns: fc.constantFrom(0, 0, 0, 1, 2),
      backup: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
      down: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .filter((servers) => servers.some(({ backup }) => !backup))
  .map((servers): ServerOptions[] => servers.map((server, i) => ({ port: 4000 + i, ...server })));

const anySteps = fc.array(
  fc.record({
    client: fc.nat(30),
    outcomes: fc.array(fc.constantFrom<Outcome>('succeeds', 'succeeds', 'fails', 'is released'), {
      minLength: 1,
      maxLength: 4,
    }),
    overlap: fc.nat(3),
    seconds: fc.constantFrom(0, 0, 0, 1, 7),
  }),
  { minLength: 1, maxLength: 40 },
);

function open(written: string, servers: readonly ServerOptions[], seed = 1) {
  const clock = new StillClock();
  return { clock, upstream: createUpstream(upstreamPlan(written, servers), clock, seededRandom(seed)) };
}

function begin(upstream: Upstream, client: number, traced = false, key = `key${client}`): Selection {
  return upstream.begin({ clientAddress: `10.${client % 256}.${(client * 7) % 256}.1`, key, traced });
}

interface Chosen {
  readonly peer: Peer;
  readonly decision: Decision | null;
}

/** Runs the steps, calling `look` after each choice with what was so before it; returns the peers in the order chosen. */
function run(
  written: string,
  servers: readonly ServerOptions[],
  steps: readonly Step[],
  options: { traced?: boolean; seed?: number; look?: (chosen: Chosen, before: Before) => void } = {},
) {
  const { clock, upstream } = open(written, servers, options.seed);
  const chosen: number[] = [];
  const unsettled: { due: number; settle: () => void }[] = [];
  const settleDue = (now: number) => {
    for (const due of unsettled.filter((one) => one.due <= now)) {
      unsettled.splice(unsettled.indexOf(due), 1);
      due.settle();
    }
  };
  for (const [i, step] of steps.entries()) {
    settleDue(i);
    clock.ms += step.seconds * 1000;
    const selection = begin(upstream, step.client, options.traced);
    const tried = new Set<number>();
    for (let attempt = 0; ; attempt += 1) {
      const before = lookAround(upstream, tried, Math.floor(clock.ms / 1000));
      const next = selection.next();
      if (next === null) break;
      options.look?.(next, before);
      chosen.push(next.peer.index);
      tried.add(next.peer.index);
      const outcome = step.outcomes[Math.min(attempt, step.outcomes.length - 1)];
      if (outcome === 'fails') {
        selection.failed(next.peer);
        continue;
      }
      const settle = () => (outcome === 'succeeds' ? selection.succeeded(next.peer, 5) : selection.released(next.peer));
      if (step.overlap === 0) settle();
      else unsettled.push({ due: i + step.overlap, settle });
      break;
    }
  }
  settleDue(Number.POSITIVE_INFINITY);
  return { chosen, upstream };
}

interface Before {
  readonly usable: ReadonlySet<Peer>;
  readonly tried: ReadonlySet<number>;
}

function lookAround(upstream: Upstream, tried: ReadonlySet<number>, now: number): Before {
  const single = upstream.peers.length === 1;
  const usable = upstream.peers.filter(
    (peer) => !peer.down && !isBusy(peer) && (single || (!isUnavailable(peer, now) && !tried.has(peer.index))),
  );
  return { usable: new Set(usable), tried: new Set(tried) };
}

const even = (count: number): ServerOptions[] => Array.from({ length: count }, (_, i) => ({ port: 4000 + i }));

/** How many of `requests` requests of as many clients each server gets. */
function spread(written: string, servers: readonly ServerOptions[], requests: number): number[] {
  const { upstream } = open(written, servers);
  const counts = servers.map(() => 0);
  for (let client = 0; client < requests; client += 1) {
    const selection = upstream.begin({
      clientAddress: `${client % 223}.${(client * 31) % 256}.${(client * 7) % 256}.9`,
      key: written.startsWith('sticky') ? '' : `key ${client}`,
      traced: false,
    });
    const next = selection.next();
    if (next === null) throw new Error('no peer');
    counts[next.peer.index] = (counts[next.peer.index] ?? 0) + 1;
    selection.succeeded(next.peer, 5);
  }
  return counts;
}

function expectShares(subject: PolicyCase, weights: readonly number[]): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const requests = 600 * total;
  const servers = weights.map((weight, i) => ({ port: 4000 + i, weight }));
  for (const [i, count] of spread(subject.written, servers, requests).entries()) {
    const fair = 600 * (weights[i] ?? 0);
    const allowed = subject.spread.within === 'exact' ? 1 : fair * subject.spread.within;
    expect(Math.abs(count - fair), `server ${i}: ${count} of ${fair}, ${subject.spread.because}`).toBeLessThanOrEqual(
      allowed,
    );
  }
}

describe.each(policyCases)('$policy: "$written"', (subject) => {
  const { written, bindsBy } = subject;

  test('a chosen peer is usable, and a usable one is found', () =>
    fc.assert(
      fc.property(anyServers, anySteps, (servers, steps) => {
        run(written, servers, steps, { look: ({ peer }, { usable }) => expect(usable).toContain(peer) });
      }),
    ));

  test('null comes only when no peer is usable', () =>
    fc.assert(
      fc.property(anyServers, anySteps, (servers, steps) => {
        const { upstream } = run(written, servers, steps);
        const { usable } = lookAround(
          upstream,
          new Set(),
          Math.floor(new StillClock().ms / 1000) + totalSeconds(steps),
        );
        const next = begin(upstream, 3).next();
        expect(next !== null).toBe(usable.size > 0);
      }),
    ));

  test('a backup serves only when no primary can', () =>
    fc.assert(
      fc.property(anyServers, anySteps, (servers, steps) => {
        run(written, servers, steps, {
          look: ({ peer }, { usable }) => {
            if (peer.backup) expect([...usable].every(({ backup }) => backup)).toBe(true);
          },
        });
      }),
    ));

  test('when every peer fails, each one that is not down is tried once', () =>
    fc.assert(
      fc.property(anyServers, (servers) => {
        const { upstream } = open(written, servers);
        const selection = begin(upstream, 1);
        const tried: number[] = [];
        for (let next = selection.next(); next !== null; next = selection.next()) {
          tried.push(next.peer.index);
          selection.failed(next.peer);
        }
        const there = upstream.peers.filter(({ down }) => !down).map(({ index }) => index);
        expect(tried.toSorted((a, b) => a - b)).toEqual(there);
      }),
    ));

  test('the same seed and the same requests give the same choices', () =>
    fc.assert(
      fc.property(anyServers, anySteps, fc.nat(), (servers, steps, seed) => {
        expect(run(written, servers, steps, { seed }).chosen).toEqual(run(written, servers, steps, { seed }).chosen);
      }),
    ));

  test('tracing changes no choice, and the trace tells what was chosen and why', () =>
    fc.assert(
      fc.property(anyServers, anySteps, (servers, steps) => {
        const traced = run(written, servers, steps, {
          traced: true,
          look: ({ peer, decision }, { usable, tried }) => {
            expect(decision?.chosen).toBe(peer.address);
            expect(decision?.attempt).toBe(tried.size + 1);
            expect(renderMessage(decision?.reason ?? { text: '{}', args: {} })).not.toMatch(/[{}]|gave no reason/);
            const eligible = decision?.peers.filter(({ state }) => state === 'eligible' || state === 'backup');
            expect(eligible?.map(({ address }) => address)).toEqual([...usable].map(({ address }) => address));
            expect(decision?.peers[peer.index]?.state).toBe('eligible');
            expect(decision?.peers[peer.index]?.inFlight).toBe(peer.inFlight - 1);
          },
        });
        expect(traced.chosen).toEqual(run(written, servers, steps).chosen);
      }),
    ));

  test('nothing stays in flight, and no weight leaves its bounds', () =>
    fc.assert(
      fc.property(anyServers, anySteps, (servers, steps) => {
        const { upstream } = run(written, servers, steps);
        for (const peer of upstream.peers) {
          expect(peer.inFlight).toBe(0);
          expect(peer.effectiveWeight).toBeGreaterThanOrEqual(0);
          expect(peer.effectiveWeight).toBeLessThanOrEqual(peer.weight);
        }
      }),
    ));

  test('equal servers get equal shares', () => expectShares(subject, [1, 1, 1, 1]));

  test('weights are respected', () => expectShares(subject, [1, 2, 4]));

  test('a single server is chosen however often it failed', () => {
    const { upstream } = open(written, even(1));
    for (let i = 0; i < 5; i += 1) {
      const selection = begin(upstream, i);
      const next = selection.next();
      expect(next?.peer.index).toBe(0);
      if (next !== null) selection.failed(next.peer);
      expect(selection.next()).toBeNull();
    }
  });

  test('a server that failed is left out for fail_timeout, then gets one request to prove itself', () => {
    const { clock, upstream } = open(
      written,
      even(2).map((server) => ({ ...server, failTimeoutSeconds: 10 })),
    );
    const [sick] = upstream.peers;
    const choose = (client: number) => {
      const selection = begin(upstream, client);
      return { selection, peer: selection.next()?.peer };
    };
    for (let client = 0; sick?.fails === 0; client += 1) {
      const { selection, peer } = choose(client);
      if (peer === sick && peer !== undefined) selection.failed(peer);
      else if (peer !== undefined) selection.succeeded(peer, 5);
    }
    const reach = (from: number) =>
      Array.from({ length: 60 }, (_, i) => choose(from + i)).filter(({ peer }) => peer === sick);
    clock.ms += 10_000;
    expect(reach(0)).toHaveLength(0);
    clock.ms += 1_000;
    const [trial, ...more] = reach(0);
    expect(more).toHaveLength(0);
    if (trial?.peer !== undefined) trial.selection.succeeded(trial.peer, 5);
    expect(upstream.peers[0]?.fails).toBe(0);
    expect(reach(100).length).toBeGreaterThan(0);
  });

  // Not skipped but not there: a policy that binds no client has nothing to keep.
  if (bindsBy === null) return;
  test('a client stays with its server, and moves only when that cannot serve', () =>
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.nat(200), fc.nat(200), (count, client, other) => {
        const { upstream } = open(written, even(count));
        const ask = (who: number, cookie: string) =>
          begin(upstream, who, false, bindsBy === 'cookie' ? cookie : `key${who}`);
        const first = ask(client, '').next()?.peer;
        if (first === undefined) throw new Error('no peer');
        const cookie = /^id=([0-9a-f]{32})$/.exec(upstream.sessionCookie(first) ?? '')?.[1] ?? '';
        expect(cookie !== '').toBe(bindsBy === 'cookie');
        ask(other, '').next();
        expect(ask(client, cookie).next()?.peer).toBe(first);
        const selection = ask(client, cookie);
        const again = selection.next()?.peer;
        if (again !== undefined) selection.failed(again);
        expect(selection.next()?.peer).not.toBe(first);
      }),
    ));
});

function totalSeconds(steps: readonly Step[]): number {
  return steps.reduce((sum, { seconds }) => sum + seconds, 0);
}
