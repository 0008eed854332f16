import type { HttpSettings, NextUpstream, NextUpstreamCondition } from '../plan';
import { literalTemplate } from '../template';
import { addHeaders } from './headers';
import { core } from './http';
import { clientMaxBodySize, grpc, proxy, proxyHttpVersion, type SetHeader } from './proxy';
import type { Scope } from './scope';

const isGrpcFamily = { proxy, grpc } as const;

/** What holds in a server or location once inheritance and nginx's own defaults are applied. */
export function effectiveSettings(scope: Scope, kind: 'proxy' | 'grpc'): HttpSettings {
  const family = isGrpcFamily[kind];
  return {
    connectTimeoutMs: scope.get(family.connectTimeout),
    readTimeoutMs: scope.get(family.readTimeout),
    sendTimeoutMs: scope.get(family.sendTimeout),
    httpVersion: scope.get(proxyHttpVersion),
    setHeaders: withDefaults(scope.get(family.setHeaders), kind),
    nextUpstream: nextUpstream(
      scope.get(family.nextUpstream),
      scope.get(family.nextUpstreamTries),
      scope.get(family.nextUpstreamTimeout),
    ),
    clientMaxBodySize: scope.get(clientMaxBodySize),
    clientHeaderTimeoutMs: scope.get(core.clientHeaderTimeout),
    clientBodyTimeoutMs: scope.get(core.clientBodyTimeout),
    keepaliveTimeoutMs: scope.get(core.keepaliveTimeout).idleMs,
    keepaliveRequests: scope.get(core.keepaliveRequests),
    addHeaders: scope.get(addHeaders),
    defaultType: scope.get(core.defaultType),
  };
}

/** What proxy_set_header and grpc_set_header do by default: nginx sets these unless the file names the same header. */
const defaultHeaders = {
  proxy: [
    ['Host', '$proxy_host'],
    ['Connection', 'close'],
    ['TE', ''],
    ['Keep-Alive', ''],
    ['Expect', ''],
    ['Upgrade', ''],
  ],
  grpc: [
    ['Connection', ''],
    ['Keep-Alive', ''],
    ['Expect', ''],
    ['Upgrade', ''],
  ],
} as const;

const proxyHost = {
  source: '$proxy_host',
  variables: ['proxy_host'],
  evaluate: (v: { variable(name: string): string }) => v.variable('proxy_host'),
};

function withDefaults(own: readonly SetHeader[], kind: 'proxy' | 'grpc'): readonly SetHeader[] {
  const named = new Set(own.map((header) => header.name.toLowerCase()));
  const added = defaultHeaders[kind]
    .filter(([name]) => !named.has(name.toLowerCase()))
    .map(([name, text]) => ({ name, value: text === '$proxy_host' ? proxyHost : literalTemplate(text) }));
  return [...own, ...added];
}

function nextUpstream(
  conditions: readonly (NextUpstreamCondition | 'off')[],
  tries: number,
  timeoutMs: number,
): NextUpstream {
  const on = conditions.includes('off')
    ? []
    : conditions.filter((condition): condition is NextUpstreamCondition => condition !== 'off');
  return { on: new Set(on), tries, timeoutMs };
}
