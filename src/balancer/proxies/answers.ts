import { assertNever } from '../../base/assertNever';
import { contentTypeOf } from '../gateway/contentType';
import { HeaderList, headerName } from '../gateway/headers';
import { errorPage, reasonPhrase, TO_HTTPS, toldStatus } from '../gateway/status';
import { hostName } from '../gateway/variables';
import { conditionsFor } from '../phases/conditions';
import { errorPageFor } from '../phases/errorPages';
import type { Template } from '../template';
import type { Exchange } from './exchange';

/** Answers of the balancer's own: statuses with their small pages, redirects, texts. */

/** RFC 9113, section 7. */
const PROTOCOL_ERROR = 1;

/** Statuses of the balancer's own after which nginx closes the connection (ngx_http_special_response_handler). */
const CLOSING: ReadonlySet<number> = new Set([400, 413, 414, TO_HTTPS, 500, 501, 505]);
/** Statuses that add_header is for without `always`. */
const ADDED_TO: ReadonlySet<number> = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Ends the request with a status, or goes on with what error_page puts in its place (ngx_http_special_response_handler). */
export function finish(exchange: Exchange, status: number): void {
  if (CLOSING.has(status)) exchange.downstream.willClose();
  const substitute = errorPageFor(exchange, status);
  if (substitute === null) {
    answerStatus(exchange, status);
    return;
  }
  // What came of a body for a server that took it cannot be sent once more, and a bad one to nobody.
  const { body } = exchange;
  if (!body.isKept || (!body.complete && CLOSING.has(status))) body.discard();
  switch (substitute.kind) {
    case 'path':
      if (exchange.method !== 'HEAD') exchange.method = 'GET';
      exchange.redirectTo(substitute.path, substitute.args);
      return;
    case 'named':
      exchange.goOnAt(substitute.name);
      return;
    case 'redirect':
      exchange.response.location = absolute(exchange, substitute.location);
      answerStatus(exchange, substitute.status);
      return;
    default:
      assertNever(substitute);
  }
}

/** What `return` says (ngx_http_script_return_code, ngx_http_send_response). */
export function answerReturn(exchange: Exchange, status: number, template: Template | null): void {
  if (status === 444) {
    exchange.response.status = status;
    exchange.abort(PROTOCOL_ERROR);
    return;
  }
  // A text that is written empty is none; one whose variables are empty is.
  const text = template === null || template.source === '' ? null : template.evaluate(exchange);
  if (text === null && (status >= 400 || REDIRECTS.has(status))) finish(exchange, status);
  else if (text !== null && REDIRECTS.has(status)) {
    // What $status says in an error page that answers with a status of its own.
    exchange.response.status = status;
    redirect(exchange, status, text);
  } else {
    const fault = exchange.body.complete ? null : exchange.downstream.discardBody();
    if (fault !== null) {
      exchange.logError('info', `client ${fault.reason}`);
      exchange.body.discard();
      finish(exchange, fault.status);
      return;
    }
    const headers = new HeaderList();
    const type = contentTypeOf(exchange.path, exchange.settings);
    if (type !== '') addHeader(headers, 'Content-Type', type);
    const verdict = conditionsFor(exchange, status, headers);
    if (verdict === 'failed') finish(exchange, 412);
    else if (verdict === 'fresh') answerWith(exchange, 304, new HeaderList(), null);
    else answerWith(exchange, status, headers, Buffer.from(text ?? '', 'latin1'));
  }
}

/**
 * `location` as nginx completes it: a path gets scheme and host in front. It stays with the answer even where an error
 * page stands in for the redirect.
 */
export function redirect(exchange: Exchange, status: number, location: string): void {
  exchange.response.location = absolute(exchange, location);
  finish(exchange, status);
}

/** A path with scheme and host in front; all else as it is (absolute_redirect). */
export function absolute(exchange: Exchange, location: string): string {
  if (!location.startsWith('/') || !exchange.settings.redirectForm.absolute) return location;
  return `${exchange.client.origin.tls === null ? 'http' : 'https'}://${redirectHost(exchange)}${location}`;
}

/** Host without port, with the listener's port where that is not the scheme's own. */
function redirectHost(exchange: Exchange): string {
  const { localAddress, localPort, origin } = exchange.client;
  const { port, serverName } = exchange.settings.redirectForm;
  const own = serverName ? exchange.serverName : '';
  const name = own !== '' ? own : exchange.host !== '' ? hostName(exchange.host) : localAddress;
  return !port || localPort === (origin.tls === null ? 80 : 443) ? name : `${name}:${localPort}`;
}

function answerStatus(exchange: Exchange, status: number): void {
  const headers = new HeaderList();
  const page = errorPage(status);
  exchange.response.contentType = null;
  if (page !== null) addHeader(headers, 'Content-Type', 'text/html');
  exchange.response.fixedStatus = toldStatus(exchange.response.fixedStatus);
  answerWith(exchange, toldStatus(status), headers, page);
}

/** Sends a whole answer. `size` is what a body that HEAD does not get would have. */
export function answerWith(
  exchange: Exchange,
  status: number,
  headers: HeaderList,
  body: Buffer | null,
  size = 0,
): void {
  exchange.countOwnAnswer();
  if (exchange.head.expectsContinue && !exchange.body.complete) exchange.downstream.willClose();
  const length = body === null ? size : body.length;
  const bodyless = exchange.method === 'HEAD' || body === null || length === 0;
  exchange.response.sendHead(status, reasonPhrase(status), headers, length, bodyless);
  if (body !== null && !bodyless) exchange.response.sendBody(body);
  exchange.response.sendEnd(null);
}

/** What `add_header` says for this status. */
export function addHeaders(exchange: Exchange, status: number, headers: HeaderList): void {
  for (const { name, value, always } of exchange.settings.addHeaders) {
    if (!always && !ADDED_TO.has(status)) continue;
    const text = value.evaluate(exchange);
    // There is one of these at most (ngx_http_set_headers).
    const lower = name.toLowerCase();
    if (lower === 'last-modified' || lower === 'etag') headers.remove(lower);
    if (text !== '') addHeader(headers, name, text.replace(/[\r\n\0]+/g, ' '));
  }
}

/** Whether `add_trailer` has something to say for this status (ngx_http_headers_filter). HEAD has none. */
export function expectsTrailers(exchange: Exchange, status: number): boolean {
  const { addTrailers: all } = exchange.settings;
  if (all.length === 0 || exchange.method === 'HEAD' || exchange.main !== exchange) return false;
  return ADDED_TO.has(status) || all.some(({ always }) => always);
}

/** What `add_trailer` says, now that the body is out. */
export function addTrailers(exchange: Exchange, status: number, trailers: HeaderList): void {
  for (const { name, value, always } of exchange.settings.addTrailers) {
    if (!always && !ADDED_TO.has(status)) continue;
    const text = value.evaluate(exchange);
    if (text !== '') addHeader(trailers, name, text.replace(/[\r\n\0]+/g, ' '));
  }
}

export function addHeader(list: HeaderList, name: string, value: string): void {
  const known = headerName(name);
  if (known !== null) list.add(known, value);
}
