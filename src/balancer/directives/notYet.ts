/**
 * What is read and checked in full, but what no proxy does yet: a file that uses it is refused. Whoever builds the
 * data plane for one takes its line away. Names are directives and variables ("stream/" before those inside
 * `stream {}`), or features in words.
 */
export const notYet: ReadonlySet<string> = new Set([
  // Addresses that only the request knows.
  'proxy_pass with variables',
  'grpc_pass with variables',
  'proxy_pass with variables in stream',
  'root with variables',
  'alias with variables',
  'access_log with variables',
  // TLS.
  'listen ssl',
  'proxy_pass https://',
  'grpc_pass grpcs://',
  'ssl_certificate',
  'ssl_certificate_key',
  'ssl_protocols',
  'stream/ssl_certificate',
  'stream/ssl_certificate_key',
  'stream/ssl_protocols',
  'stream/ssl_preread',
  ...['proxy', 'grpc'].flatMap((prefix) =>
    [
      'certificate',
      'certificate_key',
      'trusted_certificate',
      'verify',
      'verify_depth',
      'name',
      'server_name',
      'protocols',
      'ciphers',
      'session_reuse',
    ].map((what) => `${prefix}_ssl_${what}`),
  ),
  // Who the client is.
  'set_real_ip_from',
  'real_ip_header',
  'real_ip_recursive',
  'stream/set_real_ip_from',
  // What happens before and around a request.
  'set',
  'if',
  'map',
  'split_clients',
  'stream/map',
  'stream/split_clients',
  'error_page',
  'auth_request',
  'auth_request_set',
  'limit_req_zone',
  'limit_req',
  'limit_req_status',
  'limit_req_dry_run',
  'limit_conn_zone',
  'limit_conn',
  'limit_conn_status',
  'limit_conn_dry_run',
  'stream/limit_conn_zone',
  'stream/limit_conn',
  'stream/limit_conn_dry_run',
  'access_log to a file',
  'gzip',
]);
