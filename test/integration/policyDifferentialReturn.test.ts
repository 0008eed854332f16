import { describe, expect, test } from 'vitest';
import { createUpstream } from '../../src/balancer/upstream';
import { seededRandom } from '../../src/base/random';
import { nginxIsMissing, startNginx } from '../harness/nginx';
import {
  type Case,
  type Context,
  confOf,
  keyed,
  live,
  manyClients,
  nginxTries,
  notStraddling,
  ourTries,
  policiesOf,
  ports,
  realTime,
  refusingAddresses,
  useBackends,
  withinOneSecond,
} from '../harness/policyTwin';
import { HttpPortBackends, TcpPortBackends } from '../harness/portBackends';
import { StillClock, upstreamPlan } from '../harness/upstreams';

useBackends();

describe.skipIf(nginxIsMissing)('the same peers as nginx when a server goes and comes back', () => {
  test('out for fail_timeout, one failing trial, one that passes', async () => {
    const contexts: readonly Context[] = ['http', 'stream'];
    await notStraddling(async () => {
      const returning = { http: new HttpPortBackends(), stream: new TcpPortBackends() };
      const portOf = (context: Context) => ports[context][live] ?? 0;
      const cases: Case[] = contexts.flatMap((context) => {
        const others = ports[context].slice(0, 3).map((port, i) => ({ port, weight: i + 1 }));
        const servers = [{ port: portOf(context), weight: 4, maxFails: 2, failTimeoutSeconds: 1 }, ...others];
        return policiesOf[context].map((policy) => ({ context, policy, servers }));
      });
      const nginx = await startNginx(confOf(cases));
      try {
        const clock = new StillClock();
        const health: string[] = [];
        const upstreams = cases.map(({ context, policy, servers }) =>
          createUpstream(upstreamPlan(policy, servers, context), clock, seededRandom(1), (_peer, state) => {
            if (policy === '' && context === 'http') health.push(state);
          }),
        );
        const refused = refusingAddresses();
        const phase = async (name: string) => {
          for (const [i, { context, policy }] of cases.entries()) {
            const ours: string[] = [];
            const theirs: string[] = [];
            for (const one of manyClients.slice(0, 20)) {
              theirs.push(await withinOneSecond(clock, () => nginxTries(nginx, context, i, one)));
              const upstream = upstreams[i];
              if (upstream === undefined) throw new Error('one upstream per case');
              ours.push(ourTries(upstream, `u${i}`, keyed(one, policy), (address) => refused.has(address)));
            }
            expect(ours, `${name}, ${context} ${policy}`).toEqual(theirs);
          }
        };
        await phase('it refuses');
        await realTime(2050);
        await phase('its trial fails');
        await returning.http.listen(portOf('http'));
        await returning.stream.listen(portOf('stream'));
        for (const context of contexts) refused.delete(`127.0.0.1:${portOf(context)}`);
        await realTime(2050);
        await phase('its trial passes');
        await phase('it grows back to its weight');
        expect(health).toEqual(['unavailable', 'up']);
      } finally {
        await nginx.stop();
        await returning.http.close();
        await returning.stream.close();
      }
    });
  }, 60_000);
});
