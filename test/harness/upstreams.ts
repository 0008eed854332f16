import type { ServerPlan, UpstreamPlan } from '../../src/balancer/plan';
import { policies } from '../../src/balancer/policies';
import type { Clock, Timer } from '../../src/base/clock';
import type { Span } from '../../src/base/problem';
import type { Directive } from '../../src/conf/ast';
import { parseConf } from '../../src/conf/parse';

/** Builders for upstreams without a configuration file. */

const nowhere: Span = { file: 'test.conf', line: 1, column: 1, endLine: 1, endColumn: 1 };

/** `directive('hash $arg_k consistent')` as it stands in a file. */
export function directive(text: string): Directive {
  const [first] = parseConf('test.conf', `${text};`).file.directives;
  if (first === undefined) throw new Error(`not a directive: ${text}`);
  return first;
}

export interface ServerOptions {
  readonly port: number;
  readonly weight?: number;
  readonly maxFails?: number;
  readonly failTimeoutSeconds?: number;
  readonly maxConns?: number;
  readonly backup?: boolean;
  readonly down?: boolean;
}

export function serverPlan(options: ServerOptions): ServerPlan {
  const text = `127.0.0.1:${options.port}`;
  return {
    address: text,
    host: '127.0.0.1',
    port: options.port,
    text,
    weight: options.weight ?? 1,
    maxFails: options.maxFails ?? 1,
    failTimeoutMs: (options.failTimeoutSeconds ?? 10) * 1000,
    maxConns: options.maxConns ?? 0,
    backup: options.backup ?? false,
    down: options.down ?? false,
    span: nowhere,
    lab: null,
  };
}

/** The same server as a line of an nginx configuration. */
export function serverLine(options: ServerOptions): string {
  const plan = serverPlan(options);
  const words = [
    `server ${plan.text}`,
    `weight=${plan.weight}`,
    `max_fails=${plan.maxFails}`,
    `fail_timeout=${plan.failTimeoutMs / 1000}s`,
    ...(plan.maxConns > 0 ? [`max_conns=${plan.maxConns}`] : []),
    ...(plan.backup ? ['backup'] : []),
    ...(plan.down ? ['down'] : []),
  ];
  return `${words.join(' ')};`;
}

/**
 * The plan of one upstream. `policy` is a directive ("hash $arg_k consistent"), '' for the default policy, or the name of
 * one that only the lab has ("peak_ewma").
 */
export function upstreamPlan(
  policy: string,
  servers: readonly ServerOptions[],
  context: 'http' | 'stream' = 'http',
): UpstreamPlan {
  const written = policy === '' || policies.some(({ labName }) => labName === policy) ? null : directive(policy);
  const chosen = policies.find((candidate) =>
    written === null
      ? candidate.directive === null && (candidate.labName ?? '') === policy
      : candidate.directive === written.name.value,
  );
  if (chosen === undefined) throw new Error(`no such policy: ${policy}`);
  const config = chosen.parse(written);
  if (!config.ok) throw new Error(`bad directive: ${policy}`);
  return {
    name: 'u',
    span: nowhere,
    context,
    policy: chosen,
    policyConfig: config.value,
    key: null,
    servers: servers.map(serverPlan),
    keepalive: 0,
    keepaliveLimits: { requests: null, idleMs: 60_000, ageMs: 3_600_000 },
    implicit: false,
  };
}

/** A clock that stands still until told. */
export class StillClock implements Clock {
  constructor(public ms = 1_700_000_000_000) {}
  now(): number {
    return this.ms;
  }
  wallNow(): number {
    return this.ms;
  }
  setTimeout(): Timer {
    throw new Error('nothing here may set a timer');
  }
  setInterval(): Timer {
    throw new Error('nothing here may set a timer');
  }
}
