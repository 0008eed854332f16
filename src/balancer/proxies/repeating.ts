import type { NextUpstreamCondition } from '../plan';
import type { Selection } from '../upstream';
import type { Exchange } from './exchange';
import type { Destination } from './openCall';

/** When a request may go to another server (ngx_http_upstream_next, ngx_http_upstream_test_next). */

/** Not repeated once a server may have got them, unless the file says `non_idempotent` (as nginx counts methods). */
function isIdempotent(method: string): boolean {
  return method !== 'POST' && method !== 'LOCK' && method !== 'PATCH';
}

/** `unprocessed`: no server has got anything of it. `sinceMs`: when its way to the upstream began. */
export function mayRepeat(
  exchange: Exchange,
  destination: Destination,
  selection: Selection,
  condition: NextUpstreamCondition,
  unprocessed: boolean,
  sinceMs: number,
): boolean {
  const { on, timeoutMs } = exchange.settings.nextUpstream;
  if (!exchange.body.isKept || !on.has(condition) || selection.triesLeft === 0) return false;
  if (!unprocessed && !isIdempotent(exchange.method) && !on.has('non_idempotent')) return false;
  if (!unprocessed && isUnbuffered(exchange, destination)) return false;
  return timeoutMs === 0 || exchange.now() - sinceMs < timeoutMs;
}

/** What went of its body is gone in nginx: `proxy_request_buffering off` (request_body_no_buffering). */
function isUnbuffered({ body, settings }: Exchange, { kind }: Destination): boolean {
  if (kind === 'grpc' || settings.requestBuffering || body.cameAtOnce || !settings.passRequestBody) return false;
  return body.length !== 0 && (body.declared >= 0 || settings.httpVersion === '1.1');
}

/** Another server may have to get the body from its beginning, or what an error page leads to. */
export function mayNeedBodyAgain({ method, settings }: Exchange, { kind }: Destination, selection: Selection): boolean {
  if (kind === 'grpc' || !settings.requestBuffering) return false;
  if (settings.errorPages.length > 0) return true;
  const { on } = settings.nextUpstream;
  return on.size > 0 && selection.triesLeft > 1 && (isIdempotent(method) || on.has('non_idempotent'));
}
