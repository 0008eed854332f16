import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import { HeaderList, headerName } from '../gateway/headers';
import { reasonPhrase } from '../gateway/status';
import type { CallFailure, CallOwner, UpstreamCall } from './call';
import type { Timed } from './deadlines';
import type { Engine, PeerSite, UpstreamSite } from './engine';
import { sendFields } from './http2Fields';
import { LIMITS } from './limits';
import { dial, handshakeFailure, type SecureTarget } from './tlsUpstream';

/** What an attempt over HTTP/2 needs to know. */
export interface Http2CallOptions {
  /** With pseudo-header fields. */
  readonly headers: Record<string, string | string[]>;
  readonly bodyComing: boolean;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Null or absent: in the clear. */
  readonly secure?: SecureTarget | null;
}

/** HTTP/2 connections to the servers of one upstream: many calls over few of them, a new one only where all are full. */
export class Http2Pool {
  readonly #sessions = new Map<PeerSite, Http2UpstreamSession[]>();
  #retired = false;

  constructor(readonly site: UpstreamSite) {}

  /** Null: these fields cannot be sent. */
  call(peer: PeerSite, owner: CallOwner, options: Http2CallOptions): UpstreamCall | null {
    let sessions = this.#sessions.get(peer);
    if (sessions === undefined) {
      sessions = [];
      this.#sessions.set(peer, sessions);
    }
    let session = sessions.find((each) => each.hasRoom && each.isFor(options.secure));
    if (session === undefined) {
      session = new Http2UpstreamSession(
        this,
        peer,
        this.site.engine,
        options.connectTimeoutMs,
        options.secure ?? null,
      );
      sessions.push(session);
    }
    return session.call(owner, options);
  }

  /** Whether a connection stays open that has no calls any more, having carried so many. */
  isFresh(calls: number, since: number): boolean {
    const { keepalive, keepaliveLimits } = this.site.plan;
    if (this.#retired || keepalive === 0 || keepaliveLimits.idleMs === 0) return false;
    if (calls >= (keepaliveLimits.requests ?? LIMITS.upstreamRequests * 100)) return false;
    return this.site.engine.clock.now() - since <= keepaliveLimits.ageMs;
  }

  gone(session: Http2UpstreamSession): void {
    const sessions = this.#sessions.get(session.peer) ?? [];
    const at = sessions.indexOf(session);
    if (at >= 0) sessions.splice(at, 1);
  }

  retire(): void {
    this.#retired = true;
    for (const sessions of this.#sessions.values()) for (const session of [...sessions]) session.closeIfIdle();
  }

  close(): void {
    this.#retired = true;
    for (const sessions of this.#sessions.values()) for (const session of [...sessions]) session.close();
  }
}

class Http2UpstreamSession implements Timed {
  deadlineAt: number;
  connected = false;
  connectedAt = -1;
  readonly #session: ClientHttp2Session;
  readonly #calls = new Set<Http2Call>();
  #served = 0;
  #draining = false;
  #closed = false;
  #failure: { readonly kind: CallFailure; readonly text: string } | null = null;

  constructor(
    readonly pool: Http2Pool,
    readonly peer: PeerSite,
    readonly engine: Engine,
    connectTimeoutMs: number,
    readonly secure: SecureTarget | null,
  ) {
    this.deadlineAt = engine.clock.now() + connectTimeoutMs;
    engine.deadlines.watch(this);
    const socket = dial(peer, secure);
    const session = connect(secure === null ? 'http://upstream' : 'https://upstream', {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: LIMITS.streamWindowBytes },
      maxHeaderListPairs: LIMITS.headerLines,
      maxSendHeaderBlockLength: LIMITS.sentHeaderBlockBytes,
    });
    this.#session = session;
    // The system's own word on why it failed comes from the socket; the session reports it, too, but later.
    socket.once('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    session.on('connect', () => this.#onConnect());
    session.on('goaway', () => this.#onGoaway());
    session.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    session.on('close', () => this.#onClose());
  }

  /** Whether a call may run on it: whoever wants TLS gets no connection in the clear, nor one with other rules. */
  isFor(secure: SecureTarget | null | undefined): boolean {
    return this.secure?.settings === secure?.settings && this.secure?.name === secure?.name;
  }

  get hasRoom(): boolean {
    if (this.#draining || this.#closed || this.#session.closed || this.#session.destroyed) return false;
    const remote = this.connected ? (this.#session.remoteSettings?.maxConcurrentStreams ?? 100) : 100;
    return this.#calls.size < Math.min(remote, LIMITS.upstreamStreamsPerSession);
  }

  /** Null: these fields cannot be sent. */
  call(owner: CallOwner, options: Http2CallOptions): UpstreamCall | null {
    const stream = sendFields(options.headers, (fields) =>
      this.#session.request(fields, { endStream: !options.bodyComing }),
    );
    if (stream === null) {
      if (this.#calls.size === 0 && this.connected)
        this.deadlineAt = this.engine.clock.now() + this.pool.site.plan.keepaliveLimits.idleMs;
      return null;
    }
    const call = new Http2Call(this, stream, owner, this.#served > 0, options.readTimeoutMs);
    this.#served++;
    this.#calls.add(call);
    if (this.connected) this.deadlineAt = Number.POSITIVE_INFINITY;
    return call;
  }

  ended(call: Http2Call): void {
    this.#calls.delete(call);
    if (this.#calls.size > 0 || this.#closed) return;
    if (this.#draining || !this.pool.isFresh(this.#served, this.connectedAt)) this.close();
    else this.deadlineAt = this.engine.clock.now() + this.pool.site.plan.keepaliveLimits.idleMs;
  }

  closeIfIdle(): void {
    this.#draining = true;
    if (this.#calls.size === 0) this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.engine.deadlines.unwatch(this);
    this.pool.gone(this);
    if (this.connected) this.peer.counter.connectionsOpen--;
    this.engine.telemetry.dirty = true;
    this.#session.destroy();
  }

  onDeadline(): void {
    if (this.connected) {
      if (this.#calls.size === 0) this.close();
      return;
    }
    this.#fail('connect-timeout', 'timed out while connecting to upstream');
  }

  /** Why its calls ended, where the connection as a whole did. */
  get failure(): { readonly kind: CallFailure; readonly text: string } | null {
    return this.#failure;
  }

  #onConnect(): void {
    if (this.#closed) return;
    this.connected = true;
    this.connectedAt = this.engine.clock.now();
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#session.setLocalWindowSize(LIMITS.sessionWindowBytes);
    this.peer.counter.connectionsOpened++;
    this.peer.counter.connectionsOpen++;
    this.engine.telemetry.dirty = true;
  }

  /** The server wants no more calls here. Those under way end; the next one opens another connection. */
  #onGoaway(): void {
    this.#draining = true;
    this.pool.gone(this);
    if (this.#calls.size === 0) this.close();
  }

  #onError(error: NodeJS.ErrnoException): void {
    const text = `${error.syscall ?? 'recv'}() failed (${error.code ?? error.message})`;
    if (!this.connected && this.secure !== null && error.syscall !== 'connect') {
      this.#fail('connect', `${handshakeFailure(error)} while SSL handshaking to upstream`);
      return;
    }
    if (this.connected) this.#fail(error.code?.startsWith('ERR_HTTP2') === true ? 'invalid' : 'error', text);
    else this.#fail(error.code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect', `${text} while connecting to upstream`);
  }

  #onClose(): void {
    this.#fail('error', 'upstream prematurely closed connection');
  }

  #fail(kind: CallFailure, text: string): void {
    if (this.#closed) return;
    this.#failure = { kind, text };
    this.close();
    for (const call of [...this.#calls]) call.fail(kind, text, constants.NGHTTP2_INTERNAL_ERROR);
  }
}

/** One call on a connection to a server. */
class Http2Call implements UpstreamCall, Timed {
  deadlineAt: number;
  #owner: CallOwner | null;
  bytesSent = 0;
  bytesReceived = 0;
  #trailers: HeaderList | null = null;
  #headSeen = false;
  readonly #engine: Engine;

  constructor(
    readonly session: Http2UpstreamSession,
    readonly stream: ClientHttp2Stream,
    owner: CallOwner,
    readonly reused: boolean,
    readonly readTimeoutMs: number,
  ) {
    this.#owner = owner;
    this.#engine = session.engine;
    this.deadlineAt = this.#engine.clock.now() + readTimeoutMs;
    this.#engine.deadlines.watch(this);
    stream.on('response', (headers, flags, raw?: readonly string[]) => this.#onResponse(headers, flags, raw));
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('trailers', (headers, _flags, raw?: readonly string[]) => {
      this.#trailers = headerList(headers, raw);
    });
    stream.on('end', () => this.#onEnd());
    stream.on('drain', () => this.#owner?.onUpstreamDrain());
    // The reason is read from the stream's code when it closes.
    stream.on('error', () => {});
    stream.on('close', () => this.#onClose());
  }

  get sent(): boolean {
    return this.session.connected;
  }

  get bodyBytes(): number {
    return this.bytesReceived;
  }

  get connectedAt(): number {
    return this.session.connectedAt;
  }

  writeBody(chunk: Buffer): boolean {
    this.#touch();
    this.bytesSent += chunk.length;
    return this.stream.destroyed || this.stream.write(chunk);
  }

  endBody(): void {
    if (!this.stream.destroyed && !this.stream.writableEnded) this.stream.end();
  }

  flush(): void {}

  pause(): void {
    this.stream.pause();
    this.deadlineAt = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.#touch();
    this.stream.resume();
  }

  abort(): void {
    this.#over();
    if (!this.stream.destroyed) this.stream.close(constants.NGHTTP2_CANCEL);
  }

  onDeadline(): void {
    this.fail('timeout', 'timed out while reading response header from upstream', constants.NGHTTP2_CANCEL);
  }

  fail(kind: CallFailure, text: string, code: number): void {
    const owner = this.#over();
    if (!this.stream.destroyed) this.stream.close(constants.NGHTTP2_CANCEL);
    owner?.onCallFailed(kind, text, code);
  }

  #touch(): void {
    this.deadlineAt = this.#engine.clock.now() + this.readTimeoutMs;
  }

  /** No more events for the owner from now on. */
  #over(): CallOwner | null {
    const owner = this.#owner;
    this.#owner = null;
    this.#engine.deadlines.unwatch(this);
    this.session.ended(this);
    return owner;
  }

  #onResponse(headers: IncomingHttpHeaders & IncomingHttpStatusHeader, flags: number, raw?: readonly string[]): void {
    if (this.#owner === null) return;
    this.#touch();
    this.#headSeen = true;
    const status = Number(headers[':status']);
    const list = headerList(headers, raw);
    const declared = list.get('content-length');
    const ends = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    // Without a body its length is known, but for HEAD; as nginx does, so that HTTP/1 clients know it, too.
    const length =
      declared !== null ? Number(declared) : ends && this.stream.sentHeaders?.[':method'] !== 'HEAD' ? 0 : -1;
    this.#owner.onResponseHead(status, reasonPhrase(status), list, length, ends);
  }

  #onData(chunk: Buffer): void {
    if (this.#owner === null || chunk.length === 0) return;
    this.#touch();
    this.bytesReceived += chunk.length;
    this.#owner.onResponseBody(chunk);
    this.#owner?.onResponsePause();
  }

  #onEnd(): void {
    if (this.#owner === null) return;
    // A reset ends the readable side, too.
    if (this.stream.rstCode !== 0 || !this.#headSeen) return;
    const { stream } = this;
    const owner = this.#over();
    owner?.onResponseEnd(this.#trailers);
    // The answer is complete; whatever of the request is left has nobody to read it.
    if (!stream.writableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #onClose(): void {
    if (this.#owner === null) return;
    const code = this.stream.rstCode ?? 0;
    const { failure } = this.session;
    if (failure !== null) this.fail(failure.kind, failure.text, constants.NGHTTP2_INTERNAL_ERROR);
    else if (code === constants.NGHTTP2_REFUSED_STREAM) this.fail('refused', 'upstream refused the stream', code);
    else if (code === 0 && this.#headSeen) this.#onEnd();
    else this.fail('error', `upstream reset the stream (error ${code})`, code);
  }
}

/** Fields without pseudo-header fields. With `raw` (Node gives it in all supported versions) order and repetition are kept. */
export function headerList(headers: IncomingHttpHeaders, raw: readonly string[] | undefined): HeaderList {
  const list = new HeaderList();
  const add = (name: string, value: string) => {
    if (name.startsWith(':')) return;
    const known = headerName(name);
    if (known !== null) list.add(known, value);
  };
  if (raw !== undefined) {
    for (let i = 0; i + 1 < raw.length; i += 2) add(raw[i] ?? '', raw[i + 1] ?? '');
    return list;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [String(value)]) add(name, each);
  }
  return list;
}
