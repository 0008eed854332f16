import { isIpv4, isIpv6, parseHostPort } from '../directives/address';
import { escapePath } from '../gateway/requestUri';
import type { HttpHandler, UpstreamPlan } from '../plan';
import { finish } from '../proxies/answers';
import type { Exchange } from '../proxies/exchange';
import type { Destination, NamedServer } from '../proxies/openCall';
import { Proxying } from '../proxies/proxying';

type Pass = Extract<HttpHandler, { kind: 'proxy' | 'grpc' }>;
type DynamicPass = Extract<HttpHandler, { kind: 'dynamic' }>;

/** Sends a request on to the upstream that proxy_pass or grpc_pass names. */
export function proxyTo(exchange: Exchange, handler: Pass): void {
  const { kind, upstream, hostHeader, scheme } = handler;
  const uri = handler.kind === 'grpc' ? null : handler.uri;
  const isOwn = exchange.isLocationsOwn;
  const target = uri === null || !isOwn ? ownTarget(exchange) : `${uri.evaluate(exchange)}${rest(exchange)}`;
  send(exchange, { kind, scheme, upstream, hostHeader, target });
}

/** Sends it to where the variables in proxy_pass or grpc_pass lead (ngx_http_proxy_eval, ngx_http_grpc_eval). */
export function proxyDynamically(exchange: Exchange, { family, target }: DynamicPass): void {
  const text = target.evaluate(exchange);
  const found = /^(?:([a-z]+):\/\/)?([^/?]*)([/?].*)?$/is.exec(text);
  const scheme = found?.[1]?.toLowerCase() ?? (family === 'grpc' ? 'grpc' : '');
  const schemes = family === 'grpc' ? ['grpc', 'grpcs'] : ['http', 'https'];
  if (found === null || !schemes.includes(scheme)) {
    exchange.logError('error', `invalid URL prefix in "${text}"`);
    finish(exchange, 500);
    return;
  }
  const address = parseHostPort(found[2] ?? '');
  if (!address.ok || (family === 'grpc' && found[3] !== undefined)) {
    exchange.logError('error', `invalid host in upstream "${text}"`);
    finish(exchange, 500);
    return;
  }
  const { host, port, ipv6 } = address.value;
  const usual = scheme === 'http' ? 80 : scheme === 'https' ? 443 : null;
  const written = ipv6 ? `[${host}]` : host;
  const server: NamedServer = {
    kind: family,
    scheme: scheme as NamedServer['scheme'],
    hostHeader: port === null || port === usual ? written : `${written}:${port}`,
  };
  exchange.destination = server;
  const upstream = named(exchange, written, port) ?? literal(exchange, host, ipv6, port ?? usual ?? 0);
  if (upstream === null) return;
  const uri = found[3];
  send(exchange, {
    ...server,
    upstream,
    // As it is: what else of the request's path is wanted, the file says with variables.
    target: uri === undefined ? ownTarget(exchange) : uri.startsWith('?') ? `/${uri}` : uri,
  });
}

function named(exchange: Exchange, host: string, port: number | null): UpstreamPlan | null {
  const wanted = (port === null ? host : `${host}:${port}`).toLowerCase();
  return exchange.generation.plan.http?.upstreams.find(({ name }) => name.toLowerCase() === wanted) ?? null;
}

/** Null: it cannot be reached, and the request is answered. */
function literal(exchange: Exchange, host: string, ipv6: boolean, port: number): UpstreamPlan | null {
  if (ipv6 ? isIpv6(host) : isIpv4(host)) {
    if (port > 0) return exchange.generation.literalUpstream(host, port);
    exchange.logError('error', `no port in upstream "${host}"`);
    finish(exchange, 500);
    return null;
  }
  // Names are known from upstream blocks only.
  exchange.logError('error', port > 0 ? `no resolver defined to resolve ${host}` : `no port in upstream "${host}"`);
  finish(exchange, port > 0 ? 502 : 500);
  return null;
}

function send(exchange: Exchange, destination: Destination): void {
  exchange.destination = destination;
  const proxying = new Proxying(exchange, destination);
  exchange.content = proxying;
  proxying.begin();
}

/** What the client asked for, as it wrote it while that still says what is wanted (ngx_http_proxy_create_request). */
function ownTarget(exchange: Exchange): string {
  return exchange.isUnparsed ? exchange.target : `${escaped(exchange, exchange.path)}${query(exchange)}`;
}

/** What follows the part of the path that proxy_pass replaces. */
function rest(exchange: Exchange): string {
  const match = exchange.location?.match;
  const replaced = match !== undefined && 'path' in match ? match.path.length : 0;
  return `${escaped(exchange, exchange.path.slice(replaced))}${query(exchange)}`;
}

/** Escaped again where the client had escaped something; what it wrote unescaped stays. */
function escaped({ internal, target }: Exchange, path: string): string {
  return internal || /^[^?]*%/.test(target) ? escapePath(path) : path;
}

function query({ args }: Exchange): string {
  return args === '' ? '' : `?${args}`;
}
