import { HeaderList, hasListToken } from '../gateway/headers';
import { reasonPhrase } from '../gateway/status';
import { isCompressible, takesGzip, weakenTag } from '../phases/gzip';
import { addHeader, addHeaders, addTrailers, expectsTrailers } from './answers';
import { chunkBytes } from './chunkBytes';
import type { Exchange } from './exchange';
import { type CompressedSink, GzipBody } from './gzipBody';

/** "0", two line ends. */
const LAST_CHUNK_BYTES = 5;

/** What the client of one exchange gets, on its last steps: the file's own headers and statuses, compression, counting. */
export class ClientResponse implements CompressedSink {
  /** 0: none yet. */
  status = 0;
  headSent = false;
  headers: HeaderList | null = null;
  /** As told to the client; -1: not told. */
  length = -1;
  trailers: HeaderList | null = null;
  /** Body as on the wire, with the framing of chunks, as nginx counts. */
  bodyBytes = 0;
  /** On the wire, the head included. */
  bytesSent = 0;
  /** What compression made of the body; null: it was not compressed. */
  compressed: { readonly before: number; readonly after: number } | null = null;
  /** Answered in place of whatever status the answer has; 0: none. */
  fixedStatus = 0;
  /** Where a redirect leads, complete; null: nowhere. */
  location: string | null = null;
  /** Of a file or text, whatever its name says; null: what the name says. */
  contentType: string | null = null;
  /** Sent along, whatever the answer is; null: nothing. */
  extraHeaders: HeaderList | null = null;
  chunked = false;
  #addsTrailers = false;
  #gzip: GzipBody | null = null;

  constructor(readonly exchange: Exchange) {}

  /** As Downstream.sendHead(). */
  sendHead(status: number, reason: string, headers: HeaderList, contentLength: number, bodyless: boolean): void {
    const { exchange, fixedStatus } = this;
    const isOwn = fixedStatus === 0;
    const final = isOwn ? status : fixedStatus;
    const isEmpty = final === 204 || final === 304;
    // What a server says of itself it may say.
    if (final === 204 && (!isOwn || exchange.content === null)) headers.remove('content-type');
    if (this.contentType !== null && exchange.content === null) this.#setContentType(headers, this.contentType);
    if (this.location !== null) addHeader(headers, 'Location', this.location);
    if (this.extraHeaders !== null) headers.addAll(this.extraHeaders);
    this.headSent = true;
    this.status = final;
    this.headers = headers;
    this.length = isEmpty ? -1 : contentLength;
    addHeaders(exchange, final, headers);
    if (exchange.content === null) exchange.countStage(final, headers);
    // A 204 told as something else has an empty body: without its end the client would wait.
    const hasEnd = !isOwn && contentLength < 0 && exchange.method !== 'HEAD';
    const withoutBody = isEmpty || (bodyless && !hasEnd);
    // The answer to HEAD says what GET would get.
    if (exchange.settings.gzip !== null && !isEmpty) this.#compress(final, headers, withoutBody);
    const { chunkedEncoding } = exchange.settings;
    const mayChunk = exchange.protocol === 'HTTP/1.1' && chunkedEncoding;
    this.#addsTrailers = !isEmpty && (mayChunk || exchange.protocol === 'HTTP/2.0') && expectsTrailers(exchange, final);
    if (this.#addsTrailers && mayChunk) this.length = -1;
    const isBodyless = withoutBody && !this.#addsTrailers;
    this.chunked = this.length < 0 && !isBodyless && mayChunk;
    exchange.downstream.sendHead(final, isOwn ? reason : reasonPhrase(final), headers, this.length, isBodyless);
  }

  /** False: wait for Content.resume(). */
  sendBody(chunk: Buffer): boolean {
    return this.#gzip === null ? this.onCompressed(chunk) : this.#gzip.write(chunk);
  }

  /** The exchange hears onSent() when all is out. */
  sendEnd(trailers: HeaderList | null): void {
    this.trailers = this.#trailersFor(trailers);
    if (this.#gzip === null) this.#sendEnd();
    else this.#gzip.end();
  }

  flush(): void {
    // What a server sends bit by bit, and the file does not want gathered, is not gathered here either.
    if (!this.exchange.settings.buffering) this.#gzip?.flush();
    this.exchange.downstream.flush();
  }

  /** The client takes more; false: it is for the source of the body to go on. */
  resume(): boolean {
    this.#gzip?.resume();
    return this.#gzip !== null;
  }

  /** Nothing more is to be sent. */
  abandon(): void {
    this.#gzip?.destroy();
    this.#gzip = null;
  }

  onCompressed(chunk: Buffer): boolean {
    this.bodyBytes += this.chunked && chunk.length > 0 ? chunkBytes(chunk.length) : chunk.length;
    const flowing = this.exchange.downstream.sendBody(chunk);
    if (this.#gzip !== null) this.exchange.downstream.flush();
    return flowing;
  }

  onRoom(): void {
    this.exchange.content?.resume();
  }

  onCompressedEnd(): void {
    this.compressed = this.#gzip;
    this.#gzip = null;
    this.#sendEnd();
    this.exchange.downstream.flush();
  }

  #setContentType(headers: HeaderList, type: string): void {
    if (headers.get('content-type') === null) return;
    headers.remove('content-type');
    addHeader(headers, 'Content-Type', type);
  }

  #compress(status: number, headers: HeaderList, withoutBody: boolean): void {
    const { exchange } = this;
    const { gzip } = exchange.settings;
    if (gzip === null || !isCompressible(exchange, status, headers, this.length)) return;
    if (gzip.vary) addHeader(headers, 'Vary', 'Accept-Encoding');
    if (!takesGzip(exchange)) return;
    headers.remove('accept-ranges');
    weakenTag(headers);
    addHeader(headers, 'Content-Encoding', 'gzip');
    this.length = -1;
    if (!withoutBody) this.#gzip = new GzipBody(gzip.level, this);
  }

  /** `passed`: a server's, for those who take them (RFC 9110, section 6.5.1). */
  #trailersFor(passed: HeaderList | null): HeaderList | null {
    const { exchange } = this;
    const isTaken = exchange.protocol === 'HTTP/2.0' || hasListToken(exchange.headers.joined('te'), 'trailers');
    if (!this.#addsTrailers) return isTaken ? passed : null;
    const all = new HeaderList();
    if (passed !== null && isTaken) all.addAll(passed);
    // Those that follow may speak of it.
    this.trailers = all;
    addTrailers(exchange, this.status, all);
    return all;
  }

  #sendEnd(): void {
    if (this.chunked) {
      this.bodyBytes += LAST_CHUNK_BYTES;
      const { names, values } = this.trailers ?? new HeaderList();
      for (let i = 0; i < names.length; i++)
        this.bodyBytes += (names[i]?.text.length ?? 0) + (values[i]?.length ?? 0) + 4;
    }
    this.exchange.onSent();
    this.exchange.downstream.sendEnd(this.trailers);
    this.exchange.settle();
  }
}
