import type { HttpSettings, NextUpstream, NextUpstreamCondition, RealIp } from '../plan';
import { literalTemplate } from '../template';
import { authRequest, authRequestSets, errorPages, httpRealIpFrom, realIpHeader, realIpRecursive } from './access';
import { gzipOf, types } from './content';
import type { Reading } from './entry';
import { addHeaders, addTrailers } from './headers';
import { core, coreSettings } from './http';
import { http2 } from './http2';
import {
  httpConnZones,
  httpLimitConns,
  limitConnDryRun,
  limitConnLogLevel,
  limitConnStatus,
  limitReqDryRun,
  limitReqLogLevel,
  limitReqStatus,
  limitReqs,
  limitReqZones,
  withZones,
} from './limits';
import { effectiveLogs } from './logs';
import { errorLogsOf } from './main';
import {
  clientMaxBodySize,
  grpc,
  proxy,
  proxyBuffering,
  proxyHttpVersion,
  proxyPassRequestBody,
  proxyPassRequestHeaders,
  proxyRequestBuffering,
  type SetHeader,
} from './proxy';
import { fieldFilter, grpcAnswers, proxyAnswers, redirectsOf } from './proxyAnswers';
import { checkBuffers } from './proxyBuffers';
import { proxyRequest } from './proxyRequest';
import type { Scope } from './scope';
import { conditionsOf, rootOf, tryFiles } from './staticFiles';
import { grpcTls, proxyTls, upstreamTls } from './tls';

const families = { proxy, grpc } as const;

/** What holds in a server or location once inheritance and nginx's own defaults are applied. */
export function effectiveSettings(scope: Scope, kind: 'proxy' | 'grpc', reading: Reading): HttpSettings {
  checkBuffers(scope, reading);
  const family = families[kind];
  const answers = kind === 'proxy' ? proxyAnswers : grpcAnswers;
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
    keepaliveHeaderSeconds: scope.get(core.keepaliveTimeout).headerSeconds,
    keepaliveRequests: scope.get(core.keepaliveRequests),
    addHeaders: scope.get(addHeaders),
    defaultType: scope.get(core.defaultType),
    types: new Map(scope.get(types).map(({ extension, type }) => [extension, type])),
    clientSendTimeoutMs: scope.get(core.sendTimeout),
    buffering: scope.get(proxyBuffering),
    requestBuffering: scope.get(proxyRequestBuffering),
    passRequestBody: scope.get(proxyPassRequestBody),
    passRequestHeaders: scope.get(proxyPassRequestHeaders),
    bufferSize: scope.get(family.bufferSize),
    limitReqs: withZones(scope.get(limitReqs), scope.get(limitReqZones), reading),
    limitReqStatus: scope.get(limitReqStatus),
    limitReqDryRun: scope.get(limitReqDryRun),
    limitReqLogLevel: scope.get(limitReqLogLevel),
    limitConns: withZones(scope.get(httpLimitConns), scope.get(httpConnZones), reading),
    limitConnStatus: scope.get(limitConnStatus),
    limitConnDryRun: scope.get(limitConnDryRun),
    limitConnLogLevel: scope.get(limitConnLogLevel),
    realIp: realIp(scope),
    errorPages: scope.get(errorPages),
    authRequest: scope.get(authRequest),
    authRequestSets: scope.get(authRequestSets),
    accessLogs: effectiveLogs(scope),
    errorLogs: errorLogsOf(scope),
    gzip: gzipOf(scope),
    conditions: conditionsOf(scope),
    tryFiles: scope.get(tryFiles),
    ...coreSettings(scope),
    addTrailers: scope.get(addTrailers),
    root: rootOf(scope),
    http2ChunkBytes: scope.get(http2.chunkSize),
    upstreamTls: speaksTls(scope, kind) ? upstreamTls(scope, kind === 'proxy' ? proxyTls : grpcTls, reading) : null,
    interceptErrors: scope.get(answers.interceptErrors),
    followsAccelRedirect: !scope.get(answers.ignoreHeaders).includes('X-Accel-Redirect'),
    fieldFilter: fieldFilter(scope, kind),
    redirects: kind === 'proxy' ? redirectsOf(scope) : [],
    clientBodyBufferSize: scope.get(proxyRequest.bodyBufferSize),
    method: kind === 'proxy' ? scope.get(proxyRequest.method) : null,
    ownBody: kind === 'proxy' ? scope.get(proxyRequest.body) : null,
  };
}

function speaksTls(scope: Scope, kind: 'proxy' | 'grpc'): boolean {
  const target = scope.get(families[kind].pass);
  return target !== null && (target.template !== null || target.scheme === 'https' || target.scheme === 'grpcs');
}

function realIp(scope: Scope): RealIp | null {
  const from = scope.get(httpRealIpFrom);
  if (from.length === 0) return null;
  return { from, header: scope.get(realIpHeader), recursive: scope.get(realIpRecursive) };
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
