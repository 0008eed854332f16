import { type HeaderList, headerName } from '../gateway/headers';
import type { Exchange } from '../proxies/exchange';

/** ngx_http_gzip_module. */

const COMPRESSED_STATUSES: ReadonlySet<number> = new Set([200, 403, 404]);

/** Whether a response is of a kind that is compressed for clients that can read it; then it varies by Accept-Encoding. */
export function isCompressible(exchange: Exchange, status: number, headers: HeaderList, length: number): boolean {
  const { gzip } = exchange.settings;
  if (gzip === null || exchange.main !== exchange || !COMPRESSED_STATUSES.has(status)) return false;
  if (length !== -1 && length < gzip.minLength) return false;
  if ((headers.get('content-encoding') ?? '') !== '') return false;
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return gzip.types.has(type) || gzip.types.has('*');
}

/** Whether this client gets it compressed (ngx_http_gzip_ok): not through another proxy, not below HTTP/1.1. */
export function takesGzip({ headers, protocol }: Exchange): boolean {
  if (protocol === 'HTTP/1.0' || headers.get('via') !== null) return false;
  for (const each of headers.joined('accept-encoding').split(',')) {
    const [coding, ...parameters] = each.split(';');
    if (coding?.trim().toLowerCase() !== 'gzip') continue;
    return !parameters.some((parameter) => /^\s*q\s*=\s*0(\.0*)?\s*$/i.test(parameter));
  }
  return false;
}

/** An entity tag that also holds for the compressed body; none where it is no tag at all (ngx_http_weak_etag). */
export function weakenTag(headers: HeaderList): void {
  const tag = headers.get('etag');
  if (tag === null || tag.startsWith('W/')) return;
  headers.remove('etag');
  const name = headerName('ETag');
  if (name !== null && tag.startsWith('"')) headers.add(name, `W/${tag}`);
}
