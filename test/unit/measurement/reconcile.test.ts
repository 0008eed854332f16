import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Ledgers, reconcile, type ServerLedger } from '../../../src/measurement/reconcile';
import type { BalancerCounts, ClientCounts, Outcome, PeerCounts } from '../../../src/measurement/snapshot';

/**
 * A run as it may happen, request by request, from which all three sides count. `fate`:
 * ok - answered by the server; balancer - never forwarded, the balancer answers itself; lost - the server answered, the
 * answer was lost with the connection and the client failed; died - received by a server that was killed, the client failed;
 * replaced - received, then the balancer answered 502 itself; retried - received by one server that broke, answered by
 * the next after the client tried again; moved - the same, but the balancer tried again.
 */
interface Step {
  readonly fate: 'ok' | 'balancer' | 'lost' | 'died' | 'replaced' | 'retried' | 'moved';
  readonly server: number;
}

type Layer = 'none' | 'l4' | 'l7';
const ids = ['server-a', 'server-b', 'server-c'];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function play(layer: Layer, steps: readonly Step[], final = true): Ledgers {
  const servers = ids.map(
    (id): Mutable<ServerLedger> => ({
      id,
      died: false,
      received: 0,
      answered: 0,
      abandoned: 0,
      inFlight: 0,
      queued: 0,
      connectionsAccepted: 1,
    }),
  );
  const forwarded = ids.map(() => 0);
  const outcomes = new Map<string, Mutable<Outcome>>();
  let [answered, failed, retried, requests, answeredItself] = [0, 0, 0, 0, 0];
  const end = (by: string): void => {
    const known = outcomes.get(by);
    if (known === undefined) outcomes.set(by, { status: '200', by, requests: 1 });
    else known.requests += 1;
    if (by === 'client') failed += 1;
    else answered += 1;
  };
  const reach = (index: number): Mutable<ServerLedger> => {
    const server = servers[index % ids.length];
    if (server === undefined) throw new Error('unreachable');
    forwarded[index % ids.length] = (forwarded[index % ids.length] ?? 0) + 1;
    server.received += 1;
    return server;
  };
  const die = (server: Mutable<ServerLedger>): void => {
    server.died = true;
    server.inFlight += 1;
  };
  const answer = (index: number): void => {
    const server = reach(index);
    server.answered += 1;
    end(server.id);
  };
  for (const { fate, server } of steps) {
    requests += 1;
    // Without an L7 balancer nobody but the client can answer or try again in the server's place.
    switch (layer !== 'l7' && ['balancer', 'replaced', 'moved'].includes(fate) ? 'ok' : fate) {
      case 'ok':
        answer(server);
        break;
      case 'balancer':
        answeredItself += 1;
        end('balancer');
        break;
      case 'lost':
        reach(server).answered += 1;
        end('client');
        break;
      case 'died':
        die(reach(server));
        end('client');
        break;
      case 'replaced':
        die(reach(server));
        answeredItself += 1;
        end('balancer');
        break;
      case 'retried':
        die(reach(server));
        retried += 1;
        requests += 1;
        answer(server + 1);
        break;
      case 'moved':
        die(reach(server));
        answer(server + 1);
        break;
    }
  }
  const client: ClientCounts = {
    sent: steps.length,
    answered,
    failed,
    inFlight: 0,
    retried,
    connectionsOpened: ids.length,
    connectionsOpen: ids.length,
    outcomes: [...outcomes.values()],
    latencyMs: { p50: 1, p90: 1, p99: 1, max: 1 },
    requestsPerSecond: 1,
  };
  const peers = ids.map(
    (serverId, index): PeerCounts => ({
      address: `127.0.0.1:${index + 1}`,
      serverId,
      connectionsOpened: 1,
      connectionsOpen: 1,
      requests: layer === 'l7' ? (forwarded[index] ?? 0) : null,
      failures: 0,
      health: 'up',
    }),
  );
  const balancer: BalancerCounts | null =
    layer === 'none'
      ? null
      : {
          layer,
          connectionsAccepted: ids.length,
          connectionsOpen: ids.length,
          requests: layer === 'l7' ? requests : null,
          answeredItself,
          peers,
        };
  return { client, balancer, servers, final };
}

const layers = fc.constantFrom<Layer>('none', 'l4', 'l7');
const step = fc.record({
  fate: fc.constantFrom<Step['fate']>('ok', 'balancer', 'lost', 'died', 'replaced', 'retried', 'moved'),
  server: fc.nat(2),
});
const steps = fc.array(step, { maxLength: 60 });
const fineSteps = fc.array(fc.record({ fate: fc.constant('ok' as const), server: fc.nat(2) }), { maxLength: 60 });

const texts = (ledgers: Ledgers): string[] => reconcile(ledgers).differences.map((difference) => difference.text);

test('whatever happens to requests, sides that counted them truly agree', () => {
  fc.assert(
    fc.property(layers, steps, fc.boolean(), (layer, run, final) => {
      expect(texts(play(layer, run, final))).toEqual([]);
    }),
  );
});

test('in a run without failures each side must have counted exactly the same', () => {
  const tamper: Record<string, (ledgers: Ledgers, by: 1 | -1) => Ledgers> = {
    'client sent': (l, by) => ({ ...l, client: { ...l.client, sent: l.client.sent + by } }),
    'client answered': (l, by) => ({ ...l, client: { ...l.client, answered: l.client.answered + by } }),
    'server received': (l, by) => ({
      ...l,
      servers: l.servers.map((s, i) => (i === 0 ? { ...s, received: s.received + by } : s)),
    }),
    'server answered': (l, by) => ({
      ...l,
      servers: l.servers.map((s, i) => (i === 0 ? { ...s, answered: s.answered + by } : s)),
    }),
    'server answered one more that it received': (l, by) => ({
      ...l,
      servers: l.servers.map((s, i) => (i === 0 ? { ...s, received: s.received + by, answered: s.answered + by } : s)),
    }),
    'server connections': (l, by) => ({
      ...l,
      servers: l.servers.map((s, i) => (i === 0 ? { ...s, connectionsAccepted: s.connectionsAccepted + by } : s)),
    }),
  };
  for (const [name, change] of Object.entries(tamper)) {
    fc.assert(
      fc.property(layers, fineSteps, fc.constantFrom<1 | -1>(1, -1), (layer, run, by) => {
        expect(reconcile(change(play(layer, run), by)).agree, name).toBe(false);
      }),
    );
  }
});

test('the balancer must have taken in and forwarded what the others saw', () => {
  fc.assert(
    fc.property(fineSteps, fc.constantFrom(1, -1), (run, by) => {
      const ledgers = play('l7', run);
      const { balancer } = ledgers;
      if (balancer === null) throw new Error('unreachable');
      const took = { ...balancer, requests: (balancer.requests ?? 0) + by };
      expect(reconcile({ ...ledgers, balancer: took }).agree).toBe(false);
      const itself = { ...balancer, answeredItself: balancer.answeredItself + by };
      expect(reconcile({ ...ledgers, balancer: itself }).agree).toBe(false);
      const accepted = { ...balancer, connectionsAccepted: balancer.connectionsAccepted + by };
      expect(reconcile({ ...ledgers, balancer: accepted }).agree).toBe(false);
      const fewer = balancer.peers.map((peer, i) => (i === 0 ? { ...peer, requests: (peer.requests ?? 0) - 1 } : peer));
      expect(reconcile({ ...ledgers, balancer: { ...balancer, peers: fewer } }).agree).toBe(false);
    }),
  );
});

test('while requests are in flight the servers may be ahead of the client, never behind', () => {
  const ledgers = play('l4', [{ fate: 'ok', server: 0 }], false);
  const ahead = ledgers.servers.map((server) => ({
    ...server,
    received: server.received + 5,
    answered: server.answered + 3,
  }));
  expect(reconcile({ ...ledgers, servers: ahead }).agree).toBe(true);
  const behind = ledgers.servers.map((server) => ({ ...server, answered: 0 }));
  expect(texts({ ...ledgers, servers: behind })).toEqual([
    'The client holds {held} answers from {server}, which gave {answered}',
  ]);
});

test('the counts are the requests answered, and on L4 the balancer has none', () => {
  const run = [0, 1, 2, 0].map((server) => ({ fate: 'ok' as const, server }));
  expect(reconcile(play('l7', run)).counts).toEqual({ client: 4, balancer: 4, backends: 4 });
  expect(reconcile(play('l4', run)).counts).toEqual({ client: 4, balancer: null, backends: 4 });
});

test('questions of the balancer itself are counted apart, and exactly', () => {
  fc.assert(
    fc.property(fineSteps, fc.integer({ min: 1, max: 50 }), fc.constantFrom(1, -1), (run, asked, by) => {
      const ledgers = play('l7', run);
      const { balancer } = ledgers;
      if (balancer === null) throw new Error('unreachable');
      const withVerifier = (received: number, told: number): Ledgers => ({
        ...ledgers,
        balancer: {
          ...balancer,
          subrequests: told,
          peers: [
            ...balancer.peers,
            {
              address: '127.0.0.1:9',
              serverId: 'verifier',
              connectionsOpened: 1,
              connectionsOpen: 1,
              requests: 0,
              subrequests: told,
              failures: 0,
              health: 'up',
            },
          ],
        },
        servers: [
          ...ledgers.servers,
          {
            id: 'verifier',
            died: false,
            received,
            answered: received,
            abandoned: 0,
            inFlight: 0,
            queued: 0,
            connectionsAccepted: 1,
          },
        ],
      });
      expect(texts(withVerifier(asked, asked))).toEqual([]);
      expect(reconcile(withVerifier(asked, asked)).counts).toEqual({
        client: run.length,
        balancer: run.length,
        backends: run.length,
        subrequests: asked,
      });
      expect(reconcile(withVerifier(asked + by, asked)).agree).toBe(false);
      expect(reconcile(withVerifier(asked, asked + by)).agree).toBe(false);
    }),
  );
});

test('a browser may have asked the balancer for leave; a thread of the lab may not', () => {
  const ledgers = play('l7', [
    { fate: 'ok', server: 0 },
    { fate: 'ok', server: 1 },
  ]);
  const { client, balancer } = ledgers;
  if (balancer === null) throw new Error('an L7 arm has a balancer');
  const asked = { ...balancer, requests: (balancer.requests ?? 0) + 2, answeredItself: 2, connectionsAccepted: 6 };
  expect(reconcile({ ...ledgers, balancer: asked }).agree).toBe(false);
  const browser = { ...client, isBrowser: true };
  expect(reconcile({ ...ledgers, client: browser, balancer: asked })).toMatchObject({
    agree: true,
    differences: [],
    counts: { client: 2, balancer: 2, backends: 2, preflights: 2 },
  });
  // What was forwarded beyond what the page sent is a difference all the same.
  const more = { ...asked, requests: asked.requests + 1 };
  expect(reconcile({ ...ledgers, client: browser, balancer: more }).agree).toBe(false);
});

test('a connection that the balancer gave up while it was made may have been accepted, one for each further try', () => {
  const ledgers = play('l7', [
    { fate: 'ok', server: 0 },
    { fate: 'ok', server: 1 },
  ]);
  const { balancer, servers } = ledgers;
  if (balancer === null) throw new Error('an L7 arm has a balancer');
  const accepting = (more: number, tries: number): Ledgers => ({
    ...ledgers,
    // A try that ended before the connection stood counts as forwarded; its server received nothing.
    balancer: {
      ...balancer,
      peers: balancer.peers.map((peer, i) => (i === 0 ? { ...peer, requests: (peer.requests ?? 0) + tries } : peer)),
    },
    servers: servers.map((server, i) =>
      i === 0 ? { ...server, connectionsAccepted: server.connectionsAccepted + more } : server,
    ),
  });
  expect(texts(accepting(3, 3))).toEqual([]);
  expect(texts(accepting(4, 3))).toEqual(['The balancer opened {opened} connections, the servers accepted {accepted}']);
  expect(texts(accepting(1, 0))).toHaveLength(1);
});
