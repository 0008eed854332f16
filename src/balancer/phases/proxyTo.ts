import { escapePath } from '../gateway/requestUri';
import type { HttpHandler } from '../plan';
import type { Exchange } from '../proxies/exchange';
import { Proxying } from '../proxies/proxying';
import type { Template } from '../template';

/** Sends a request on to the upstream that proxy_pass or grpc_pass names. */
export function proxyTo(exchange: Exchange, handler: Extract<HttpHandler, { kind: 'proxy' | 'grpc' }>): void {
  const target = handler.kind === 'grpc' ? exchange.target : outgoingTarget(exchange, handler.uri);
  const { kind, upstream, hostHeader } = handler;
  const proxying = new Proxying(exchange, { kind, upstream, hostHeader, target });
  exchange.content = proxying;
  proxying.begin();
}

/** What the request line to the server says (ngx_http_proxy_create_request). */
function outgoingTarget(exchange: Exchange, uri: Template | null): string {
  if (uri === null) return exchange.target;
  const match = exchange.location?.match;
  const replaced = match !== undefined && 'path' in match ? match.path.length : 0;
  const query = exchange.args === '' ? '' : `?${exchange.args}`;
  return `${uri.source}${escapePath(exchange.path.slice(replaced))}${query}`;
}
