import { nearest } from './nearest';

/** The variables that the proxies give values to, by module; those that maps and captures define come on top. */

const httpVariables = new Set([
  'remote_addr',
  'remote_port',
  'realip_remote_addr',
  'realip_remote_port',
  'binary_remote_addr',
  'host',
  'hostname',
  'http_host',
  'request',
  'request_uri',
  'request_id',
  'request_body',
  'request_method',
  'request_length',
  'request_time',
  'request_completion',
  'uri',
  'document_uri',
  'args',
  'query_string',
  'is_args',
  'scheme',
  'https',
  'server_addr',
  'server_name',
  'server_port',
  'server_protocol',
  'status',
  'body_bytes_sent',
  'bytes_sent',
  'connection',
  'connection_requests',
  'connection_time',
  'content_length',
  'content_type',
  'msec',
  'time_iso8601',
  'time_local',
  'pid',
  'nginx_version',
  'pipe',
  'remote_user',
  'limit_rate',
  'limit_req_status',
  'limit_conn_status',
  'document_root',
  'request_filename',
  'proxy_host',
  'proxy_port',
  'proxy_add_x_forwarded_for',
  'proxy_protocol_addr',
  'proxy_protocol_port',
  'proxy_protocol_server_addr',
  'proxy_protocol_server_port',
  'upstream_addr',
  'upstream_status',
  'upstream_response_time',
  'upstream_connect_time',
  'upstream_header_time',
  'upstream_response_length',
  'upstream_bytes_received',
  'upstream_bytes_sent',
  'gzip_ratio',
  'http2',
  'ssl_protocol',
  'ssl_cipher',
  'ssl_alpn_protocol',
  'ssl_server_name',
  'ssl_session_id',
  'ssl_session_reused',
]);

const httpPrefixes = [
  'http_',
  'cookie_',
  'arg_',
  'sent_http_',
  'sent_trailer_',
  'upstream_http_',
  'upstream_trailer_',
  'upstream_cookie_',
];

const streamVariables = new Set([
  'remote_addr',
  'remote_port',
  'realip_remote_addr',
  'realip_remote_port',
  'binary_remote_addr',
  'bytes_received',
  'bytes_sent',
  'connection',
  'hostname',
  'msec',
  'nginx_version',
  'pid',
  'protocol',
  'proxy_protocol_addr',
  'proxy_protocol_port',
  'proxy_protocol_server_addr',
  'proxy_protocol_server_port',
  'server_addr',
  'server_port',
  'session_time',
  'status',
  'limit_conn_status',
  'time_iso8601',
  'time_local',
  'upstream_addr',
  'upstream_bytes_received',
  'upstream_bytes_sent',
  'upstream_connect_time',
  'upstream_first_byte_time',
  'upstream_session_time',
  'ssl_preread_server_name',
  'ssl_preread_protocol',
  'ssl_preread_alpn_protocols',
  'ssl_protocol',
  'ssl_cipher',
  'ssl_server_name',
  'ssl_alpn_protocol',
  'ssl_session_id',
  'ssl_session_reused',
]);

/** Whether nginx and this balancer have the variable, not counting those that the file itself defines. */
/** Those of the proxies' own that a file may set nevertheless (NGX_HTTP_VAR_CHANGEABLE). */
export const changeable: ReadonlySet<string> = new Set(['args', 'limit_rate', 'proxy_host', 'proxy_port']);

/** Whether the proxies have a variable of exactly this name; a prefix (`http_`) leaves the names under it free. */
export function ownVariable(name: string, isStream: boolean): boolean {
  return (isStream ? streamVariables : httpVariables).has(name.toLowerCase());
}

export function knownVariable(name: string, isStream: boolean): boolean {
  const lower = name.toLowerCase();
  if (ownVariable(lower, isStream)) return true;
  return !isStream && httpPrefixes.some((prefix) => lower.startsWith(prefix) && lower.length > prefix.length);
}

/** The variable as notYet.ts lists it: `$name`, `$prefix_*`, with "stream/" before those of stream. */
export function variableFeature(name: string, isStream: boolean): string {
  const lower = name.toLowerCase();
  if (isStream) return `stream/$${lower}`;
  const prefix = httpVariables.has(lower) ? undefined : httpPrefixes.find((each) => lower.startsWith(each));
  return prefix === undefined ? `$${lower}` : `$${prefix}*`;
}

export function nearestVariable(name: string, isStream: boolean, defined: Iterable<string>): string | null {
  return nearest(name.toLowerCase(), [...(isStream ? streamVariables : httpVariables), ...defined]);
}
