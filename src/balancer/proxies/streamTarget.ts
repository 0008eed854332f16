import { isIpv4, isIpv6, parseHostPort } from '../directives/address';
import type { UpstreamPlan } from '../plan';
import type { Template } from '../template';
import type { StreamSession } from './streamSession';
import type { SecureTarget } from './tlsUpstream';

/** Where the variables of proxy_pass lead (ngx_stream_proxy_eval); null, and logged: nowhere. */
export function upstreamOf(session: StreamSession, pass: Template): UpstreamPlan | null {
  const { generation } = session;
  const text = pass.evaluate(session);
  const address = parseHostPort(text);
  if (!address.ok) {
    session.log('error', `${address.error.text} in upstream "${text}"`);
    return null;
  }
  const { host, port, ipv6 } = address.value;
  const named = generation.plan.stream?.upstreams.find(({ name }) => name.toLowerCase() === text.toLowerCase());
  if (named !== undefined) return named;
  if (port === null) {
    session.log('error', `no port in upstream "${host}"`);
    return null;
  }
  if (ipv6 ? isIpv6(host) : isIpv4(host)) return generation.literalUpstream(host, port);
  session.log('error', `no resolver defined to resolve ${host}`);
  return null;
}

/** How TLS is spoken to the servers (ngx_stream_proxy_ssl_name); null: it is not. */
export function secureTarget(session: StreamSession, upstream: UpstreamPlan): SecureTarget | null {
  const { upstreamTls, passHost } = session.plan;
  if (upstreamTls === null) return null;
  const name = upstreamTls.name?.evaluate(session) ?? (passHost === '' ? upstream.name : passHost);
  return { settings: upstreamTls, name, alpn: null };
}
