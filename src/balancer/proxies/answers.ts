import { contentTypeOf } from '../gateway/contentType';
import { HeaderList, headerName } from '../gateway/headers';
import { errorPage, reasonPhrase } from '../gateway/status';
import { hostName } from '../gateway/variables';
import type { Template } from '../template';
import type { Exchange } from './exchange';

/** Answers of the balancer's own: statuses with their small pages, redirects, texts. */

/** RFC 9113, section 7. */
const CANCEL = 8;

/** Statuses of the balancer's own after which nginx closes the connection (ngx_http_special_response_handler). */
const CLOSING: ReadonlySet<number> = new Set([400, 413, 414, 500, 501, 505]);
/** Statuses that add_header is for without `always`. */
const ADDED_TO: ReadonlySet<number> = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Ends the request with a status. */
export function finish(exchange: Exchange, status: number): void {
  if (CLOSING.has(status)) exchange.downstream.willClose();
  answerStatus(exchange, status, new HeaderList());
}

/** What `return` says (ngx_http_script_return_code, ngx_http_send_response). */
export function answerReturn(exchange: Exchange, status: number, template: Template | null): void {
  if (status === 444) {
    exchange.abort(CANCEL);
    return;
  }
  const text = template === null ? null : template.evaluate(exchange);
  if (text !== null && REDIRECTS.has(status)) {
    redirect(exchange, status, text);
    return;
  }
  if (text === null) {
    finish(exchange, status);
    return;
  }
  const headers = new HeaderList();
  const body = Buffer.from(text, 'utf8');
  addHeader(headers, 'Content-Type', contentTypeOf(exchange.path, exchange.settings));
  answerWith(exchange, status, headers, status === 204 ? null : body);
}

/** `location` as nginx completes it: a path gets scheme and host in front. */
export function redirect(exchange: Exchange, status: number, location: string): void {
  const headers = new HeaderList();
  addHeader(headers, 'Location', location.startsWith('/') ? `http://${redirectHost(exchange)}${location}` : location);
  answerStatus(exchange, status, headers);
}

/** Host without port, with the listener's port where that is not the scheme's own (port_in_redirect). */
function redirectHost(exchange: Exchange): string {
  const { localAddress, localPort } = exchange.client;
  if (exchange.host === '') return `${localAddress}:${localPort}`;
  const name = hostName(exchange.host);
  return localPort === 80 ? name : `${name}:${localPort}`;
}

function answerStatus(exchange: Exchange, status: number, headers: HeaderList): void {
  const page = errorPage(status);
  if (page !== null) addHeader(headers, 'Content-Type', 'text/html');
  answerWith(exchange, status, headers, page);
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
  const bodyless = exchange.method === 'HEAD' || status === 204 || status === 304;
  const length = body === null ? size : body.length;
  exchange.sendHead(
    status,
    reasonPhrase(status),
    headers,
    status === 204 || status === 304 ? -1 : length,
    bodyless || length === 0,
  );
  if (body !== null && !bodyless) exchange.sendBody(body);
  exchange.sendEnd(null);
}

/** What `add_header` says for this status. */
export function addHeaders(exchange: Exchange, status: number, headers: HeaderList): void {
  for (const { name, value, always } of exchange.settings.addHeaders) {
    if (!always && !ADDED_TO.has(status)) continue;
    const text = value.evaluate(exchange);
    if (text !== '') addHeader(headers, name, text.replace(/[\r\n\0]+/g, ' '));
  }
}

export function addHeader(list: HeaderList, name: string, value: string): void {
  const known = headerName(name);
  if (known !== null) list.add(known, value);
}
