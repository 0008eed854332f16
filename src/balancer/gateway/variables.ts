import { bytesOf } from './addressRange';
import type { HeaderFields } from './headers';

/** What the variables of a request are read from. */
export interface RequestFacts {
  readonly method: string;
  readonly target: string;
  readonly protocol: string;
  readonly host: string;
  readonly headers: HeaderFields;
  readonly path: string;
  readonly args: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** First name of the server; ''. */
  readonly serverName: string;
  readonly connectionSerial: number;
  readonly connectionRequests: number;
}

/** `$host`: the request's, in lower case and without port (ngx_http_core_module). */
export function hostName(host: string): string {
  const colon = host.startsWith('[') ? host.indexOf(':', host.indexOf(']')) : host.indexOf(':');
  const name = colon < 0 ? host : host.slice(0, colon);
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}

/** Variables that the request alone decides; undefined: not one of them. */
export function requestVariable(name: string, facts: RequestFacts): string | undefined {
  switch (name) {
    case 'remote_addr':
    case 'realip_remote_addr':
      return facts.remoteAddress;
    case 'remote_port':
    case 'realip_remote_port':
      // A real_ip without port leaves it unknown.
      return facts.remotePort === 0 ? '' : String(facts.remotePort);
    case 'binary_remote_addr':
      return binaryAddress(facts.remoteAddress);
    case 'host':
      return facts.host === '' ? facts.serverName : hostName(facts.host);
    case 'request':
      return `${facts.method} ${facts.target} ${facts.protocol}`;
    case 'request_uri':
      return facts.target;
    case 'request_method':
      return facts.method;
    case 'uri':
    case 'document_uri':
      return facts.path;
    case 'args':
    case 'query_string':
      return facts.args;
    case 'is_args':
      return facts.args === '' ? '' : '?';
    case 'scheme':
      return 'http';
    case 'https':
      return '';
    case 'server_addr':
      return facts.serverAddress;
    case 'server_port':
      return String(facts.serverPort);
    case 'server_protocol':
      // HTTP/1 tells it in the request line; HTTP/2 is known from the connection.
      return facts.method === '' && facts.protocol !== 'HTTP/2.0' ? '' : facts.protocol;
    case 'http2':
      return facts.protocol === 'HTTP/2.0' ? 'h2c' : '';
    case 'connection':
      return String(facts.connectionSerial);
    case 'connection_requests':
      return String(facts.connectionRequests);
    case 'content_length':
      return facts.headers.get('content-length') ?? '';
    case 'content_type':
      return facts.headers.joined('content-type');
    case 'http_host':
      return facts.headers.get('host') ?? (facts.protocol === 'HTTP/2.0' ? facts.host : '');
    case 'proxy_add_x_forwarded_for': {
      const before = facts.headers.joined('x-forwarded-for');
      return before === '' ? facts.remoteAddress : `${before}, ${facts.remoteAddress}`;
    }
    case 'pid':
      return String(process.pid);
  }
  if (name.startsWith('http_')) {
    return fieldValue(facts.headers, name.slice(5));
  }
  if (name.startsWith('arg_')) return argument(facts.args, name.slice(4));
  if (name.startsWith('cookie_')) return cookie(facts.headers.joined('cookie', '; '), name.slice(7));
  return undefined;
}

/** `$http_name`, where "_" stands for "-" as for itself. */
function fieldValue(headers: HeaderFields, name: string): string {
  const lower = name.replaceAll('_', '-');
  const value = headers.joined(lower, lower === 'cookie' ? '; ' : ', ');
  if (value !== '' || !name.includes('_')) return value;
  const named = headers.names.find((each) => each.lower.includes('_') && each.lower.replaceAll('-', '_') === name);
  return named === undefined ? '' : headers.joined(named.lower);
}

/** `$arg_name`: the first of that name, letter case aside, not decoded; ''. */
export function argument(args: string, name: string): string {
  const wanted = name.toLowerCase();
  for (const pair of args.split('&')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).toLowerCase() === wanted) return pair.slice(equals + 1);
  }
  return '';
}

/**
 * `$cookie_name`: letter case aside; ''. As nginx looks it up (ngx_http_parse_multi_header_lines): a name may begin behind
 * a comma, too, but a value ends with a semicolon only.
 */
export function cookie(header: string, name: string): string {
  const wanted = name.toLowerCase();
  for (let at = 0; at < header.length; at++) {
    while (header[at] === ' ') at++;
    const value = valueAt(header, at, wanted);
    if (value !== null) return value;
    while (at < header.length && header[at] !== ';' && header[at] !== ',') at++;
  }
  return '';
}

/** The value where `name=` begins there; null: it does not. Spaces may stand around the "=". */
export function valueAt(text: string, at: number, lowerName: string): string | null {
  const end = at + lowerName.length;
  if (text.slice(at, end).toLowerCase() !== lowerName) return null;
  return /^ *= *([^;]*)/.exec(text.slice(end))?.[1] ?? null;
}

/** The 4 or 16 bytes of an address, as latin1 text. */
export function binaryAddress(address: string): string {
  const bytes = bytesOf(address);
  return bytes === null ? address : String.fromCharCode(...bytes);
}
