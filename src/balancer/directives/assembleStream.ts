import { message } from '../../base/message';
import type { StreamPlan, StreamServerPlan } from '../plan';
import { Upstreams } from './assembleUpstreams';
import type { Reading } from './entry';
import { streamServers } from './http';
import { streamListen } from './listen';
import { checkListens } from './listenConflicts';
import { streamProxy } from './proxy';
import type { Scope } from './scope';
import { streamUpstreams } from './upstream';

/** Puts together what the scopes of `stream {}` say. */
export function assembleStream(scope: Scope, reading: Reading): StreamPlan {
  const upstreams = new Upstreams('stream', scope.get(streamUpstreams), reading);
  const servers: StreamServerPlan[] = [];
  for (const { scope: server, directive } of scope.get(streamServers)) {
    const children = (directive.block ?? []).map((child) => child.name.value);
    const listens = server.get(streamListen);
    if (!children.includes('listen')) {
      reading.error(directive.headSpan, message('no "listen" is defined for server'));
    }
    const target = server.get(streamProxy.pass);
    if (target === null) {
      if (!children.includes('proxy_pass'))
        reading.error(directive.headSpan, message('no handler for server'), message('Add a "proxy_pass".'));
      continue;
    }
    const upstream = upstreams.target(target);
    if (upstream === null) continue;
    servers.push({
      listens,
      span: directive.headSpan,
      proxyPass: upstream,
      connectTimeoutMs: server.get(streamProxy.connectTimeout),
      timeoutMs: server.get(streamProxy.timeout),
      nextUpstream: {
        enabled: server.get(streamProxy.nextUpstream),
        tries: server.get(streamProxy.nextUpstreamTries),
        timeoutMs: server.get(streamProxy.nextUpstreamTimeout),
      },
      halfClose: server.get(streamProxy.halfClose),
      proxyProtocol: server.get(streamProxy.protocol),
    });
  }
  checkListens(servers, 'stream', reading);
  return { upstreams: upstreams.all, servers };
}
