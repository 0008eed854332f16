import type { Stats } from 'node:fs';
import { byteText } from '../byteText';
import { type ByteRange, byteRange, type RangeAnswer } from '../gateway/byteRange';
import { HeaderList } from '../gateway/headers';
import { escapePath } from '../gateway/requestUri';
import { reasonPhrase } from '../gateway/status';
import { conditionsFor, isSamePart } from '../phases/conditions';
import { fileName, filePath } from '../phases/fileRoot';
import { isCompressible, takesGzip } from '../phases/gzip';
import type { HttpHandler } from '../plan';
import { addHeader, addHeaders, answerWith, finish, redirect } from './answers';
import type { CallFailure, CallOwner } from './call';
import type { Content } from './content';
import type { Exchange } from './exchange';
import { FileCall, fileHead, findFile } from './fileCall';

/** RFC 9113, section 7. */
const INTERNAL_ERROR = 2;

/** Answers with a file below root or alias (ngx_http_static_module, ngx_http_index_module). */
export function serveFile(exchange: Exchange, handler: Extract<HttpHandler, { kind: 'static' }>): void {
  const isPost = exchange.method === 'POST';
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD' && !isPost) {
    // ngx_http_static_module declines what is a directory, ngx_http_index_module all else.
    finish(exchange, 405);
    return;
  }
  if (handler.alias && !exchange.isLocationsOwn) {
    exchange.logError('error', `"alias" cannot be used in location "${exchange.path}" where URI was rewritten`);
    finish(exchange, 500);
    return;
  }
  const match = exchange.location?.match ?? null;
  const visit = exchange.visit;
  // Without a location nobody meant it for a file: there is just no other place.
  if (exchange.location !== null) exchange.reach('static');
  const indexes = exchange.path.endsWith('/') ? handler.index.map((name) => fileName(name, exchange)) : [];
  findFile(handler, match, exchange.path, filePath(handler.root, exchange), indexes).then((found) => {
    // The client may have gone while the disk was asked.
    if (exchange.done || exchange.visit !== visit) return;
    if (found.kind === 'slash') {
      redirect(exchange, 301, `${escapePath(exchange.path)}/${exchange.args === '' ? '' : `?${exchange.args}`}`);
    } else if (found.kind === 'status') {
      if (found.status !== 404 || exchange.settings.logNotFound) exchange.logError('error', found.text);
      finish(exchange, found.status);
    } else if (found.kind === 'index') {
      const name = byteText(found.name);
      exchange.redirectTo(name.startsWith('/') ? name : exchange.path + name, exchange.args);
    } else if (isPost) finish(exchange, 405);
    else sendFile(exchange, found.path, found.stats);
    exchange.flush();
  });
}

function sendFile(exchange: Exchange, path: string, stats: Stats): void {
  const { size } = stats;
  const headers = fileHead(stats, path, exchange.settings);
  const verdict = conditionsFor(exchange, 200, headers);
  if (verdict === 'failed') {
    finish(exchange, 412);
    return;
  }
  if (verdict === 'fresh') {
    headers.remove('content-type');
    answerWith(exchange, 304, headers, null, size);
    return;
  }
  const range = wantedRange(exchange, headers, size);
  if (range === 'unsatisfiable') {
    const extra = exchange.response.extraHeaders ?? new HeaderList();
    exchange.response.extraHeaders = extra;
    addHeader(extra, 'Content-Range', `bytes */${size}`);
    // In nginx the head was written for 200 when its ranges turn out wrong, and what was added to it stays.
    addHeaders(exchange, 200, extra);
    finish(exchange, 416);
    return;
  }
  if (range !== 'whole') addHeader(headers, 'Content-Range', `bytes ${range.start}-${range.end - 1}/${size}`);
  else if (exchange.settings.conditions.maxRanges > 0 && exchange.main === exchange) {
    addHeader(headers, 'Accept-Ranges', 'bytes');
  }
  const part = range === 'whole' ? { start: 0, end: size } : range;
  const status = range === 'whole' ? 200 : 206;
  const length = part.end - part.start;
  if (length === 0 || exchange.method === 'HEAD') {
    answerWith(exchange, status, headers, null, length);
    return;
  }
  exchange.countOwnAnswer();
  exchange.response.sendHead(status, reasonPhrase(status), headers, length, false);
  exchange.content = new FileContent(exchange, path, part);
}

/** Parts are of the file as it is, not of what compression makes of it. */
function wantedRange(exchange: Exchange, headers: HeaderList, size: number): RangeAnswer {
  const field = exchange.headers.get('range');
  const { maxRanges } = exchange.settings.conditions;
  if (field === null || maxRanges === 0 || exchange.main !== exchange || exchange.response.fixedStatus !== 0) {
    return 'whole';
  }
  const condition = exchange.headers.get('if-range');
  if (condition !== null) {
    const told = headers.copy();
    addHeaders(exchange, 200, told);
    if (!isSamePart(condition, told)) return 'whole';
  }
  const compressed = isCompressible(exchange, 200, headers, size) && takesGzip(exchange);
  return compressed ? 'whole' : byteRange(field, size);
}

class FileContent implements Content, CallOwner {
  readonly #call: FileCall;

  constructor(
    readonly exchange: Exchange,
    path: string,
    part: ByteRange,
  ) {
    this.#call = new FileCall(path, part, this);
  }

  writeBody(): boolean {
    return true;
  }
  endBody(): void {}
  flush(): void {}
  resume(): void {
    this.#call.resume();
  }
  abort(): void {
    this.#call.abort();
  }

  onResponseHead(): void {}
  onResponseBody(chunk: Buffer): void {
    if (!this.exchange.response.sendBody(chunk)) this.#call.pause();
  }
  onResponseEnd(): void {
    this.exchange.response.sendEnd(null);
  }
  onResponsePause(): void {
    this.exchange.flush();
  }
  onUpstreamDrain(): void {}

  onCallFailed(_failure: CallFailure, text: string): void {
    if (this.exchange.done) return;
    this.exchange.logError('error', text);
    this.exchange.abort(INTERNAL_ERROR);
  }
}
