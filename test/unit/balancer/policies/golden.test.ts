import { expect, test } from 'vitest';
import { createUpstream } from '../../../../src/balancer/upstream';
import { seededRandom } from '../../../../src/base/random';
import { StillClock, upstreamPlan } from '../../../harness/upstreams';

/**
 * What nginx 1.22.1 chose for 14 clients among 127.0.0.1:4311 (weight 2), :4312 and :4313 (round robin: weights 5, 1, 1),
 * written down so that a machine without nginx notices a change too. Digits are the last of the ports.
 */
const golden = [
  { policy: 'ip_hash', weight: 2, chosen: '13131313131312' },
  { policy: 'hash $arg_k', weight: 2, chosen: '31122113132113' },
  { policy: 'hash $arg_k consistent', weight: 2, chosen: '11121112331232' },
  { policy: '', weight: 5, chosen: '11213111121311' },
];

test.each(golden)('"$policy" chooses as nginx did', ({ policy, weight, chosen }) => {
  const servers = [{ port: 4311, weight }, { port: 4312 }, { port: 4313 }];
  const upstream = createUpstream(upstreamPlan(policy, servers), new StillClock(), seededRandom(1));
  const ours = Array.from({ length: 14 }, (_, i) => {
    const clientAddress = i === 13 ? '2001:db8::17' : `10.${i}.${i * 17}.3`;
    const selection = upstream.begin({ clientAddress, key: `session-${i}`, traced: false });
    const peer = selection.next()?.peer;
    if (peer !== undefined) selection.succeeded(peer, 1);
    return peer?.address.at(-1);
  });
  expect(ours.join('')).toBe(chosen);
});
