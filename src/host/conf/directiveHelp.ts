import type { Context, Entry } from '../../balancer/directives/entry';
import { type Message, message } from '../../base/message';

/** What a directive is for, in a sentence or two; `page` is the page of nginx's documentation that has it all. */
export interface DirectiveHelp {
  readonly name: string;
  /** Only in these contexts; absent: wherever the name is allowed. */
  readonly contexts?: readonly Context[];
  /** The form, as nginx's pages write it. */
  readonly form: string;
  readonly page: string;
  readonly text: Message;
}

const upstream: readonly Context[] = ['upstream', 'stream-upstream'];
const stream: readonly Context[] = ['stream', 'stream-server', 'stream-upstream'];
const httpLevels: readonly Context[] = ['http', 'server', 'location', 'server-if', 'location-if'];

const core = 'ngx_core_module';
const httpCore = 'ngx_http_core_module';
const streamCore = 'ngx_stream_core_module';
const httpUpstream = 'ngx_http_upstream_module';
const httpProxy = 'ngx_http_proxy_module';
const streamProxy = 'ngx_stream_proxy_module';
const grpc = 'ngx_http_grpc_module';
const rewrite = 'ngx_http_rewrite_module';

/** The directives that readers of a lab meet most. */
export const directiveHelp: readonly DirectiveHelp[] = [
  {
    name: 'events',
    form: 'events { … }',
    page: core,
    text: message('How connections are handled. Every file needs this block, even an empty one.'),
  },
  {
    name: 'http',
    form: 'http { … }',
    page: httpCore,
    text: message('L7: what is in here reads HTTP and chooses a server for each request.'),
  },
  {
    name: 'stream',
    form: 'stream { … }',
    page: streamCore,
    text: message('L4: what is in here forwards bytes and chooses a server for each connection.'),
  },
  {
    name: 'worker_processes',
    form: 'worker_processes number | auto;',
    page: core,
    text: message('How many processes a real nginx serves with. Here it is always one.'),
  },
  {
    name: 'worker_connections',
    form: 'worker_connections number;',
    page: core,
    text: message('How many connections may be open at once, those to the servers among them.'),
  },
  {
    name: 'upstream',
    form: 'upstream name { … }',
    page: httpUpstream,
    text: message('A named group of servers, and how to choose among them. proxy_pass and grpc_pass name it.'),
  },
  {
    name: 'server',
    contexts: upstream,
    form: 'server address [weight=n] [max_fails=n] [fail_timeout=time] [max_conns=n] [backup] [down];',
    page: httpUpstream,
    text: message(
      'A server of the group. weight is its part of the choices; after max_fails failures it is left out for fail_timeout; backup serves only when the others cannot; down takes it out.',
    ),
  },
  {
    name: 'server',
    contexts: ['http', 'stream'],
    form: 'server { … }',
    page: httpCore,
    text: message('Where to listen, and what to do with what comes in there.'),
  },
  {
    name: 'listen',
    form: 'listen address[:port] [http2] [default_server];',
    page: httpCore,
    text: message('The address that clients connect to. A lab listens on 127.0.0.1 only.'),
  },
  {
    name: 'server_name',
    form: 'server_name name …;',
    page: httpCore,
    text: message('Host names this server answers to. Of several servers on one address, the Host header decides.'),
  },
  {
    name: 'location',
    form: 'location [= | ~ | ~* | ^~] path { … }',
    page: httpCore,
    text: message(
      'What to do with requests of a path: = for exactly this one, ~ for a regular expression, else the longest prefix.',
    ),
  },
  {
    name: 'http2',
    form: 'http2 on | off;',
    page: 'ngx_http_v2_module',
    text: message('Whether clients may speak HTTP/2 here: many requests at once over one connection. gRPC needs it.'),
  },
  {
    name: 'proxy_pass',
    contexts: stream,
    form: 'proxy_pass upstream | address:port;',
    page: streamProxy,
    text: message('Where each connection is passed on to. It stays with its server until it is closed.'),
  },
  {
    name: 'proxy_pass',
    form: 'proxy_pass http://upstream[/path];',
    page: httpProxy,
    text: message(
      'Where each request is passed on to. A path behind the name replaces the part that location matched.',
    ),
  },
  {
    name: 'grpc_pass',
    form: 'grpc_pass grpc://upstream;',
    page: grpc,
    text: message('Where each gRPC call is passed on to, over HTTP/2. A server is chosen for each call.'),
  },
  {
    name: 'least_conn',
    form: 'least_conn;',
    page: httpUpstream,
    text: message('Chooses the server with the fewest requests (L4: connections) in progress, by weight.'),
  },
  {
    name: 'ip_hash',
    form: 'ip_hash;',
    page: httpUpstream,
    text: message(
      'Chooses by the client’s address, so that a client stays with its server. Clients behind one NAT all share one.',
    ),
  },
  {
    name: 'hash',
    form: 'hash key [consistent];',
    page: httpUpstream,
    text: message(
      'Chooses by a key, for example $request_uri. With consistent, few keys move when a server joins or leaves.',
    ),
  },
  {
    name: 'random',
    form: 'random [two [least_conn]];',
    page: httpUpstream,
    text: message('Chooses at random; with two, the less busy one of two random servers.'),
  },
  {
    name: 'sticky',
    form: 'sticky cookie name;',
    page: httpUpstream,
    text: message('Gives each client a cookie that names its server, and sends it there from then on.'),
  },
  {
    name: 'keepalive',
    form: 'keepalive connections;',
    page: httpUpstream,
    text: message('How many idle connections to the servers are kept open, so that not every request opens its own.'),
  },
  {
    name: 'zone',
    form: 'zone name size;',
    page: httpUpstream,
    text: message('Memory that nginx’s processes share for this group. Here one process serves anyway.'),
  },
  {
    name: 'proxy_http_version',
    form: 'proxy_http_version 1.0 | 1.1;',
    page: httpProxy,
    text: message('HTTP version towards the servers. Connections are kept open with 1.1 only.'),
  },
  {
    name: 'proxy_set_header',
    form: 'proxy_set_header name value;',
    page: httpProxy,
    text: message(
      'Sets a header of the request to the server; an empty value removes it. One of them here hides all outer ones.',
    ),
  },
  {
    name: 'grpc_set_header',
    form: 'grpc_set_header name value;',
    page: grpc,
    text: message('Sets a header of the call to the server; an empty value removes it.'),
  },
  {
    name: 'proxy_connect_timeout',
    form: 'proxy_connect_timeout time;',
    page: httpProxy,
    text: message('How long connecting to a server may take. Then the next server is tried.'),
  },
  {
    name: 'grpc_connect_timeout',
    form: 'grpc_connect_timeout time;',
    page: grpc,
    text: message('How long connecting to a server may take. Then the next server is tried.'),
  },
  {
    name: 'proxy_read_timeout',
    form: 'proxy_read_timeout time;',
    page: httpProxy,
    text: message('How long a server may be silent in the middle of an answer. Then the client gets 504.'),
  },
  {
    name: 'grpc_read_timeout',
    form: 'grpc_read_timeout time;',
    page: grpc,
    text: message('How long a server may be silent in the middle of an answer. Then the client gets 504.'),
  },
  {
    name: 'proxy_send_timeout',
    form: 'proxy_send_timeout time;',
    page: httpProxy,
    text: message('How long a server may take no more of a request.'),
  },
  {
    name: 'proxy_timeout',
    form: 'proxy_timeout time;',
    page: streamProxy,
    text: message('How long a connection may be silent in both directions before it is closed.'),
  },
  {
    name: 'proxy_next_upstream',
    form: 'proxy_next_upstream error | timeout | http_502 | … | off;',
    page: httpProxy,
    text: message('After what a request is tried on the next server. One that may have had an effect is not repeated.'),
  },
  {
    name: 'grpc_next_upstream',
    form: 'grpc_next_upstream error | timeout | http_502 | … | off;',
    page: grpc,
    text: message('After what a call is tried on the next server. One that may have had an effect is not repeated.'),
  },
  {
    name: 'proxy_next_upstream_tries',
    form: 'proxy_next_upstream_tries number;',
    page: httpProxy,
    text: message('How many servers are tried at most; 0: as many as there are.'),
  },
  {
    name: 'proxy_buffering',
    form: 'proxy_buffering on | off;',
    page: httpProxy,
    text: message('Whether answers are gathered before they are passed on. Here they always stream.'),
  },
  {
    name: 'proxy_protocol',
    contexts: stream,
    form: 'proxy_protocol on | off;',
    page: streamProxy,
    text: message('Tells the server the client’s address in a line before the first byte.'),
  },
  {
    name: 'return',
    contexts: stream,
    form: 'return text;',
    page: 'ngx_stream_return_module',
    text: message('Answers with this text at once and closes the connection.'),
  },
  {
    name: 'return',
    form: 'return status [text | address];',
    page: rewrite,
    text: message('Answers at once, without any server.'),
  },
  {
    name: 'set',
    form: 'set $variable value;',
    page: rewrite,
    text: message('Gives a variable a value.'),
  },
  {
    name: 'if',
    form: 'if (condition) { … }',
    page: rewrite,
    text: message('Does what is inside only where the condition holds.'),
  },
  {
    name: 'add_header',
    form: 'add_header name value [always];',
    page: 'ngx_http_headers_module',
    text: message('Adds a header to the answer; with always, to errors too.'),
  },
  {
    name: 'limit_req_zone',
    form: 'limit_req_zone key zone=name:size rate=10r/s;',
    page: 'ngx_http_limit_req_module',
    text: message('Counts requests by a key, and says how many a second are let through.'),
  },
  {
    name: 'limit_req',
    form: 'limit_req zone=name [burst=n] [nodelay];',
    page: 'ngx_http_limit_req_module',
    text: message('Applies a rate: up to burst more may come at once, the rest is refused.'),
  },
  {
    name: 'limit_conn',
    form: 'limit_conn zone number;',
    page: 'ngx_http_limit_conn_module',
    text: message('How many connections one key may have open.'),
  },
  {
    name: 'auth_request',
    form: 'auth_request path | off;',
    page: 'ngx_http_auth_request_module',
    text: message('Asks another location first: with 2xx the request goes on, with 401 or 403 it is refused.'),
  },
  {
    name: 'error_page',
    form: 'error_page status … [=[status]] path;',
    page: httpCore,
    text: message('What to answer in place of an error.'),
  },
  {
    name: 'map',
    form: 'map source $variable { … }',
    page: 'ngx_http_map_module',
    text: message('A variable whose value depends on another one’s.'),
  },
  {
    name: 'split_clients',
    form: 'split_clients key $variable { … }',
    page: 'ngx_http_split_clients_module',
    text: message('A variable that divides clients by percentages, for example for a canary release.'),
  },
  {
    name: 'keepalive_timeout',
    form: 'keepalive_timeout time;',
    page: httpCore,
    text: message('How long an idle connection of a client is kept open.'),
  },
  {
    name: 'keepalive_requests',
    form: 'keepalive_requests number;',
    page: httpCore,
    text: message('How many requests one client connection may carry before it is closed.'),
  },
  {
    name: 'client_max_body_size',
    form: 'client_max_body_size size;',
    page: httpCore,
    text: message('How large a request may be. A larger one is answered 413.'),
  },
  {
    name: 'root',
    contexts: httpLevels,
    form: 'root folder;',
    page: httpCore,
    text: message('The folder of files to answer with; the whole path is looked up in it.'),
  },
  {
    name: 'access_log',
    contexts: stream,
    form: 'access_log file format | off;',
    page: 'ngx_stream_log_module',
    text: message('Writes a line for each connection when it is over.'),
  },
  {
    name: 'access_log',
    form: 'access_log file [format] | off;',
    page: 'ngx_http_log_module',
    text: message('Writes a line for each request.'),
  },
  {
    name: 'error_log',
    form: 'error_log file [level];',
    page: core,
    text: message('Where errors are written, and from which level on.'),
  },
];

/** The help for a directive where it stands; null: there is none of our own. */
export function helpFor(name: string, context: Context): DirectiveHelp | null {
  const named = directiveHelp.filter((help) => help.name === name);
  return (
    named.find((help) => help.contexts?.includes(context)) ?? named.find((help) => help.contexts === undefined) ?? null
  );
}

/** "1", "1 to 3", "2 or more" arguments. */
export function arityText([least, most]: Entry['args']): Message {
  if (least === most) return message('Arguments: {count}', { count: least });
  return most > 16
    ? message('Arguments: {least} or more', { least })
    : message('Arguments: {least} to {most}', { least, most });
}
