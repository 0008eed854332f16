import type { ErrorPage } from '../plan';
import type { Exchange } from '../proxies/exchange';

/** What stands in for a status that the balancer itself would answer. */
export type Substitute =
  | { readonly kind: 'path'; readonly path: string; readonly args: string }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string };

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Looks for an error_page, once per request unless recursive_error_pages says otherwise (ngx_http_special_response_handler,
 * ngx_http_send_error_page). Sets the status that will be answered whatever the page says; 0: the page's own.
 */
export function errorPageFor(exchange: Exchange, status: number): Substitute | null {
  exchange.response.fixedStatus = status;
  const { errorPages, recursiveErrorPages } = exchange.settings;
  if (errorPages.length === 0 || exchange.errorPagesEnded || exchange.redirectsLeft < 0) return null;
  exchange.sawErrorPage = true;
  exchange.errorPagesEnded = !recursiveErrorPages;
  const page = errorPages.find(({ statuses }) => statuses.includes(status));
  return page === undefined ? null : substitute(exchange, page);
}

function substitute(exchange: Exchange, page: ErrorPage): Substitute {
  if (page.answer === 'page') exchange.response.fixedStatus = 0;
  else if (page.answer !== 'own') exchange.response.fixedStatus = page.answer;
  const uri = page.uri.evaluate(exchange);
  if (uri.startsWith('/')) {
    const query = uri.indexOf('?');
    return query < 0
      ? { kind: 'path', path: uri, args: '' }
      : { kind: 'path', path: uri.slice(0, query), args: uri.slice(query + 1) };
  }
  if (uri.startsWith('@')) return { kind: 'named', name: uri };
  // What the page says counts, not what it stands in for: a 301 of the balancer's own becomes a 302, as in nginx.
  const status = typeof page.answer === 'number' && REDIRECTS.has(page.answer) ? page.answer : 302;
  exchange.response.fixedStatus = status;
  return { kind: 'redirect', status, location: uri };
}
