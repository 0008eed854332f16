import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { type HeaderList, HeaderList as Headers, headerName } from '../gateway/headers';
import type { ClientConnection, Downstream, RequestHead } from './call';
import type { Timed } from './deadlines';
import type { Engine } from './engine';
import { Exchange } from './exchange';
import type { Client, Generation, Service } from './generation';
import { parseContentLength } from './http1Codec';
import { isHost } from './http1RequestCodec';
import { sendFields } from './http2Fields';
import { headerList } from './http2Upstream';
import { LIMITS } from './limits';
import type { Origin } from './origin';
import { SERVER_NAME } from './serverName';

const NEVER = Number.POSITIVE_INFINITY;
/** "No stream was refused yet": the last-stream-id of a GOAWAY that only announces (RFC 9113, section 6.8). */
const ALL_STREAMS = 2 ** 31 - 1;
/** How long a client may take to answer the ping that follows it. */
const DRAIN_PING_MS = 1_000;

/** Turns accepted sockets into HTTP/2 sessions; it never listens itself. */
export class Http2Acceptor {
  readonly #server: Http2Server;
  #accepting: ((session: ServerHttp2Session) => void) | null = null;

  constructor() {
    this.#server = createServer({
      settings: {
        maxConcurrentStreams: LIMITS.streamsPerSession,
        maxHeaderListSize: LIMITS.headBytes,
        initialWindowSize: LIMITS.streamWindowBytes,
        enablePush: false,
      },
      maxHeaderListPairs: LIMITS.headerLines,
      maxSendHeaderBlockLength: LIMITS.sentHeaderBlockBytes,
      maxSessionInvalidFrames: LIMITS.invalidFrames,
      maxSessionRejectedStreams: LIMITS.invalidFrames,
    });
    // Emitted within emit('connection'), so that whose session it is needs no map.
    this.#server.on('session', (session) => this.#accepting?.(session));
    this.#server.on('sessionError', () => {});
  }

  accept(socket: Socket, generation: Generation, service: Extract<Service, { kind: 'http' }>, origin: Origin): void {
    this.#accepting = (session) => new Http2Client(session, generation, service, origin);
    this.#server.emit('connection', socket);
    this.#accepting = null;
  }

  close(): void {
    this.#server.close();
  }
}

/** One HTTP/2 client connection. */
class Http2Client implements Client, ClientConnection, Timed {
  deadlineAt: number;
  readonly serial: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly engine: Engine;
  requests = 0;
  #streams = 0;
  #closed = false;
  #retiring = false;

  constructor(
    readonly session: ServerHttp2Session,
    readonly generation: Generation,
    readonly service: Extract<Service, { kind: 'http' }>,
    readonly origin: Origin,
  ) {
    this.engine = generation.engine;
    this.serial = this.engine.nextSerial();
    this.remoteAddress = origin.remoteAddress;
    this.remotePort = origin.remotePort;
    this.localAddress = origin.localAddress;
    this.localPort = origin.localPort;
    this.deadlineAt = this.engine.clock.now() + service.defaultServer.settings.clientHeaderTimeoutMs;
    this.engine.deadlines.watch(this);
    session.setLocalWindowSize(LIMITS.sessionWindowBytes);
    session.on('stream', (stream, headers, flags, raw?: readonly string[]) =>
      this.#onStream(stream, headers, flags, raw),
    );
    session.on('error', (error: Error) => this.#log(error.message));
    session.on('close', () => this.#detach());
    generation.add(this);
  }

  retire(graceMs: number): void {
    if (this.#retiring || this.#closed) return;
    this.#retiring = true;
    const { session } = this;
    if (session.destroyed || session.closed) return;
    if (graceMs <= 0 && this.#streams === 0 && this.requests === 0) {
      session.close();
      return;
    }
    // First the announcement, then, when the client has certainly seen it, the end: no request is lost in between.
    session.goaway(constants.NGHTTP2_NO_ERROR, ALL_STREAMS);
    this.deadlineAt = this.engine.clock.now() + DRAIN_PING_MS;
    session.ping(() => {
      if (!session.destroyed) session.close();
    });
  }

  close(): void {
    this.session.destroy();
    this.#detach();
  }

  onDeadline(): void {
    if (this.#streams === 0) this.session.close();
    else if (this.#retiring && !this.session.closed) this.session.close();
  }

  streamEnded(): void {
    this.#streams--;
    if (this.#streams === 0 && !this.#retiring) {
      this.deadlineAt = this.engine.clock.now() + this.service.defaultServer.settings.keepaliveTimeoutMs;
    }
  }

  #onStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    raw: readonly string[] | undefined,
  ): void {
    this.requests++;
    this.#streams++;
    if (!this.#retiring) this.deadlineAt = NEVER;
    new Http2Downstream(this, stream).begin(headers, flags, raw);
  }

  #log(text: string): void {
    this.engine.log(
      'info',
      `*${this.serial} ${text} while processing HTTP/2 connection, client: ${this.remoteAddress}`,
    );
  }

  #detach(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { telemetry } = this.engine;
    telemetry.connectionsOpen--;
    telemetry.dirty = true;
    this.engine.deadlines.unwatch(this);
    this.generation.remove(this);
  }
}

/** One request on an HTTP/2 client connection. */
class Http2Downstream implements Downstream {
  #exchange: Exchange | null = null;
  #requestDone = false;
  #responseEnded = false;
  #bodyless = false;
  #trailers: HeaderList | null = null;

  constructor(
    readonly client: Http2Client,
    readonly stream: ServerHttp2Stream,
  ) {}

  begin(headers: IncomingHttpHeaders, flags: number, raw: readonly string[] | undefined): void {
    const { stream } = this;
    stream.on('error', () => {});
    stream.on('close', () => this.#onClose());
    this.#requestDone = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const head = requestHead(headers, raw, this.#requestDone);
    if (head === null) {
      this.#refuse(400);
      return;
    }
    const exchange = new Exchange(this.client.generation, this.client.service, this.client, this, head);
    this.#exchange = exchange;
    stream.on('drain', () => exchange.onDownstreamDrain());
    stream.on('wantTrailers', () => this.#onWantTrailers());
    exchange.start();
    if (this.#requestDone) return;
    stream.on('data', (chunk: Buffer) => {
      exchange.onRequestBody(chunk);
      exchange.onRequestPause();
    });
    stream.on('end', () => {
      if (stream.rstCode !== 0 || stream.aborted) return;
      this.#requestDone = true;
      exchange.onRequestEnd();
      exchange.onRequestPause();
    });
  }

  willClose(): void {}

  sendContinue(): void {
    if (this.#usable) this.stream.additionalHeaders({ ':status': 100 });
  }

  sendHead(status: number, _reason: string, headers: HeaderList, contentLength: number, bodyless: boolean): void {
    if (!this.#usable) return;
    const fields: OutgoingHttpHeaders = { ':status': status, server: SERVER_NAME };
    const { names, values } = headers;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]?.lower ?? '';
      const value = values[i] ?? '';
      const before = fields[name];
      fields[name] =
        before === undefined ? value : Array.isArray(before) ? [...before, value] : [String(before), value];
    }
    if (contentLength >= 0 && status !== 204) fields['content-length'] = String(contentLength);
    this.#bodyless = bodyless;
    const { stream } = this;
    const options = { endStream: bodyless, waitForTrailers: !bodyless };
    const sent = sendFields(fields, (each) => {
      stream.respond(each, options);
      return true;
    });
    if (sent === null) {
      this.abort(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }

  sendBody(chunk: Buffer): boolean {
    if (this.#bodyless || !this.#usable) return true;
    return this.stream.write(chunk);
  }

  sendEnd(trailers: HeaderList | null): void {
    this.#responseEnded = true;
    this.#trailers = trailers;
    if (this.stream.destroyed) return;
    if (!this.#bodyless) this.stream.end();
    if (this.#requestDone) return;
    // The client's half is of no interest any more (RFC 9113, section 8.1).
    this.stream.resume();
    if (this.#bodyless) this.stream.close(constants.NGHTTP2_NO_ERROR);
  }

  flush(): void {}

  abort(code: number): void {
    this.#responseEnded = true;
    if (!this.stream.destroyed) this.stream.close(code);
  }

  pauseBody(): void {
    if (!this.#requestDone) this.stream.pause();
  }

  resumeBody(): void {
    if (!this.#requestDone) this.stream.resume();
  }

  get #usable(): boolean {
    return !this.stream.destroyed && !this.stream.closed;
  }

  #onWantTrailers(): void {
    const { stream } = this;
    if (stream.destroyed) return;
    const fields: OutgoingHttpHeaders = {};
    const trailers = this.#trailers;
    for (let i = 0; i < (trailers?.length ?? 0); i++)
      fields[trailers?.names[i]?.lower ?? ''] = trailers?.values[i] ?? '';
    const sent = sendFields(fields, (each) => {
      stream.sendTrailers(each);
      return true;
    });
    if (sent === null) {
      this.abort(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    if (!this.#requestDone) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #onClose(): void {
    this.client.streamEnded();
    if (!this.#responseEnded || !this.#requestDone) this.#exchange?.onClientGone();
  }

  #refuse(status: number): void {
    const { telemetry } = this.client.engine;
    telemetry.requests++;
    telemetry.answeredItself++;
    telemetry.dirty = true;
    this.#responseEnded = true;
    this.stream.respond({ ':status': status, server: SERVER_NAME }, { endStream: true });
    if (!this.#requestDone) this.stream.close(constants.NGHTTP2_NO_ERROR);
  }
}

/** Null: it is bad (400). */
function requestHead(
  fields: IncomingHttpHeaders,
  raw: readonly string[] | undefined,
  ended: boolean,
): RequestHead | null {
  const authority = fields[':authority'];
  const method = fields[':method'];
  const target = fields[':path'];
  if (method === undefined || target === undefined || !target.startsWith('/')) return null;
  if (method === 'CONNECT' || method === 'TRACE') return null;
  for (let i = 0; i < target.length; i++) if (target.charCodeAt(i) <= 32 || target.charCodeAt(i) === 127) return null;
  const list = joinCookies(headerList(fields, raw));
  let { host } = fields;
  let hosts = 0;
  for (const name of list.names) if (name.lower === 'host') hosts++;
  if (hosts > 1 || (authority !== undefined && host !== undefined && authority !== host)) return null;
  host = authority ?? host ?? '';
  if (!isHost(host)) return null;
  const declared = list.get('content-length');
  const length = declared === null ? -1 : parseContentLength(declared);
  if (declared !== null && length < 0) return null;
  return {
    method,
    target,
    protocol: 'HTTP/2.0',
    host,
    headers: list,
    connection: '',
    bodyLength: ended ? 0 : length === 0 ? -1 : length,
    expectsContinue: false,
  };
}

/** HTTP/2 may split a Cookie field; HTTP/1 servers must get it whole (RFC 9113, section 8.2.3). */
function joinCookies(list: HeaderList): HeaderList {
  let cookies = 0;
  for (const name of list.names) if (name.lower === 'cookie') cookies++;
  if (cookies < 2) return list;
  const joined = new Headers();
  const cookie = headerName('cookie');
  if (cookie !== null) joined.add(cookie, list.joined('cookie', '; '));
  for (let i = 0; i < list.length; i++) {
    const name = list.names[i];
    if (name !== undefined && name.lower !== 'cookie') joined.add(name, list.values[i] ?? '');
  }
  return joined;
}
