import { message } from '../../base/message';
import { readableText } from '../byteText';
import type { HttpHandler, HttpPlan, HttpServerPlan, ListenPlan, LocationPlan } from '../plan';
import { Upstreams } from './assembleUpstreams';
import type { Reading } from './entry';
import {
  core,
  httpServers,
  internal,
  type LocationBlock,
  locations,
  requestReading,
  type ServerBlock,
  serverName,
} from './http';
import { http2 } from './http2';
import { httpConnZones, limitReqZones } from './limits';
import { httpListen } from './listen';
import { checkListens } from './listenConflicts';
import { httpMaps, httpSplits } from './maps';
import { grpc, proxy } from './proxy';
import type { PassTarget } from './proxyPass';
import { rewriteSteps } from './rewrite';
import type { Scope } from './scope';
import { checkCertificates, namesCertificate, serverTls } from './serverTls';
import { effectiveSettings } from './settings';
import { staticFiles } from './staticFiles';
import { httpSessions, httpTls, rejectHandshake } from './tls';
import { httpUpstreams } from './upstream';

/** Puts together what the scopes of `http {}` say: every server and location gets its own effective settings. */
export function assembleHttp(scope: Scope, reading: Reading): HttpPlan {
  const upstreams = new Upstreams('http', scope.get(httpUpstreams), reading);
  const blocks = scope.get(httpServers);
  const servers = blocks.map((server) => assembleServer(server, upstreams, reading));
  checkListens(servers, 'http', reading);
  const reported = servers.filter(({ tls }, i) => tls === null && namesCertificate(blocks[i]?.scope ?? scope));
  checkCertificates(servers, new Set(reported), reading);
  return {
    upstreams: upstreams.all,
    maps: scope.get(httpMaps),
    splitClients: scope.get(httpSplits),
    limitZones: { requests: scope.get(limitReqZones), connections: scope.get(httpConnZones) },
    servers,
  };
}

function assembleServer({ scope, directive }: ServerBlock, upstreams: Upstreams, reading: Reading): HttpServerPlan {
  const listens = scope.get(httpListen);
  const onEveryListener = scope.get(http2.enabled);
  return {
    listens: (scope.names('listen') ? listens : [implicitListen(directive.headSpan)]).map((listen) => ({
      ...listen,
      http2: listen.http2 || onEveryListener,
    })),
    names: scope.get(serverName),
    span: directive.headSpan,
    locations: assembleLocations(scope.get(locations), upstreams, reading),
    rewrite: scope.get(rewriteSteps),
    headerBuffers: {
      size: scope.get(core.clientHeaderBufferSize),
      largeCount: scope.get(core.largeClientHeaderBuffers).count,
      largeSize: scope.get(core.largeClientHeaderBuffers).size,
    },
    http2: {
      maxConcurrentStreams: scope.get(http2.maxConcurrentStreams),
      prereadBytes: scope.get(http2.bodyPrereadSize),
    },
    tls: serverTls(scope, httpTls, httpSessions, reading),
    rejectsHandshakes: scope.get(rejectHandshake),
    mergeSlashes: scope.get(requestReading.mergeSlashes),
    invalidHeaders: {
      ignore: scope.get(requestReading.ignoreInvalidHeaders),
      underscores: scope.get(requestReading.underscores),
    },
    settings: effectiveSettings(scope, 'proxy', reading),
    handler: handlerOf(scope, upstreams),
  };
}

/** A server without `listen` listens on port 80. */
function implicitListen(span: ListenPlan['span']): ListenPlan {
  return {
    host: '127.0.0.1',
    port: 80,
    declared: '127.0.0.1:80',
    wildcard: true,
    ssl: false,
    http2: false,
    defaultServer: false,
    proxyProtocol: false,
    span,
  };
}

/**
 * `unchecked`: inside a regex location nginx builds no search tree of the locations, and so never notices a duplicate
 * (ngx_http_init_static_location_trees); it is worth a warning, not a refusal.
 */
function assembleLocations(
  blocks: readonly LocationBlock[],
  upstreams: Upstreams,
  reading: Reading,
  unchecked = false,
): LocationPlan[] {
  const seen = new Map<string, LocationBlock>();
  return blocks.map((block) => {
    const { match, scope, directive } = block;
    const name = match.kind === 'regex' ? null : readableText(match.kind === 'named' ? match.name : match.path);
    if (name !== null) {
      // An exact and a prefix location of one path live side by side; two prefixes do not, whatever their modifier.
      const key = `${match.kind === 'exact' ? '=' : ''}${name}`;
      const first = seen.get(key);
      if (first !== undefined && (match.kind === 'named' || unchecked)) {
        reading.warn(
          directive.headSpan,
          message('duplicate location "{name}"', { name }),
          message('The first one, on line {line}, is used.', { line: first.directive.span.line }),
        );
      } else if (first !== undefined) {
        reading.error(
          directive.headSpan,
          message('duplicate location "{name}"', { name }),
          message('The first one is on line {line}.', { line: first.directive.span.line }),
        );
      }
      seen.set(key, first ?? block);
    }
    const isGrpc = scope.get(grpc.pass) !== null;
    const handler = handlerOf(scope, upstreams);
    return {
      match,
      span: directive.headSpan,
      locations: assembleLocations(scope.get(locations), upstreams, reading, unchecked || match.kind === 'regex'),
      rewrite: scope.get(rewriteSteps),
      settings: effectiveSettings(scope, isGrpc ? 'grpc' : 'proxy', reading),
      handler,
      internal: scope.get(internal),
      autoRedirect:
        (handler.kind === 'proxy' || handler.kind === 'grpc') &&
        (match.kind === 'prefix' || match.kind === 'prefix-no-regex') &&
        match.path.endsWith('/'),
    };
  });
}

function handlerOf(scope: Scope, upstreams: Upstreams): HttpHandler {
  const handler = passHandler(scope, upstreams);
  const [first] = scope.get(rewriteSteps);
  if (first?.kind === 'return') return first;
  return handler ?? staticFiles(scope);
}

function passHandler(scope: Scope, upstreams: Upstreams): HttpHandler | null {
  if (scope.context !== 'location') return null;
  const viaGrpc = scope.get(grpc.pass);
  const target = scope.get(proxy.pass) ?? viaGrpc;
  if (target === null) return null;
  if (target.template !== null) {
    const family = viaGrpc === target ? 'grpc' : 'proxy';
    return { kind: 'dynamic', family, target: target.template, span: target.word.span };
  }
  const upstream = upstreams.target(target);
  if (upstream === null) return null;
  const hostHeader = hostHeaderOf(target);
  if (target.scheme === 'grpc' || target.scheme === 'grpcs') {
    return { kind: 'grpc', scheme: target.scheme, upstream, hostHeader };
  }
  const scheme = target.scheme === 'https' ? 'https' : 'http';
  return { kind: 'proxy', scheme, upstream, hostHeader, uri: target.uri };
}

/** `$proxy_host`: as written, without a port that is the scheme's own. */
function hostHeaderOf({ address, defaultPort }: PassTarget): string {
  if (address === null) return '';
  const host = address.ipv6 ? `[${address.host}]` : address.host;
  return address.port === null || address.port === defaultPort ? host : `${host}:${address.port}`;
}
