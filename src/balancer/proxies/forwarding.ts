import { connectionNamed, type HeaderFields, type HeaderList, hasListToken, NAME } from '../gateway/headers';
import type { FieldFilter, HttpSettings } from '../plan';
import type { Template, VariableSource } from '../template';
import type { RequestHead } from './call';
import { inOnePiece } from './engine';

/** Request heads as servers get them: the client's fields without those of its own hop, and what the file sets. */

interface SetHeader {
  readonly name: string;
  readonly lower: string;
  /** The value where it never changes, else null. */
  readonly constant: string | null;
  readonly template: Template;
}

/** `proxy_set_header` lines of one location, prepared once. */
export interface Forwarding {
  readonly set: readonly SetHeader[];
  /** The lines of `set` for HTTP/1, where none of them ever changes; else null. */
  readonly constantLines: string | null;
  /** Lower-case names that the file decides, so that the client's own are left out. */
  readonly decided: ReadonlySet<string>;
  /** The client's own fields go on, too (proxy_pass_request_headers). */
  readonly passesHeaders: boolean;
  /** `proxy_set_header Content-Length ""`: where there is no body, nothing is said of its length. */
  readonly hidesNoLength: boolean;
}

/** Written by the proxies themselves, whatever the file says about them. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

const HOSTS_PREPARED = 64;
const prepared = new WeakMap<HttpSettings, Map<string, Forwarding>>();

/** `hostHeader` is the location's `$proxy_host`. */
export function forwardingOf(settings: HttpSettings, hostHeader: string): Forwarding {
  let byHost = prepared.get(settings);
  if (byHost === undefined) {
    byHost = new Map();
    prepared.set(settings, byHost);
  }
  // With variables in proxy_pass there may be any number of them.
  if (byHost.size > HOSTS_PREPARED) byHost.clear();
  let forwarding = byHost.get(hostHeader);
  if (forwarding === undefined) {
    const lines = settings.setHeaders.filter(({ name }) => !FRAMING.has(name.toLowerCase()));
    const set = lines.map(({ name, value }) => ({
      name,
      lower: name.toLowerCase(),
      constant: constantOf(value, hostHeader),
      template: value,
    }));
    const written = set.filter((each) => each.constant !== '');
    forwarding = {
      set: written,
      constantLines: written.every((each) => each.constant !== null)
        ? inOnePiece(written.map((each) => `${each.name}: ${each.constant}\r\n`).join(''))
        : null,
      decided: new Set(set.map((each) => each.lower)),
      passesHeaders: settings.passRequestHeaders,
      hidesNoLength: settings.setHeaders.some(
        ({ name, value }) => name.toLowerCase() === 'content-length' && constantOf(value, hostHeader) === '',
      ),
    };
    byHost.set(hostHeader, forwarding);
  }
  return forwarding;
}

function constantOf(template: Template, hostHeader: string): string | null {
  if (template.variables.every((name) => name === 'proxy_host')) {
    return template.evaluate({ variable: () => hostHeader });
  }
  return null;
}

/** Values made of decoded request parts could hold line ends; those would begin a new field. */
function fieldValue(header: SetHeader, variables: VariableSource): string {
  if (header.constant !== null) return header.constant;
  const value = header.template.evaluate(variables);
  return value.includes('\n') || value.includes('\r') || value.includes('\0')
    ? value.replace(/[\r\n\0]+/g, ' ')
    : value;
}

/** Whether a client's field goes on to the server. */
function passes(kind: number): boolean {
  return kind === NAME.other || kind === NAME.responseOnlyHidden;
}

export interface OutgoingBody {
  /** Bytes; 0: none; -1: in chunks. */
  readonly length: number;
}

/** The head for an HTTP/1 server, with its empty line; latin1. */
export function http1RequestHead(
  head: RequestHead,
  method: string,
  target: string,
  version: '1.0' | '1.1',
  forwarding: Forwarding,
  variables: VariableSource,
  bodyLength: number,
  saysLength = false,
): string {
  let text = `${method} ${target} HTTP/${version}\r\n`;
  if (forwarding.constantLines !== null) text += forwarding.constantLines;
  else {
    for (const header of forwarding.set) {
      const value = fieldValue(header, variables);
      if (value !== '') text += `${header.name}: ${value}\r\n`;
    }
  }
  const { names, values } = head.headers;
  const named = connectionNamed(head.connection);
  let declaresLength = saysLength;
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (name === undefined) continue;
    if (name.kind === NAME.contentLength || name.kind === NAME.transferEncoding) declaresLength = true;
    if (!forwarding.passesHeaders || !passes(name.kind)) continue;
    if (forwarding.decided.has(name.lower) || named?.has(name.lower)) continue;
    text += `${name.text}: ${values[i]}\r\n`;
  }
  if (bodyLength > 0 || (bodyLength === 0 && declaresLength && (saysLength || !forwarding.hidesNoLength)))
    text += `Content-Length: ${bodyLength}\r\n`;
  else if (bodyLength < 0) text += 'Transfer-Encoding: chunked\r\n';
  return `${text}\r\n`;
}

/** The fields for an HTTP/2 server, pseudo-header fields first. */
export function http2RequestHeaders(
  head: RequestHead,
  method: string,
  target: string,
  hostHeader: string,
  forwarding: Forwarding,
  variables: VariableSource,
): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {
    ':method': method,
    ':scheme': 'http',
    ':path': target,
  };
  // Where the file sets Host, that field is sent in its place (ngx_http_grpc_create_request).
  if (!forwarding.decided.has('host')) fields[':authority'] = hostHeader;
  for (const header of forwarding.set) {
    const value = fieldValue(header, variables);
    if (value === '' || header.lower === 'connection') continue;
    append(fields, header.lower, value);
  }
  const { names, values } = head.headers;
  const named = connectionNamed(head.connection);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    const value = values[i];
    if (name === undefined || value === undefined || forwarding.decided.has(name.lower)) continue;
    if (name.kind === NAME.te) {
      // The one thing TE may say in HTTP/2 (RFC 9113, section 8.2.2); gRPC servers want it.
      if (hasListToken(value, 'trailers')) fields.te = 'trailers';
      continue;
    }
    if (name.kind === NAME.contentLength && head.bodyLength > 0) fields['content-length'] = value;
    if (!forwarding.passesHeaders || !passes(name.kind) || named?.has(name.lower)) continue;
    append(fields, name.lower, value);
  }
  return fields;
}

function append(fields: Record<string, string | string[]>, name: string, value: string): void {
  const before = fields[name];
  if (before === undefined) fields[name] = value;
  else if (typeof before === 'string') fields[name] = [before, value];
  else before.push(value);
}

/** What of a server's response head goes to the client, into the list given. */
export function responseFields(from: HeaderFields, into: HeaderList, filter: FieldFilter | null): void {
  const { names, values } = from;
  let named: ReadonlySet<string> | null = null;
  for (let i = 0; i < names.length; i++) {
    if (names[i]?.kind === NAME.connection) named = connectionNamed(from.joined('connection'));
  }
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (name === undefined || named?.has(name.lower)) continue;
    if (name.kind === NAME.other) {
      if (filter?.hidden.has(name.lower)) continue;
    } else if (name.kind !== NAME.responseOnlyHidden || !filter?.shown.has(name.lower)) continue;
    into.add(name, values[i] ?? '');
  }
}
