import type { Span } from '../../base/problem';
import type { UpstreamPlan } from '../plan';
import { policies } from '../policies/index';
import { LIMITS } from '../proxies/limits';
import { formatAddress } from './address';

/**
 * The upstream of one server that an address stands for where no `upstream` block names it. `health` is the server's
 * max_fails and fail_timeout (ms).
 */
export function implicitUpstream(
  context: UpstreamPlan['context'],
  host: string,
  port: number,
  span: Span,
  health: { readonly maxFails: number; readonly failTimeoutMs: number },
): UpstreamPlan {
  const [policy] = policies;
  if (policy === undefined) throw new Error('The registry of policies begins with the default one');
  const config = policy.parse(null);
  const address = formatAddress(host, port);
  return {
    name: address,
    span,
    context,
    policy,
    policyConfig: config.ok ? config.value : null,
    key: null,
    servers: [
      {
        address,
        host,
        port,
        text: address,
        weight: 1,
        ...health,
        maxConns: 0,
        backup: false,
        down: false,
        span,
        lab: null,
      },
    ],
    keepalive: 0,
    keepaliveLimits: { requests: null, idleMs: LIMITS.upstreamIdleMs, ageMs: LIMITS.upstreamAgeMs },
    implicit: true,
  };
}
