import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createUpstream, type Upstream } from '../../src/balancer/upstream';
import { seededRandom } from '../../src/base/random';
import { differential, differentialTimeout } from '../harness/fuzz';
import { nginxIsMissing, startNginx } from '../harness/nginx';
import {
  addresses,
  type Case,
  type Client,
  type Context,
  client,
  confOf,
  equal,
  httpBackends,
  keyed,
  notStraddling,
  policiesOf,
  ports,
  proxyHeader,
  refusingAddresses,
  serversOf,
  tcpBackends,
  useBackends,
  withinOneSecond,
} from '../harness/policyTwin';
import { askTcp } from '../harness/portBackends';
import { StillClock, upstreamPlan } from '../harness/upstreams';

useBackends();

describe.skipIf(nginxIsMissing)('the same peers as nginx while requests are under way', () => {
  interface Step {
    /** Begin one request, or end the one that has been open longest but `end`. */
    readonly end: number | null;
    readonly client: Client;
  }

  /** Begins requests that stay open through nginx, and ends them. */
  interface Held {
    begin(id: string, client: Client): Promise<string | null>;
    end(id: string): Promise<void>;
  }

  function heldRequests(port: number): Held {
    const answers = new Map<string, Promise<unknown>>();
    return {
      async begin(id, { address, key }) {
        const arrival = httpBackends.arrival(id);
        const answer = client.get(port, `/hold/${id}`, { 'X-Forwarded-For': address, 'X-Key': key });
        answers.set(id, answer);
        const arrived = await Promise.race([arrival, answer.then(() => null)]);
        return arrived === null ? null : String(arrived);
      },
      async end(id) {
        httpBackends.letGo(id);
        await answers.get(id);
      },
    };
  }

  function heldConnections(port: number): Held {
    const sockets = new Map<string, Awaited<ReturnType<typeof askTcp>>['socket']>();
    return {
      async begin(id, { address }) {
        const { answer, socket } = await askTcp(port, `${proxyHeader(address)}hold ${id}\n`);
        sockets.set(id, socket);
        return answer;
      },
      async end(id) {
        sockets.get(id)?.destroy();
        await tcpBackends.gone(id);
      },
    };
  }

  let runs = 0;

  async function sameWhileHeld(one: Case, steps: readonly Step[]): Promise<void> {
    await notStraddling(async () => {
      runs += 1;
      const nginx = await startNginx(confOf([one]));
      const port = ports.front[0] ?? 0;
      const held = one.context === 'http' ? heldRequests(port) : heldConnections(port);
      const open: { id: string; end: () => void }[] = [];
      const end = async (which: { id: string; end: () => void }) => {
        which.end();
        await held.end(which.id);
      };
      try {
        const clock = new StillClock();
        const upstream = createUpstream(upstreamPlan(one.policy, one.servers, one.context), clock, seededRandom(1));
        const refused = refusingAddresses();
        const ours: (string | null)[] = [];
        const theirs: (string | null)[] = [];
        for (const [i, step] of steps.entries()) {
          const [ending] = step.end === null ? [] : open.splice(step.end % Math.max(1, open.length), 1);
          if (ending !== undefined) {
            await end(ending);
            continue;
          }
          const id = `r${runs}x${i}`;
          const chosen = await withinOneSecond(clock, () => held.begin(id, step.client));
          theirs.push(chosen);
          const begun = beginOurs(upstream, keyed(step.client, one.policy), (address) => refused.has(address));
          ours.push(begun?.port ?? null);
          if (chosen !== null) open.push({ id, end: begun?.end ?? (() => {}) });
        }
        expect(ours).toEqual(theirs);
        for (const which of open.splice(0)) await end(which);
        expect(upstream.peers.map((peer) => peer.inFlight)).toEqual(one.servers.map(() => 0));
      } finally {
        for (const which of open.splice(0)) await end(which);
        await nginx.stop();
      }
    });
  }

  function beginOurs(upstream: Upstream, { address, key }: Client, refuses: (address: string) => boolean) {
    const selection = upstream.begin({ clientAddress: address, key, traced: false });
    for (let next = selection.next(); next !== null; next = selection.next()) {
      const { peer } = next;
      if (refuses(peer.address)) selection.failed(peer);
      else {
        selection.connected(peer);
        return { port: peer.address.slice('127.0.0.1:'.length), end: () => selection.succeeded(peer, 1) };
      }
    }
    return null;
  }

  const opened = (count: number): Step[] =>
    Array.from({ length: count }, (_, i) => ({ end: null, client: { address: `10.0.${i}.1`, key: `key${i}` } }));

  const closed = (...which: number[]): Step[] =>
    which.map((end) => ({ end, client: { address: '10.0.0.1', key: '' } }));

  test.each<Context>(['http', 'stream'])('least_conn on %s, with weights', (context) =>
    sameWhileHeld(
      {
        context,
        policy: 'least_conn',
        servers: equal(context, 3).map((server, i) => ({ ...server, weight: [5, 1, 2][i] ?? 1 })),
      },
      [...opened(16), ...closed(3, 1, 4, 1, 5, 9, 2, 6), ...opened(10), ...closed(5, 3, 5), ...opened(9)],
    ),
  );

  test.each<Context>(['http', 'stream'])('max_conns on %s: the full are passed over, then none is left', (context) =>
    sameWhileHeld(
      { context, policy: '', servers: equal(context, 3).map((server, i) => ({ ...server, maxConns: i + 1 })) },
      [...opened(8), ...closed(1, 3), ...opened(4)],
    ),
  );

  test(
    'generated configurations with max_conns',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom<Context>('http', 'stream').chain((context) =>
            fc.record({
              context: fc.constant(context),
              policy: fc.constantFrom('least_conn', 'least_conn', ...policiesOf[context]),
              servers: fc
                .constant(null)
                .chain(() =>
                  serversOf(context).chain((servers) =>
                    fc
                      .array(fc.constantFrom(0, 0, 1, 2), { minLength: servers.length, maxLength: servers.length })
                      .map((limits) => servers.map((server, i) => ({ ...server, maxConns: limits[i] ?? 0 }))),
                  ),
                ),
            }),
          ),
          fc.array(
            fc.record({
              end: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(9) }),
              client: fc.record({ address: addresses, key: fc.stringMatching(/^[!-~]{0,12}$/) }),
            }),
            { minLength: 8, maxLength: 30 },
          ),
          sameWhileHeld,
        ),
        differential(25),
      ),
    differentialTimeout(60_000),
  );
});
