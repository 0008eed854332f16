import type { Origin } from '../proxies/origin';

/** Variables that the client's connection alone decides, in http as in stream; undefined: not one of them. */
export function connectionVariable(name: string, origin: Origin): string | undefined {
  const { tls, proxied } = origin;
  switch (name) {
    case 'ssl_protocol':
      return tls?.protocol ?? '';
    case 'ssl_cipher':
      return tls?.cipher ?? '';
    case 'ssl_server_name':
      return tls?.serverName ?? '';
    case 'ssl_alpn_protocol':
      return tls?.alpn ?? '';
    case 'ssl_session_id':
      return tls?.sessionId ?? '';
    case 'ssl_session_reused':
      return tls === null ? '' : tls.reused ? 'r' : '.';
    case 'proxy_protocol_addr':
      return proxied?.remoteAddress ?? '';
    case 'proxy_protocol_port':
      return proxied === null ? '' : String(proxied.remotePort);
    case 'proxy_protocol_server_addr':
      return proxied?.localAddress ?? '';
    case 'proxy_protocol_server_port':
      return proxied === null ? '' : String(proxied.localPort);
    case 'realip_remote_addr':
      return origin.remoteAddress;
    case 'realip_remote_port':
      return String(origin.remotePort);
  }
  return undefined;
}
