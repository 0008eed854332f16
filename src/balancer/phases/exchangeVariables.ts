import { hostname } from 'node:os';
import { join } from 'node:path';
import { connectionVariable } from '../gateway/connectionVariables';
import type { HeaderFields } from '../gateway/headers';
import { requestVariable, valueAt } from '../gateway/variables';
import type { Exchange } from '../proxies/exchange';
import { version } from '../version';
import { filePath } from './fileRoot';
import { isoTime, localTime, seconds } from './times';

/** The value of a variable for a request at this moment; ''. */
export function exchangeVariable(name: string, exchange: Exchange): string {
  const set = exchange.values?.get(name);
  if (set !== undefined) return set;
  const lazy = exchange.generation.lazyVariables?.get(name);
  if (lazy !== undefined) {
    const value = lazy.evaluate(exchange);
    if (!lazy.volatile) {
      exchange.values ??= new Map();
      exchange.values.set(name, value);
    }
    return value;
  }
  return (
    httpConnectionVariable(name, exchange) ??
    requestVariable(name, exchange) ??
    stateVariable(name, exchange) ??
    upstreamVariable(name, exchange) ??
    fieldVariable(name, exchange) ??
    capture(name, exchange)
  );
}

function capture(name: string, { captures }: Exchange): string {
  const index = Number(name);
  return captures !== null && Number.isInteger(index) ? (captures[index] ?? '') : '';
}

/** What the client and its connection decide in http; undefined: not one of these. */
function httpConnectionVariable(name: string, { client, protocol, main }: Exchange): string | undefined {
  const { tls } = client.origin;
  switch (name) {
    // Of the client, also in a subrequest.
    case 'request_method':
      return main.method;
    case 'request':
      return main.requestLine;
    case 'scheme':
      return tls === null ? 'http' : 'https';
    case 'https':
      return tls === null ? '' : 'on';
    case 'http2':
      return protocol !== 'HTTP/2.0' ? '' : tls === null ? 'h2c' : 'h2';
  }
  return connectionVariable(name, client.origin);
}

/** What has become of the request so far. */
function stateVariable(name: string, exchange: Exchange): string | undefined {
  const { engine } = exchange.generation;
  const { main } = exchange;
  switch (name) {
    case 'status':
      return String(exchange.response.fixedStatus || exchange.response.status).padStart(3, '0');
    case 'body_bytes_sent':
      return String(exchange.response.bodyBytes);
    case 'bytes_sent':
      return String(main.response.bytesSent);
    case 'request_length':
      return String(main.wireBytes);
    case 'connection_time':
      return seconds(exchange.client.acceptedAt, exchange.now());
    case 'gzip_ratio':
      return ratio(main.response.compressed);
    case 'nginx_version':
      return version;
    case 'pipe':
      return main.head.pipelined === true ? 'p' : '.';
    case 'request_id':
      if (main.requestId === '') main.requestId = engine.requestId();
      return main.requestId;
    case 'request_body':
      return main.body.text(exchange.settings.clientBodyBufferSize);
    case 'request_time':
      return seconds(exchange.startedAt, exchange.now());
    case 'request_completion':
      return exchange.done && exchange.response.headSent ? 'OK' : '';
    case 'limit_req_status':
      return main.limitReqStatus ?? '';
    case 'limit_conn_status':
      return main.limitConnStatus ?? '';
    case 'server_name':
      return exchange.server.names[0]?.text ?? '';
    case 'hostname':
      return hostname();
    case 'msec':
      return (engine.clock.wallNow() / 1000).toFixed(3);
    case 'time_local':
      return localTime(engine.clock.wallNow());
    case 'time_iso8601':
      return isoTime(engine.clock.wallNow());
    case 'remote_user':
      return userName(exchange.headers.get('authorization') ?? '');
    case 'document_root':
      return root(exchange);
    case 'request_filename':
      return fileName(exchange);
  }
  return undefined;
}

function root(exchange: Exchange): string {
  return filePath(exchange.settings.root.path, exchange);
}

function fileName(exchange: Exchange): string {
  const { settings, location, path } = exchange;
  if (!settings.root.alias) return join(root(exchange), path);
  const match = location?.match;
  return root(exchange) + (match && 'path' in match ? path.slice(match.path.length) : '');
}

/** With two digits, rounded (ngx_http_gzip_ratio_variable). */
function ratio(compressed: { readonly before: number; readonly after: number } | null): string {
  if (compressed === null || compressed.after === 0) return '';
  return (Math.floor((compressed.before * 1000) / compressed.after + 5) / 1000).toFixed(3).slice(0, -1);
}

/** Of basic authentication (RFC 7617). */
function userName(authorization: string): string {
  const [, encoded] = /^basic +(\S+)/i.exec(authorization) ?? [];
  if (encoded === undefined) return '';
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon < 0 ? '' : text.slice(0, colon);
}

function upstreamVariable(name: string, exchange: Exchange): string | undefined {
  const { history, destination } = exchange;
  switch (name) {
    case 'proxy_host':
      return destination?.kind === 'proxy' ? destination.hostHeader : '';
    case 'proxy_port':
      return destination?.kind === 'proxy' ? portOf(destination.hostHeader, destination.scheme) : '';
    case 'upstream_addr':
      return history?.list(({ address }) => address) ?? '';
    case 'upstream_status':
      return history?.list(({ status }) => (status === 0 ? '-' : String(status))) ?? '';
    case 'upstream_header_time':
      return history?.list(({ startedAt, headAt }) => seconds(startedAt, headAt)) ?? '';
    case 'upstream_connect_time':
      return history?.list(({ startedAt, connectedAt }) => seconds(startedAt, connectedAt)) ?? '';
    case 'upstream_response_time':
      return history?.list(({ startedAt, endedAt }) => seconds(startedAt, endedAt)) ?? '';
    case 'upstream_bytes_received':
      return history?.list(({ bytesReceived }) => String(bytesReceived)) ?? '';
    case 'upstream_bytes_sent':
      return history?.list(({ bytesSent }) => String(bytesSent)) ?? '';
    case 'upstream_response_length':
      return history?.list(({ bodyBytes }) => String(bodyBytes)) ?? '';
  }
  return undefined;
}

function portOf(hostHeader: string, scheme: string): string {
  return /:(\d+)$/.exec(hostHeader)?.[1] ?? (scheme === 'https' ? '443' : '80');
}

/** Fields of responses by name: `$sent_http_x`, `$upstream_http_x` and their like. */
function fieldVariable(name: string, exchange: Exchange): string | undefined {
  const last = exchange.history?.last ?? null;
  if (name.startsWith('upstream_http_')) return field(last?.headers ?? null, name.slice(14));
  if (name.startsWith('upstream_trailer_')) return field(last?.trailers ?? null, name.slice(17));
  if (name.startsWith('upstream_cookie_')) {
    return setCookie(last?.headers ?? null, name.slice(16));
  }
  const { downstream, settings } = exchange.main;
  switch (name) {
    case 'sent_http_connection':
      return downstream.keepsAlive ? 'keep-alive' : 'close';
    case 'sent_http_keep_alive':
      return downstream.keepsAlive && settings.keepaliveHeaderSeconds !== null
        ? `timeout=${settings.keepaliveHeaderSeconds}`
        : '';
    case 'sent_http_transfer_encoding':
      return exchange.response.chunked ? 'chunked' : '';
  }
  if (name === 'sent_http_content_length') return exchange.response.length < 0 ? '' : String(exchange.response.length);
  if (name.startsWith('sent_http_')) return field(exchange.response.headers, name.slice(10));
  if (name.startsWith('sent_trailer_')) return field(exchange.response.trailers, name.slice(13));
  return undefined;
}

function field(list: HeaderFields | null, name: string): string {
  return list?.joined(name.replaceAll('_', '-').toLowerCase()) ?? '';
}

function setCookie(list: HeaderFields | null, name: string): string {
  for (let i = 0; i < (list?.length ?? 0); i++) {
    if (list?.names[i]?.lower !== 'set-cookie') continue;
    const value = valueAt(list.values[i] ?? '', 0, name);
    if (value !== null) return value;
  }
  return '';
}
