import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createUpstream } from '../../src/balancer/upstream';
import { seededRandom } from '../../src/base/random';
import { differential, differentialTimeout } from '../harness/fuzz';
import { nginxIsMissing, startNginx } from '../harness/nginx';
import {
  clientsOf,
  confOf,
  contexts,
  equal,
  everywhere,
  live,
  manyClients,
  nginxTries,
  ourTries,
  perPolicy,
  policiesOf,
  ports,
  sameChoices,
  serversOf,
  useBackends,
} from '../harness/policyTwin';
import { StillClock, upstreamPlan } from '../harness/upstreams';

useBackends();

describe.skipIf(nginxIsMissing)('the same peers as nginx', () => {
  test('equal servers', () =>
    sameChoices(
      everywhere((context) => equal(context, 4)),
      manyClients,
    ));

  test('weights', () =>
    sameChoices(
      everywhere((context) => equal(context, 3).map((server, i) => ({ ...server, weight: [5, 1, 2][i] ?? 1 }))),
      manyClients,
    ));

  test('a heavy server that is down: hashing gives up after exactly as many misses', () =>
    sameChoices(
      everywhere((context) =>
        equal(context, 3).map((server, i) => (i === 1 ? { ...server, weight: 60, down: true } : server)),
      ),
      manyClients,
    ));

  test('a server that refuses, with max_fails and weights', () =>
    sameChoices(
      everywhere((context) => [
        ...equal(context, 2, { weight: 2 }),
        { port: ports[context][live] ?? 0, weight: 5, maxFails: 3, failTimeoutSeconds: 60 },
      ]),
      manyClients,
    ));

  test('all primaries refuse and the backup steps in', () =>
    sameChoices(
      everywhere((context) => [
        ...ports[context].slice(live).map((port) => ({ port, weight: 2 })),
        { port: ports[context][0] ?? 0, backup: true },
        { port: ports[context][1] ?? 0, backup: true, weight: 2 },
      ]),
      manyClients,
    ));

  test('a server that fails now and then: failures add up only within fail_timeout', () =>
    sameChoices(
      perPolicy('http', equal('http', 4, { weight: 3, maxFails: 3, failTimeoutSeconds: 60 })),
      [...manyClients, ...manyClients].map((one, i) => ({ ...one, failing: i % 3 === 0 ? [i % 4] : [] })),
    ));

  test('nobody answers: all are tried, then none is live', () =>
    sameChoices(
      everywhere((context) => ports[context].slice(live).map((port) => ({ port, failTimeoutSeconds: 60 }))),
      manyClients.slice(0, 6),
    ));

  test('a single server is never taken out', () =>
    sameChoices(
      everywhere((context) => [{ port: ports[context][live] ?? 0 }]),
      manyClients.slice(0, 4),
    ));

  test('an empty key', () =>
    sameChoices(
      [
        { context: 'http', policy: 'hash $http_x_key', servers: equal('http', 3) },
        { context: 'http', policy: 'hash $http_x_key consistent', servers: equal('http', 3) },
      ],
      manyClients.slice(0, 8).map((one) => ({ ...one, key: '' })),
    ));

  test('bytes beyond ASCII in the key', () =>
    sameChoices(
      [{ context: 'http', policy: 'hash $http_x_key consistent', servers: equal('http', 5) }],
      manyClients.slice(0, 12).map((one, i) => ({ ...one, key: `\u00ea\u00b0${String.fromCharCode(0x80 + i)}` })),
    ));

  test(
    'generated configurations',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...contexts).chain((context) =>
            fc.record({
              context: fc.constant(context),
              policy: fc.constantFrom(...policiesOf[context]),
              servers: fc.constant(null).chain(() => serversOf(context)),
              clients: clientsOf({ minLength: 10, maxLength: 30 }),
            }),
          ),
          ({ clients, ...one }) => sameChoices([one], clients),
        ),
        differential(40),
      ),
    differentialTimeout(60_000),
  );

  test('random: the same shares, weights counted', async () => {
    const policies = ['random', 'random two', 'random two least_conn'];
    const draws = 700;
    for (const context of contexts) {
      const servers = equal(context, 3).map((server, i) => ({ ...server, weight: i + 1 }));
      const nginx = await startNginx(confOf(policies.map((policy) => ({ context, policy, servers }))));
      try {
        for (const [i, policy] of policies.entries()) {
          const upstream = createUpstream(upstreamPlan(policy, servers, context), new StillClock(), seededRandom(i));
          const theirs = new Map<string, number>();
          const ours = new Map<string, number>();
          for (let n = 0; n < draws; n += 1) {
            count(theirs, await nginxTries(nginx, context, i, { address: '10.0.0.1', key: '' }));
            count(
              ours,
              ourTries(upstream, `u${i}`, { address: '10.0.0.1', key: '' }, () => false),
            );
          }
          for (const { address } of upstream.peers) {
            const difference = Math.abs((theirs.get(address) ?? 0) - (ours.get(address) ?? 0));
            // Five standard deviations of the difference of two binomial counts.
            expect(difference, `${context} ${policy} ${address}`).toBeLessThan(5 * Math.sqrt(draws / 2));
          }
        }
      } finally {
        await nginx.stop();
      }
    }
  }, 60_000);
});

function count(into: Map<string, number>, address: string): void {
  into.set(address, (into.get(address) ?? 0) + 1);
}
