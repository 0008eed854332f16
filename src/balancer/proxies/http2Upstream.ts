import type { Socket } from 'node:net';
import type { HeaderList } from '../gateway/headers';
import { reasonPhrase } from '../gateway/status';
import type { CallFailure, CallOwner, UpstreamCall } from './call';
import type { Timed } from './deadlines';
import type { Engine, PeerSite, UpstreamSite } from './engine';
import { type ClientConnectionOwner, Http2ClientConnection } from './http2ClientConnection';
import type { ClientStreamOwner, Http2ClientStream } from './http2ClientStream';
import { ERROR } from './http2CodecFrames';
import { LIMITS } from './limits';
import { dial, handshakeFailure, readyEvent, type SecureTarget } from './tlsUpstream';

const NEVER = Number.POSITIVE_INFINITY;

/** What an attempt over HTTP/2 needs to know. */
export interface Http2CallOptions {
  /** With pseudo-header fields. */
  readonly headers: Record<string, string | string[]>;
  readonly bodyComing: boolean;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Between two writes of a body that waits for the server. */
  readonly sendTimeoutMs: number;
  /** The most that the head of the response may take on the wire. */
  readonly headBytes: number;
  /** Null or absent: in the clear. */
  readonly secure?: SecureTarget | null;
}

/** HTTP/2 connections to the servers of one upstream: many calls over few of them, a new one only where all are full. */
export class Http2Pool {
  readonly #sessions = new Map<PeerSite, Http2UpstreamSession[]>();
  #retired = false;

  constructor(readonly site: UpstreamSite) {}

  call(peer: PeerSite, owner: CallOwner, options: Http2CallOptions): UpstreamCall {
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

class Http2UpstreamSession implements Timed, ClientConnectionOwner {
  deadlineAt: number;
  connected = false;
  connectedAt = -1;
  readonly #socket: Socket;
  readonly #connection: Http2ClientConnection;
  readonly #calls = new Set<Http2Call>();
  #served = 0;
  #draining = false;
  #closed = false;

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
    this.#socket = socket;
    this.#connection = new Http2ClientConnection(socket, this);
    socket.once(readyEvent(secure), () => this.#onConnect());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    socket.on('end', () => this.#onClose());
    socket.on('close', () => this.#onClose());
  }

  /** Whether a call may run on it: whoever wants TLS gets no connection in the clear, nor one with other rules. */
  isFor(secure: SecureTarget | null | undefined): boolean {
    return this.secure?.settings === secure?.settings && this.secure?.name === secure?.name;
  }

  get hasRoom(): boolean {
    if (this.#draining || this.#closed || this.#connection.isUsedUp) return false;
    return this.#calls.size < Math.min(this.#connection.mostStreams, LIMITS.upstreamStreamsPerSession);
  }

  call(owner: CallOwner, options: Http2CallOptions): UpstreamCall {
    const call = new Http2Call(this, owner, this.#served > 0, options);
    this.#served++;
    this.#calls.add(call);
    if (this.connected) this.deadlineAt = NEVER;
    call.stream = this.#connection.open(options.headers, !options.bodyComing, call);
    return call;
  }

  flush(): void {
    this.#connection.sender.flush();
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
    this.flush();
    this.#connection.end();
    this.#socket.destroy();
  }

  onDeadline(): void {
    if (this.connected) {
      if (this.#calls.size === 0) this.close();
      return;
    }
    this.#fail('connect-timeout', 'timed out while connecting to upstream');
  }

  // ── ClientConnectionOwner ────────────────────────────────────────────────────────────────────────────────────────

  /** The server wants no more calls here. Those under way end; the next one opens another connection. */
  onGoaway(): void {
    this.#draining = true;
    this.pool.gone(this);
    if (this.#calls.size === 0) this.close();
  }

  onBroken(text: string): void {
    this.#fail('invalid', `upstream ${text}`);
  }

  #onConnect(): void {
    if (this.#closed) return;
    this.connected = true;
    this.connectedAt = this.engine.clock.now();
    this.deadlineAt = NEVER;
    this.peer.counter.connectionsOpened++;
    this.peer.counter.connectionsOpen++;
    this.engine.telemetry.dirty = true;
    this.#connection.ready();
    for (const call of this.#calls) call.onConnected();
  }

  #onError(error: NodeJS.ErrnoException): void {
    const text = `${error.syscall ?? 'recv'}() failed (${error.code ?? error.message})`;
    if (!this.connected && this.secure !== null && error.syscall !== 'connect') {
      this.#fail('connect', `${handshakeFailure(error)} while SSL handshaking to upstream`);
      return;
    }
    if (this.connected) this.#fail('error', text);
    else this.#fail(error.code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect', `${text} while connecting to upstream`);
  }

  #onClose(): void {
    this.#fail('error', 'upstream prematurely closed connection');
  }

  #fail(kind: CallFailure, text: string): void {
    if (this.#closed) return;
    this.close();
    for (const call of [...this.#calls]) if (call.stream?.isComplete !== true) call.fail(kind, text, ERROR.internal);
  }
}

/** One call on a connection to a server. */
class Http2Call implements UpstreamCall, Timed, ClientStreamOwner {
  deadlineAt: number;
  bytesSent = 0;
  bytesReceived = 0;
  /** Set as soon as there is one: nothing comes before. */
  stream: Http2ClientStream | null = null;
  #owner: CallOwner | null;
  #isBlocked = false;
  readonly #engine: Engine;

  constructor(
    readonly session: Http2UpstreamSession,
    owner: CallOwner,
    readonly reused: boolean,
    readonly options: Http2CallOptions,
  ) {
    this.#owner = owner;
    this.#engine = session.engine;
    // Until its connection stands the time for that counts.
    this.deadlineAt = session.connected ? this.#engine.clock.now() + options.readTimeoutMs : NEVER;
    this.#engine.deadlines.watch(this);
  }

  get sent(): boolean {
    return this.session.connected;
  }

  get connectedAt(): number {
    return this.session.connectedAt;
  }

  get bodyBytes(): number {
    return this.bytesReceived;
  }

  writeBody(chunk: Buffer): boolean {
    this.bytesSent += chunk.length;
    const goesOn = this.stream?.write(chunk) !== false;
    if (!this.#isBlocked) this.#touch();
    return goesOn;
  }

  endBody(): void {
    this.stream?.finish();
  }

  flush(): void {
    this.session.flush();
  }

  pause(): void {
    this.stream?.pause();
    this.deadlineAt = NEVER;
  }

  resume(): void {
    this.#touch();
    this.stream?.resume();
  }

  abort(): void {
    this.#over();
    this.stream?.reset(ERROR.cancel);
  }

  onConnected(): void {
    this.#touch();
  }

  onDeadline(): void {
    const doing = this.#isBlocked ? 'sending request to upstream' : 'reading response header from upstream';
    this.fail('timeout', `timed out while ${doing}`, ERROR.cancel);
  }

  fail(kind: CallFailure, text: string, code: number): void {
    const owner = this.#over();
    this.stream?.reset(ERROR.cancel);
    owner?.onCallFailed(kind, text, code);
  }

  // ── ClientStreamOwner ────────────────────────────────────────────────────────────────────────────────────────────

  onHead(status: number, headers: HeaderList, bytes: number, declared: number, ends: boolean): void {
    this.#touch();
    if (bytes > this.options.headBytes) {
      this.fail('invalid', 'upstream sent too big header while reading response header from upstream', ERROR.internal);
      return;
    }
    // Without a body its length is known, but for HEAD; as nginx does, so that HTTP/1 clients know it, too.
    const length = declared < 0 && ends && this.stream?.bodyless !== true ? 0 : declared;
    this.#owner?.onResponseHead(status, reasonPhrase(status), headers, length, ends);
  }

  onData(chunk: Buffer): void {
    if (this.#owner === null || chunk.length === 0) return;
    this.#touch();
    this.bytesReceived += chunk.length;
    this.#owner.onResponseBody(chunk);
    this.#owner?.onResponsePause();
  }

  onEnd(trailers: HeaderList | null): void {
    this.#over()?.onResponseEnd(trailers);
  }

  onReset(code: number): void {
    if (code === ERROR.refusedStream) this.fail('refused', 'upstream refused the stream', code);
    // No answer at all: for grpc_next_upstream that is an invalid one (ngx_http_grpc_process_header).
    else this.fail('invalid', `upstream reset the stream (error ${code})`, code);
  }

  onBad(text: string): void {
    this.fail('invalid', `upstream ${text} while reading response header from upstream`, ERROR.internal);
  }

  onDrain(): void {
    this.#owner?.onUpstreamDrain();
  }

  /** While its body waits for the server the time for that counts (grpc_send_timeout), else that for its answer. */
  onBlocked(blocked: boolean): void {
    if (this.#owner === null) return;
    this.#isBlocked = blocked;
    this.#touch();
  }

  #touch(): void {
    if (!this.session.connected) return;
    const { sendTimeoutMs, readTimeoutMs } = this.options;
    this.deadlineAt = this.#engine.clock.now() + (this.#isBlocked ? sendTimeoutMs : readTimeoutMs);
  }

  /** No more events for the owner from now on. */
  #over(): CallOwner | null {
    const owner = this.#owner;
    this.#owner = null;
    this.#engine.deadlines.unwatch(this);
    this.session.ended(this);
    return owner;
  }
}
