import { message } from '../../base/message';
import type { Directive } from '../../conf/ast';
import type { ListenPlan } from '../plan';
import { formatAddress, isIpv6, isLoopback, parseHostPort, parsePort, resolveHost } from './address';
import { list, type Reading } from './entry';

/** `listen` of http and stream servers (ngx_http_core_listen, ngx_stream_core_listen). */

/** Socket options that change no choice and no byte here. */
const socketOptions =
  /^((backlog|fastopen)=[1-9]\d*|setfib=\d+|(rcvbuf|sndbuf)=\d+[kKmM]?|ipv6only=(on|off)|so_keepalive=(on|off|\d*[smh]?:\d*[smh]?:\d*)|deferred|bind|reuseport)$/;

function readListen(directive: Directive, reading: Reading, http: boolean): ListenPlan | undefined {
  const [word, ...options] = directive.args;
  if (word === undefined) return undefined;
  const address = readAddress(word.value, http);
  if ('problem' in address) {
    reading.error(
      word.span,
      message('{problem} in "{address}" of the "listen" directive', {
        problem: address.problem,
        address: word.value,
      }),
      message('Write a port, an address and a port, or "[::1]:port".'),
    );
    return undefined;
  }
  let { host } = address;
  if (address.wildcard) {
    host = host.includes(':') ? '::1' : '127.0.0.1';
    reading.note(word.span, message('Only the loopback address {host} is listened on, never the network.', { host }));
  } else if (!isLoopback(host)) {
    reading.error(
      word.span,
      message('only loopback addresses can be listened on, not {host}', { host }),
      message('Use 127.0.0.1 or [::1].'),
    );
    return undefined;
  }
  const known = new Set<string>();
  let good = true;
  for (const option of options) {
    if (
      http
        ? /^(ssl|http2|default_server|default|proxy_protocol)$/.test(option.value)
        : /^(ssl|proxy_protocol)$/.test(option.value)
    ) {
      known.add(option.value === 'default' ? 'default_server' : option.value);
      if (reading.refuseNotYet(`listen ${option.value}`, option.span)) good = false;
    } else if (socketOptions.test(option.value)) {
      reading.note(option.span, message('The socket option "{option}" has no effect here.', { option: option.value }));
    } else {
      good = false;
      reading.error(
        option.span,
        message('invalid parameter "{parameter}"', { parameter: option.value }),
        http
          ? message('Supported are: {words}.', { words: 'ssl, http2, default_server, proxy_protocol' })
          : message('Supported are: {words}.', { words: 'ssl, proxy_protocol' }),
      );
    }
  }
  if (!good) return undefined;
  return {
    host,
    port: address.port,
    declared: formatAddress(host, address.port),
    wildcard: address.wildcard,
    ssl: known.has('ssl'),
    http2: known.has('http2'),
    defaultServer: known.has('default_server'),
    proxyProtocol: known.has('proxy_protocol'),
    span: directive.headSpan,
  };
}

type Address =
  | { readonly host: string; readonly port: number; readonly wildcard: boolean }
  | { readonly problem: string };

function readAddress(text: string, http: boolean): Address {
  if (text.startsWith('unix:')) return { problem: 'unix sockets are not supported' };
  if (/^\d+$/.test(text)) {
    const port = parsePort(text);
    return port === null ? { problem: 'invalid port' } : { host: '0.0.0.0', port, wildcard: true };
  }
  const star = /^\*(?::(.*))?$/.exec(text);
  if (star !== null) {
    const port = star[1] === undefined ? (http ? 80 : null) : parsePort(star[1]);
    return port === null ? { problem: 'invalid port' } : { host: '0.0.0.0', port, wildcard: true };
  }
  const parsed = parseHostPort(text);
  if (!parsed.ok) return { problem: parsed.error.text };
  const host = resolveHost(parsed.value);
  if (host === null) return { problem: 'host not found' };
  if (parsed.value.port === null && !http) return { problem: 'no port' };
  const wildcard = host === '0.0.0.0' || (isIpv6(host) && /^[0:]+$/.test(host));
  return { host, port: parsed.value.port ?? 80, wildcard };
}

export const httpListen = list<ListenPlan>({
  name: 'listen',
  contexts: ['server'],
  args: [1, 16],
  inherits: false,
  read: (directive, reading) => readListen(directive, reading, true),
});

export const streamListen = list<ListenPlan>({
  name: 'listen',
  contexts: ['stream-server'],
  args: [1, 16],
  inherits: false,
  read: (directive, reading) => readListen(directive, reading, false),
});
