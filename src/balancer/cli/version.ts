import { notYet } from '../directives/notYet';
import { entriesNamed } from '../directives/table';
import { version } from '../version';

/** What `-v` and `-V` print. */

export const program = `traffic-lab/${version}`;

/** A module by its name in nginx's configure script, and a directive that stands for it. */
interface Module {
  readonly name: string;
  readonly directives: readonly string[];
}

/** Built into nginx only when asked for. */
const optional: readonly Module[] = [
  { name: 'http_ssl_module', directives: ['ssl_certificate', 'listen ssl'] },
  { name: 'http_v2_module', directives: ['grpc_pass'] },
  { name: 'http_realip_module', directives: ['set_real_ip_from', 'real_ip_header'] },
  { name: 'http_auth_request_module', directives: ['auth_request'] },
  { name: 'http_stub_status_module', directives: ['stub_status'] },
  { name: 'http_sub_module', directives: ['sub_filter'] },
  { name: 'http_addition_module', directives: ['add_before_body'] },
  { name: 'http_slice_module', directives: ['slice'] },
  { name: 'stream', directives: ['stream'] },
  { name: 'stream_ssl_module', directives: ['stream/ssl_certificate'] },
  { name: 'stream_ssl_preread_module', directives: ['stream/ssl_preread'] },
  { name: 'stream_realip_module', directives: ['stream/set_real_ip_from'] },
];

/** Built into nginx unless left out. */
const usual: readonly Module[] = [
  { name: 'http_charset_module', directives: ['charset'] },
  { name: 'http_gzip_module', directives: ['gzip'] },
  { name: 'http_ssi_module', directives: ['ssi'] },
  { name: 'http_userid_module', directives: ['userid'] },
  { name: 'http_access_module', directives: ['allow'] },
  { name: 'http_auth_basic_module', directives: ['auth_basic'] },
  { name: 'http_mirror_module', directives: ['mirror'] },
  { name: 'http_autoindex_module', directives: ['autoindex'] },
  { name: 'http_geo_module', directives: ['geo'] },
  { name: 'http_map_module', directives: ['map'] },
  { name: 'http_split_clients_module', directives: ['split_clients'] },
  { name: 'http_referer_module', directives: ['valid_referers'] },
  { name: 'http_rewrite_module', directives: ['return', 'set', 'if'] },
  { name: 'http_proxy_module', directives: ['proxy_pass'] },
  { name: 'http_fastcgi_module', directives: ['fastcgi_pass'] },
  { name: 'http_uwsgi_module', directives: ['uwsgi_pass'] },
  { name: 'http_scgi_module', directives: ['scgi_pass'] },
  { name: 'http_grpc_module', directives: ['grpc_pass'] },
  { name: 'http_memcached_module', directives: ['memcached_pass'] },
  { name: 'http_tunnel_module', directives: ['tunnel_pass'] },
  { name: 'http_limit_conn_module', directives: ['limit_conn'] },
  { name: 'http_limit_req_module', directives: ['limit_req'] },
  { name: 'http_empty_gif_module', directives: ['empty_gif'] },
  { name: 'http_browser_module', directives: ['ancient_browser'] },
  { name: 'http-cache', directives: ['proxy_cache'] },
  { name: 'http_upstream_hash_module', directives: ['hash'] },
  { name: 'http_upstream_ip_hash_module', directives: ['ip_hash'] },
  { name: 'http_upstream_least_conn_module', directives: ['least_conn'] },
  { name: 'http_upstream_least_time_module', directives: ['least_time'] },
  { name: 'http_upstream_random_module', directives: ['random'] },
  { name: 'http_upstream_keepalive_module', directives: ['keepalive'] },
  { name: 'http_upstream_zone_module', directives: ['zone'] },
  { name: 'http_upstream_sticky_module', directives: ['sticky'] },
  { name: 'stream_limit_conn_module', directives: ['stream/limit_conn'] },
  { name: 'stream_access_module', directives: ['stream/allow'] },
  { name: 'stream_geo_module', directives: ['stream/geo'] },
  { name: 'stream_map_module', directives: ['stream/map'] },
  { name: 'stream_split_clients_module', directives: ['stream/split_clients'] },
  { name: 'stream_return_module', directives: ['stream/return'] },
  { name: 'stream_pass_module', directives: ['stream/pass'] },
  { name: 'stream_set_module', directives: ['stream/set'] },
  { name: 'stream_upstream_hash_module', directives: ['hash'] },
  { name: 'stream_upstream_least_conn_module', directives: ['least_conn'] },
  { name: 'stream_upstream_least_time_module', directives: ['least_time'] },
  { name: 'stream_upstream_random_module', directives: ['random'] },
  { name: 'stream_upstream_zone_module', directives: ['zone'] },
];

/** Whether the directive is in the table, for its part of the file, and done by the proxies. */
function works(directive: string): boolean {
  if (notYet.has(directive)) return false;
  const [part, name] = directive.startsWith('stream/') ? ['stream', directive.slice(7)] : ['', directive];
  if (name?.includes(' ')) return true;
  return entriesNamed(name ?? '').some((entry) =>
    entry.contexts.some((each) => each.startsWith('stream') === (part === 'stream')),
  );
}

/** nginx's configure arguments that would build what this balancer can do. */
export function configureArguments(): readonly string[] {
  const supported = ({ directives }: Module) => directives.every(works);
  return [
    ...optional.filter(supported).map(({ name }) => `--with-${name}`),
    ...usual.filter((module) => !supported(module)).map(({ name }) => `--without-${name}`),
  ];
}
