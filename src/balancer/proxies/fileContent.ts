import type { Stats } from 'node:fs';
import { escapePath } from '../gateway/requestUri';
import { reasonPhrase } from '../gateway/status';
import type { HttpHandler } from '../plan';
import { answerWith, finish, redirect } from './answers';
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
  const { prefix } = exchange.generation.engine;
  const match = exchange.location?.match ?? null;
  const visit = exchange.visit;
  // Without a location nobody meant it for a file: there is just no other place.
  if (exchange.location !== null) exchange.reach('static');
  findFile(handler, match, exchange.path, prefix).then((found) => {
    // The client may have gone while the disk was asked.
    if (exchange.done || exchange.visit !== visit) return;
    if (found.kind === 'slash') {
      redirect(exchange, 301, `${escapePath(exchange.path)}/${exchange.args === '' ? '' : `?${exchange.args}`}`);
    } else if (found.kind === 'status') {
      exchange.logError('error', found.text);
      finish(exchange, found.status);
    } else if (isPost) finish(exchange, 405);
    else sendFile(exchange, found.path, found.stats);
    exchange.flush();
  });
}

function sendFile(exchange: Exchange, path: string, stats: Stats): void {
  const { headers, isFresh } = fileHead(stats, path, exchange.settings, exchange.head);
  if (isFresh || stats.size === 0 || exchange.method === 'HEAD') {
    answerWith(exchange, isFresh ? 304 : 200, headers, null, stats.size);
    return;
  }
  exchange.countOwnAnswer();
  exchange.response.sendHead(200, reasonPhrase(200), headers, stats.size, false);
  exchange.content = new FileContent(exchange, path, stats.size);
}

class FileContent implements Content, CallOwner {
  readonly #call: FileCall;

  constructor(
    readonly exchange: Exchange,
    path: string,
    size: number,
  ) {
    this.#call = new FileCall(path, size, this);
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
