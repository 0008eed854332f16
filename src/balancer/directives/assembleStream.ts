import { message } from '../../base/message';
import type { StreamPlan, StreamServerPlan } from '../plan';
import { streamRealIpFrom } from './access';
import { Upstreams } from './assembleUpstreams';
import type { Reading } from './entry';
import { streamServers } from './http';
import { streamConnZones, streamLimitConnDryRun, streamLimitConns, withZones } from './limits';
import { streamListen } from './listen';
import { checkListens } from './listenConflicts';
import { errorLogsOf } from './main';
import { streamMaps, streamSplits } from './maps';
import { streamProxy } from './proxy';
import type { Scope } from './scope';
import { checkCertificates, namesCertificate, serverTls } from './serverTls';
import { streamTls } from './tls';
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
    const target = server.get(streamProxy.pass);
    if (target === null) {
      if (!server.names('proxy_pass'))
        reading.error(directive.headSpan, message('no handler for server'), message('Add a "proxy_pass".'));
      continue;
    }
    const upstream = upstreams.target(target);
    if (upstream === null && target.template === null) continue;
    const plan: StreamServerPlan = {
      listens,
      span: directive.headSpan,
      proxyPass: upstream,
      dynamicPass: target.template,
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
      sslPreread: server.get(streamProxy.sslPreread),
      limitConns: withZones(server.get(streamLimitConns), server.get(streamConnZones), reading),
      limitConnDryRun: server.get(streamLimitConnDryRun),
      errorLogs: errorLogsOf(server),
      tls: serverTls(server, streamTls, reading),
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
  };
}
