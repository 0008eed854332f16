import { type Message, message } from '../../base/message';
import type { NextUpstreamCondition } from '../plan';
import { literalTemplate, type Template } from '../template';
import { isIpv4, isIpv6 } from './address';
import { type Context, type Entry, list, value } from './entry';
import { flag, number, offset, oneOf, size, someOf, time } from './kinds';
import { grpcPass, proxyPass, streamPass, streamReturn } from './proxyPass';

/** ngx_http_proxy_module and ngx_http_grpc_module: the same ideas under two names, so made by one function. */

const levels: readonly Context[] = ['http', 'server', 'location'];

const seconds = 1000;

export interface SetHeader {
  readonly name: string;
  readonly value: Template;
}

function setHeader(name: string): Entry<readonly SetHeader[]> {
  return list<SetHeader>({
    name,
    contexts: levels,
    args: [2, 2],
    read(directive, reading, scope) {
      const [header, text] = directive.args;
      if (header === undefined || text === undefined) return undefined;
      return { name: header.value, value: reading.template(text, scope) };
    },
  });
}

const conditions = [
  'error',
  'timeout',
  'invalid_header',
  'non_idempotent',
  'http_500',
  'http_502',
  'http_503',
  'http_504',
  'http_403',
  'http_404',
  'http_429',
  'off',
] as const satisfies readonly (NextUpstreamCondition | 'off')[];

type Conditions = readonly (NextUpstreamCondition | 'off')[];

function nextUpstream(name: string): Entry<Conditions> {
  return value<Conditions>({
    name,
    contexts: levels,
    args: [1, 12],
    initial: ['error', 'timeout'],
    join: 'append',
    read: someOf(...conditions),
  });
}

/** The settings that proxy_ and grpc_ share. */
function family(prefix: 'proxy' | 'grpc') {
  const timeout = (what: string) =>
    value({ name: `${prefix}_${what}_timeout`, contexts: levels, initial: 60 * seconds, read: time });
  return {
    pass: prefix === 'proxy' ? proxyPass : grpcPass,
    connectTimeout: timeout('connect'),
    readTimeout: timeout('read'),
    sendTimeout: timeout('send'),
    setHeaders: setHeader(`${prefix}_set_header`),
    nextUpstream: nextUpstream(`${prefix}_next_upstream`),
    nextUpstreamTries: value({ name: `${prefix}_next_upstream_tries`, contexts: levels, initial: 0, read: number }),
    nextUpstreamTimeout: value({ name: `${prefix}_next_upstream_timeout`, contexts: levels, initial: 0, read: time }),
    bufferSize: value({ name: `${prefix}_buffer_size`, contexts: levels, initial: 4096, read: size }),
  } as const;
}

export const proxy = family('proxy');
export const grpc = family('grpc');

export const proxyHttpVersion = value<'1.0' | '1.1'>({
  name: 'proxy_http_version',
  contexts: levels,
  // nginx from 1.29.7 on begins with 1.1; the labs spell it out.
  initial: '1.0',
  read: oneOf('1.0', '1.1'),
});

/** Bodies always stream with backpressure here, which is what `off` asks of nginx; `on` is told so. */
function streamed(told: Message): Entry<boolean>['read'] {
  return (directive, reading) => {
    const on = flag(directive, reading);
    if (on === true) reading.note(directive.headSpan, told);
    return on;
  };
}

export const proxyBuffering = value({
  name: 'proxy_buffering',
  contexts: levels,
  initial: true,
  read: streamed(message('Bodies are streamed here, never kept as a whole.')),
});
export const proxyRequestBuffering = value({
  name: 'proxy_request_buffering',
  contexts: levels,
  initial: true,
  read: streamed(message('Bodies go on as they come here; what another server may have to get is kept, too.')),
});
export const proxyPassRequestBody = value({
  name: 'proxy_pass_request_body',
  contexts: levels,
  initial: true,
  read: flag,
});
export const proxyPassRequestHeaders = value({
  name: 'proxy_pass_request_headers',
  contexts: levels,
  initial: true,
  read: flag,
});

/** ngx_stream_proxy_module. */
const streamLevels: readonly Context[] = ['stream', 'stream-server'];

export const streamProxy = {
  pass: streamPass,
  returns: streamReturn,
  connectTimeout: value({
    name: 'proxy_connect_timeout',
    contexts: streamLevels,
    initial: 60 * seconds,
    read: time,
  }),
  timeout: value({ name: 'proxy_timeout', contexts: streamLevels, initial: 600 * seconds, read: time }),
  nextUpstream: value({ name: 'proxy_next_upstream', contexts: streamLevels, initial: true, read: flag }),
  nextUpstreamTries: value({ name: 'proxy_next_upstream_tries', contexts: streamLevels, initial: 0, read: number }),
  nextUpstreamTimeout: value({ name: 'proxy_next_upstream_timeout', contexts: streamLevels, initial: 0, read: time }),
  halfClose: value({ name: 'proxy_half_close', contexts: streamLevels, initial: false, read: flag }),
  sslPreread: value({ name: 'ssl_preread', contexts: streamLevels, initial: false, read: flag }),
  /** Where connections to servers come from; null: `off`, the system chooses. */
  bind: value<Template | null>({
    name: 'proxy_bind',
    contexts: streamLevels,
    args: [1, 2],
    initial: null,
    read(directive, reading, scope) {
      const [word, option] = directive.args;
      if (word === undefined) return undefined;
      if (word.value === 'off' && option === undefined) return null;
      if (option !== undefined) {
        reading.error(option.span, message('invalid parameter "{parameter}"', { parameter: option.value }));
        return undefined;
      }
      if (word.value.includes('$')) return reading.template(word, scope);
      if (isIpv4(word.value) || isIpv6(word.value.replace(/^\[(.*)\]$/, '$1'))) return literalTemplate(word.value);
      reading.error(
        word.span,
        message('invalid address "{address}"', { address: word.value }),
        message('Write an address without a port, such as 127.0.0.2.'),
      );
      return undefined;
    },
  }),
  /** Of ngx_stream_core_module. */
  protocolTimeout: value({
    name: 'proxy_protocol_timeout',
    contexts: streamLevels,
    initial: 30 * seconds,
    read: time,
  }),
  prereadBufferSize: value({
    name: 'preread_buffer_size',
    contexts: streamLevels,
    initial: 16 * 1024,
    read: size,
  }),
  prereadTimeout: value({ name: 'preread_timeout', contexts: streamLevels, initial: 30 * seconds, read: time }),
  protocol: value({ name: 'proxy_protocol', contexts: streamLevels, initial: false, read: flag }),
  bufferSize: value({
    name: 'proxy_buffer_size',
    contexts: streamLevels,
    initial: 16 * 1024,
    read(directive, reading) {
      reading.note(directive.headSpan, message('Buffers of connections have a size of their own here.'));
      return size(directive, reading);
    },
  }),
} as const;

export const clientMaxBodySize = value({
  name: 'client_max_body_size',
  contexts: levels,
  initial: 1024 * 1024,
  read: offset,
});

export const proxyEntries: readonly Entry[] = [
  ...Object.values(proxy),
  ...Object.values(grpc),
  ...Object.values(streamProxy),
  proxyHttpVersion,
  proxyBuffering,
  proxyRequestBuffering,
  proxyPassRequestBody,
  proxyPassRequestHeaders,
  clientMaxBodySize,
];
