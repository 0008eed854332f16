import { isToken } from '../gateway/headers';
import type { UpstreamPlan } from '../plan';
import type { CallOwner, UpstreamCall } from './call';
import type { PeerSite } from './engine';
import type { Exchange } from './exchange';
import { forwardingOf, http1RequestHead, http2RequestHeaders } from './forwarding';
import type { HttpUpstream } from './generation';
import { asGrpcRequest, GrpcWebCall, grpcWebOf } from './grpcWeb';
import type { SecureTarget } from './tlsUpstream';

/** Where to, by name; what `$proxy_host` and logs say. */
export interface NamedServer {
  readonly kind: 'proxy' | 'grpc';
  readonly scheme: 'http' | 'https' | 'grpc' | 'grpcs';
  /** `$proxy_host`. */
  readonly hostHeader: string;
}

/** Where a request goes: what proxy_pass or grpc_pass says. */
export interface Destination extends NamedServer {
  readonly upstream: UpstreamPlan;
  /** Path and query for the server. */
  readonly target: string;
}

/** Sends the head of a request to a server, in the protocol and over the kind of connection that the file says. Null: it cannot be sent. */
export function openCall(
  exchange: Exchange,
  upstream: HttpUpstream,
  peer: PeerSite,
  destination: Destination,
  owner: CallOwner,
  bodyLength: number,
): UpstreamCall | null {
  const { settings } = exchange;
  const forwarding = forwardingOf(settings, destination.hostHeader);
  const { connectTimeoutMs, readTimeoutMs, sendTimeoutMs } = settings;
  const secure = secureTarget(exchange, destination);
  if (destination.kind === 'grpc') {
    const headers = http2RequestHeaders(
      exchange.head,
      exchange.method,
      destination.target,
      destination.hostHeader,
      forwarding,
      exchange,
    );
    if (secure !== null) headers[':scheme'] = 'https';
    const web = grpcWebOf(exchange.head);
    const bridge =
      web === null ? null : new GrpcWebCall(owner, web, () => exchange.onRequestBad(400, 'sent invalid base64'));
    if (web !== null) asGrpcRequest(web, headers);
    const call = upstream.http2.call(peer, bridge ?? owner, {
      headers,
      bodyComing: bodyLength !== 0,
      connectTimeoutMs,
      readTimeoutMs,
      sendTimeoutMs,
      headBytes: settings.bufferSize,
      secure,
    });
    return bridge === null ? call : bridge.over(call);
  }
  const method = settings.method === null ? exchange.method : settings.method.evaluate(exchange);
  if (!isToken(method)) return null;
  return upstream.http1.call(peer, owner, {
    head: http1RequestHead(
      exchange.head,
      method,
      destination.target,
      settings.httpVersion,
      forwarding,
      exchange,
      bodyLength,
      settings.ownBody !== null,
    ),
    isHead: method === 'HEAD',
    chunked: bodyLength < 0,
    bodyComing: bodyLength !== 0,
    connectTimeoutMs,
    readTimeoutMs,
    sendTimeoutMs,
    headBytes: settings.bufferSize,
    secure,
  });
}

/** What https:// and grpcs:// ask of the connection; null: it goes in the clear. */
function secureTarget(exchange: Exchange, destination: Destination): SecureTarget | null {
  const { upstreamTls } = exchange.settings;
  if (upstreamTls === null || (destination.scheme !== 'https' && destination.scheme !== 'grpcs')) return null;
  const name = upstreamTls.name?.evaluate(exchange) ?? destination.hostHeader;
  return { settings: upstreamTls, name, alpn: destination.kind === 'grpc' ? 'h2' : null };
}
