import { message } from '../../base/message';
import type { StreamPlan, StreamServerPlan } from '../plan';
import { streamRealIpFrom } from './access';
import { Upstreams } from './assembleUpstreams';
import type { Entry, Reading } from './entry';
import { streamServers } from './http';
import { streamConnZones, streamLimitConnDryRun, streamLimitConns, withZones } from './limits';
import { streamListen } from './listen';
import { checkListens } from './listenConflicts';
import { effectiveLogs } from './logs';
import { errorLogsOf } from './main';
import { streamMaps, streamSplits } from './maps';
import { streamProxy } from './proxy';
import type { Scope } from './scope';
import { checkCertificates, namesCertificate, serverTls } from './serverTls';
import { accessRules } from './streamAccess';
import { streamProxySsl, streamProxyTls, streamSessions, streamTls, upstreamTls } from './tls';
import { streamUpstreams } from './upstream';

/** Puts together what the scopes of `stream {}` say. */
export function assembleStream(scope: Scope, reading: Reading): StreamPlan {
  const upstreams = new Upstreams('stream', scope.get(streamUpstreams), reading);
  const servers: StreamServerPlan[] = [];
  const reported = new Set<StreamServerPlan>();
  for (const { scope: server, directive } of scope.get(streamServers)) {
    const listens = server.get(streamListen);
    if (!server.names('listen')) {
      reading.error(directive.headSpan, message('no "listen" is defined for server'));
    }
    const returns = isLast(streamProxy.returns, server, streamProxy.pass) ? server.get(streamProxy.returns) : null;
    const target = server.get(streamProxy.pass);
    if (target === null && returns === null) {
      if (!server.names('proxy_pass') && !server.names('return'))
        reading.error(directive.headSpan, message('no handler for server'), message('Add a "proxy_pass".'));
      continue;
    }
    const upstream = target === null ? null : upstreams.target(target);
    if (returns === null && upstream === null && target?.template === null) continue;
    const plan: StreamServerPlan = {
      listens,
      span: directive.headSpan,
      proxyPass: returns === null ? upstream : null,
      dynamicPass: returns === null ? (target?.template ?? null) : null,
      returns,
      connectTimeoutMs: server.get(streamProxy.connectTimeout),
      timeoutMs: server.get(streamProxy.timeout),
      nextUpstream: {
        enabled: server.get(streamProxy.nextUpstream),
        tries: server.get(streamProxy.nextUpstreamTries),
        timeoutMs: server.get(streamProxy.nextUpstreamTimeout),
      },
      halfClose: server.get(streamProxy.halfClose),
      proxyProtocol: server.get(streamProxy.protocol),
      realIpFrom: server.get(streamRealIpFrom),
      accessRules: server.get(accessRules),
      bind: server.get(streamProxy.bind),
      sslPreread: server.get(streamProxy.sslPreread),
      limitConns: withZones(server.get(streamLimitConns), server.get(streamConnZones), reading),
      limitConnDryRun: server.get(streamLimitConnDryRun),
      errorLogs: errorLogsOf(server),
      // nginx looks at no certificate that nobody asks for.
      tls: listens.some(({ ssl }) => ssl) ? serverTls(server, streamTls, streamSessions, reading) : null,
      upstreamTls: server.get(streamProxySsl) ? upstreamTls(server, streamProxyTls, reading) : null,
      passHost: target?.address?.host ?? '',
      proxyProtocolTimeoutMs: server.get(streamProxy.protocolTimeout),
      prereadBufferSize: server.get(streamProxy.prereadBufferSize),
      prereadTimeoutMs: server.get(streamProxy.prereadTimeout),
      accessLogs: effectiveLogs(server),
    };
    servers.push(plan);
    if (plan.tls === null && namesCertificate(server)) reported.add(plan);
  }
  checkListens(servers, 'stream', reading);
  checkCertificates(servers, reported, reading);
  return {
    upstreams: upstreams.all,
    maps: scope.get(streamMaps),
    splitClients: scope.get(streamSplits),
    limitZones: { requests: [], connections: scope.get(streamConnZones) },
    servers,
    accessLogs: effectiveLogs(scope),
  };
}

/** Of two directives that say what a server does nginx heeds the later one. */
function isLast(entry: Entry, server: Scope, other: Entry): boolean {
  const here = server.source(entry)?.span;
  const there = server.source(other)?.span;
  if (here === undefined || there === undefined) return here !== undefined;
  return here.line > there.line || (here.line === there.line && here.column > there.column);
}
