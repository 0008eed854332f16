import type { HeaderList } from '../gateway/headers';
import type { Exchange } from '../proxies/exchange';

/** Conditional requests (RFC 9110, section 13), as ngx_http_not_modified_filter_module and ngx_http_range_header_filter() read them. */

/** 'fresh': the client has it already (304); 'failed': it is not what the client thinks (412). */
export type Verdict = 'go on' | 'fresh' | 'failed';

/** What becomes of an answer of our own with this head. Only one that would be 200 has conditions. */
export function conditionsFor(exchange: Exchange, status: number, headers: HeaderList): Verdict {
  const { fixedStatus } = exchange.response;
  if ((fixedStatus === 0 ? status : fixedStatus) !== 200 || exchange.main !== exchange) return 'go on';
  const asked = exchange.headers;
  const unmodified = asked.get('if-unmodified-since');
  const modified = modifiedAt(headers);
  if (unmodified !== null && (modified === null || httpTime(unmodified) < modified)) return 'failed';
  const match = asked.get('if-match');
  if (match !== null && !matches(match, headers.get('etag'), false)) return 'failed';
  const since = asked.get('if-modified-since');
  const noneMatch = asked.get('if-none-match');
  if (since === null && noneMatch === null) return 'go on';
  if (since !== null && isModified(exchange, since, modified)) return 'go on';
  if (noneMatch !== null && !matches(noneMatch, headers.get('etag'), true)) return 'go on';
  return 'fresh';
}

/** If-Range: whether what the client has a part of is this very thing. `headers`: as add_header leaves them. */
export function isSamePart(condition: string, headers: HeaderList): boolean {
  if (condition.length >= 2 && condition.endsWith('"')) return condition === headers.get('etag');
  const modified = modifiedAt(headers);
  return modified !== null && httpTime(condition) === modified;
}

function isModified(exchange: Exchange, since: string, modified: number | null): boolean {
  const { modifiedSince } = exchange.settings.conditions;
  if (modified === null || modifiedSince === 'off') return true;
  const time = httpTime(since);
  return time !== modified && (modifiedSince === 'exact' || time < modified);
}

/** Whether a list of tags has this one; `weak`: as If-None-Match compares. */
function matches(list: string, etag: string | null, weak: boolean): boolean {
  if (list === '*') return true;
  if (etag === null) return false;
  const strong = (tag: string) => (weak ? tag.replace(/^W\//, '') : tag);
  return list.split(',').some((each) => strong(each.replace(/^[ \t]+|[ \t]+$/g, '')) === strong(etag));
}

function modifiedAt(headers: HeaderList): number | null {
  const text = headers.get('last-modified');
  return text === null ? null : httpTime(text);
}

/** Seconds; -1: not a date. */
function httpTime(text: string): number {
  const time = Date.parse(text);
  return Number.isNaN(time) ? -1 : Math.floor(time / 1000);
}
