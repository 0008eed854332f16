import { type HeaderFields, HeaderList } from '../gateway/headers';
import { readUnsafeUri } from '../gateway/requestUri';
import { absolute, addHeader, finish } from './answers';
import type { Exchange } from './exchange';

/** What a server's answer leads to other than itself, and what its redirects become. */

/** Of a server that leads on with X-Accel-Redirect, these stay with the answer (ngx_http_upstream_headers_in). */
const KEPT: ReadonlySet<string> = new Set([
  'set-cookie',
  'content-disposition',
  'cache-control',
  'expires',
  'accept-ranges',
]);

/** What is to answer in place of the server; null: its own answer goes on. To be done once the server is let go. */
export function insteadOf(exchange: Exchange, status: number, headers: HeaderFields): (() => void) | null {
  const { settings } = exchange;
  if (status >= 300 && settings.interceptErrors && settings.errorPages.some((page) => page.statuses.includes(status))) {
    return () => intercept(exchange, status, headers);
  }
  if (!settings.followsAccelRedirect) return null;
  const target = headers.get('x-accel-redirect');
  return target === null ? null : () => follow(exchange, target, headers);
}

/** ngx_http_upstream_intercept_errors. */
function intercept(exchange: Exchange, status: number, headers: HeaderFields): void {
  if (status === 401) {
    const extra = extraHeaders(exchange);
    const challenge = headers.get('www-authenticate');
    if (challenge !== null) addHeader(extra, 'WWW-Authenticate', challenge);
  }
  finish(exchange, status);
}

/** X-Accel-Redirect (ngx_http_upstream_process_headers). */
function follow(exchange: Exchange, target: string, headers: HeaderFields): void {
  const extra = extraHeaders(exchange);
  for (let i = 0; i < headers.length; i++) {
    const name = headers.names[i];
    const value = headers.values[i] ?? '';
    if (name?.lower === 'content-type') exchange.response.contentType = value;
    else if (name !== undefined && KEPT.has(name.lower)) extra.add(name, value);
  }
  if (!exchange.body.isKept) exchange.body.discard();
  if (target.startsWith('@')) {
    exchange.goOnAt(target);
    return;
  }
  const uri = readUnsafeUri(target);
  if (uri === null) {
    exchange.logError('error', `unsafe URI "${target}" was detected`);
    finish(exchange, 404);
    return;
  }
  if (exchange.method !== 'HEAD') exchange.method = 'GET';
  exchange.redirectTo(uri.path, uri.args);
}

function extraHeaders({ response }: Exchange): HeaderList {
  response.extraHeaders ??= new HeaderList();
  return response.extraHeaders;
}

/** What proxy_redirect makes of Location and of the address in Refresh (ngx_http_proxy_rewrite_redirect). */
export function rewriteRedirects(exchange: Exchange, headers: HeaderList): void {
  if (exchange.settings.redirects.length === 0) return;
  for (let i = 0; i < headers.length; i++) {
    const lower = headers.names[i]?.lower;
    if (lower === 'location') {
      const location = rewritten(exchange, headers.values[i] ?? '');
      if (location !== null) headers.values[i] = absolute(exchange, location);
    } else if (lower === 'refresh') {
      const value = headers.values[i] ?? '';
      const at = value.toLowerCase().indexOf('url=') + 4;
      const address = at < 4 ? null : rewritten(exchange, value.slice(at));
      if (address !== null) headers.values[i] = value.slice(0, at) + address;
    }
  }
}

/** Null: no rule is for this address. */
function rewritten(exchange: Exchange, address: string): string | null {
  for (const rule of exchange.settings.redirects) {
    if (rule.kind === 'prefix') {
      const from = rule.from.evaluate(exchange);
      if (address.startsWith(from)) return rule.to.evaluate(exchange) + address.slice(from.length);
    } else {
      const match = rule.pattern.exec(address);
      if (match === null) continue;
      exchange.captured(match);
      return rule.to.evaluate(exchange);
    }
  }
  return null;
}
