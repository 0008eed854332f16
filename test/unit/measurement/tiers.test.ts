import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ledgers, ServerLedger } from '../../../src/measurement/reconcile';
import type { BalancerCounts, ClientCounts, Outcome } from '../../../src/measurement/snapshot';
import { type InnerTier, reconcileTiers } from '../../../src/measurement/tiers';

/** A request of a client: how it ends, and what the edge server asks inside for it. */
interface Step {
  /** `balancer`: no edge server was there; the balancer answered itself, and nothing is asked inside. */
  readonly fate: 'edge' | 'balancer';
  readonly calls: readonly ('service' | 'balancer' | 'unanswered')[];
}

interface Tiers {
  readonly ledgers: Ledgers;
  readonly inner: InnerTier;
}

const clientOf = (outcomes: readonly Outcome[]): ClientCounts => {
  const count = (failed: boolean): number =>
    outcomes.filter(({ by }) => (by === 'client') === failed).reduce((sum, { requests }) => sum + requests, 0);
  return {
    sent: count(false) + count(true),
    answered: count(false),
    failed: count(true),
    inFlight: 0,
    retried: 0,
    connectionsOpened: 1,
    connectionsOpen: 1,
    outcomes,
    latencyMs: { p50: 0, p90: 0, p99: 0, max: 0 },
    requestsPerSecond: 0,
  };
};

const serverOf = (id: string, requests: number): ServerLedger => ({
  id,
  died: false,
  received: requests,
  answered: requests,
  abandoned: 0,
  inFlight: 0,
  queued: 0,
  connectionsAccepted: 1,
});

/** All sides count what happens, each for itself, as they do in a run. */
function play(steps: readonly Step[]): Tiers {
  const asked = steps.filter(({ fate }) => fate === 'edge').flatMap(({ calls }) => calls);
  const edge = steps.filter(({ fate }) => fate === 'edge').length;
  const own = steps.length - edge;
  const calls = (what: Step['calls'][number]): number => asked.filter((call) => call === what).length;
  // An unanswered call reached the service; its answer did not come back.
  const reached = calls('service') + calls('unanswered');
  const peer = (serverId: string, requests: number): BalancerCounts['peers'][number] => ({
    address: serverId,
    serverId,
    connectionsOpened: 1,
    connectionsOpen: 1,
    requests,
    failures: 0,
    health: 'up',
  });
  return {
    ledgers: {
      client: clientOf([
        { status: '200', by: 'edge-a', requests: edge },
        { status: '502', by: 'balancer', requests: own },
      ]),
      balancer: {
        layer: 'l7',
        connectionsAccepted: 2,
        connectionsOpen: 2,
        requests: steps.length + asked.length,
        answeredItself: own + calls('balancer'),
        peers: [peer('edge-a', edge), peer('orders-a', reached)],
        listeners: [
          { address: 'outer', connectionsAccepted: 1, requests: steps.length, answeredItself: own },
          { address: 'inner', connectionsAccepted: 1, requests: asked.length, answeredItself: calls('balancer') },
        ],
      },
      servers: [serverOf('edge-a', edge), serverOf('orders-a', reached)],
      final: true,
    },
    inner: {
      client: clientOf([
        { status: '200', by: 'orders-a', requests: calls('service') },
        { status: '502', by: 'balancer', requests: calls('balancer') },
        { status: 'ETIMEDOUT', by: 'client', requests: calls('unanswered') },
      ]),
      listeners: ['inner'],
      servers: ['orders-a'],
    },
  };
}

const call = fc.constantFrom('service', 'balancer', 'unanswered') as fc.Arbitrary<Step['calls'][number]>;
const steps = fc.array(
  fc.record({ fate: fc.constantFrom<Step['fate']>('edge', 'balancer'), calls: fc.array(call, { maxLength: 3 }) }),
  { maxLength: 40 },
);
const fine = fc.array(fc.constant<Step>({ fate: 'edge', calls: ['service', 'service'] }), {
  minLength: 1,
  maxLength: 40,
});

test('whatever is asked inside, sides that counted it truly agree', () => {
  fc.assert(
    fc.property(steps, (run) => {
      const { ledgers, inner } = play(run);
      expect(reconcileTiers(ledgers, inner)).toMatchObject({ agree: true, differences: [] });
    }),
  );
});

test('what is asked inside is in no count of the clients’ requests', () => {
  const { ledgers, inner } = play([{ fate: 'edge', calls: ['service', 'service'] }]);
  expect(reconcileTiers(ledgers, inner).counts).toEqual({
    client: 1,
    balancer: 1,
    backends: 1,
    inner: { client: 2, balancer: 2, backends: 2 },
  });
});

test('a count that is off by one shows, in whichever tier', () => {
  const tamper: Record<string, (tiers: Tiers) => Tiers> = {
    'the service answered one more': ({ ledgers, inner }) => ({
      ledgers: { ...ledgers, servers: ledgers.servers.map((s) => (s.id === 'orders-a' ? more(s) : s)) },
      inner,
    }),
    'an edge server answered one more': ({ ledgers, inner }) => ({
      ledgers: { ...ledgers, servers: ledgers.servers.map((s) => (s.id === 'edge-a' ? more(s) : s)) },
      inner,
    }),
    'the edge servers sent one more': ({ ledgers, inner }) => ({
      ledgers,
      inner: { ...inner, client: { ...inner.client, sent: inner.client.sent + 1 } },
    }),
    'a request was counted at the other listener': ({ ledgers, inner }) => ({
      ledgers: { ...ledgers, balancer: ledgers.balancer && shifted(ledgers.balancer) },
      inner,
    }),
  };
  for (const [name, change] of Object.entries(tamper)) {
    fc.assert(
      fc.property(fine, (run) => {
        const { ledgers, inner } = change(play(run));
        expect(reconcileTiers(ledgers, inner).agree, name).toBe(false);
      }),
    );
  }
});

test('differences inside stand behind a line that says so', () => {
  const { ledgers, inner } = play([{ fate: 'edge', calls: ['service'] }]);
  const servers = ledgers.servers.map((server) => (server.id === 'orders-a' ? { ...server, answered: 0 } : server));
  const { differences } = reconcileTiers({ ...ledgers, servers }, inner);
  expect(differences[0]?.text).toBe('Inside, where the edge servers are the client:');
  expect(differences.length).toBeGreaterThan(1);
});

test('before anything is asked inside, the balancer’s counts are all the clients’', () => {
  const { ledgers, inner } = play([{ fate: 'edge', calls: [] }]);
  if (ledgers.balancer === null) throw new Error('unreachable');
  const { listeners: _, ...balancer } = ledgers.balancer;
  const idle = { ...inner, client: { ...inner.client, connectionsOpened: 0 } };
  const early = { ...ledgers, balancer: { ...balancer, connectionsAccepted: 1 } };
  const servers = early.servers.map((server) =>
    server.id === 'orders-a' ? { ...server, connectionsAccepted: 1 } : server,
  );
  expect(reconcileTiers({ ...early, servers }, idle)).toMatchObject({ agree: true, counts: { balancer: 1 } });
});

function more(server: ServerLedger): ServerLedger {
  return { ...server, received: server.received + 1, answered: server.answered + 1 };
}

function shifted(balancer: BalancerCounts): BalancerCounts {
  const listeners = balancer.listeners?.map((listener) => ({
    ...listener,
    requests: listener.requests + (listener.address === 'inner' ? -1 : 1),
  }));
  return listeners === undefined ? balancer : { ...balancer, listeners };
}
