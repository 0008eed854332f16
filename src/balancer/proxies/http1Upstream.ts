import type { Socket } from 'node:net';
import type { CallOwner, UpstreamCall } from './call';
import { chunkBytes } from './chunkBytes';
import type { Timed } from './deadlines';
import type { Engine, PeerSite, UpstreamSite } from './engine';
import { BAD, BODY, BY_CLOSE, END, HEAD, MORE, NO_BODY, type ParseEvent } from './http1Codec';
import { ResponseParser } from './http1ResponseCodec';
import { LIMITS } from './limits';
import type { Outgoing } from './outbox';
import { sharedReads } from './sharedReads';
import { dial, handshakeFailure, readyEvent, type SecureTarget } from './tlsUpstream';
import { callFailed, closedEarly, timedOut } from './upstreamTexts';

/** What an attempt over HTTP/1 needs to know. */
export interface Http1CallOptions {
  /** The whole request head, latin1, with its empty line. */
  readonly head: string;
  readonly isHead: boolean;
  /** The body goes out in chunks. */
  readonly chunked: boolean;
  readonly bodyComing: boolean;
  readonly connectTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** What the response head may take (proxy_buffer_size). */
  readonly headBytes: number;
  /** Null or absent: in the clear. */
  readonly secure?: SecureTarget | null;
}

/** HTTP/1 connections to the servers of one upstream, kept alive as its `keepalive` says (ngx_http_upstream_keepalive). */
export class Http1Pool {
  /** Oldest first, over all servers: the limit is for the upstream. */
  readonly #idle: Http1UpstreamConnection[] = [];
  readonly #open = new Set<Http1UpstreamConnection>();
  #retired = false;

  constructor(readonly site: UpstreamSite) {}

  call(peer: PeerSite, owner: CallOwner, options: Http1CallOptions): UpstreamCall {
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const connection = this.#idle[i];
      if (connection === undefined || connection.peer !== peer || !connection.isFor(options.secure)) continue;
      if (i === this.#idle.length - 1) this.#idle.pop();
      else this.#idle.splice(i, 1);
      connection.begin(owner, options);
      return connection;
    }
    const connection = new Http1UpstreamConnection(
      this,
      peer,
      this.site.engine,
      options.connectTimeoutMs,
      options.secure ?? null,
    );
    this.#open.add(connection);
    connection.begin(owner, options);
    return connection;
  }

  /** Takes a connection back after a complete exchange. False: it is not kept. */
  keep(connection: Http1UpstreamConnection): boolean {
    const limit = this.site.plan.keepalive;
    if (this.#retired || limit === 0) return false;
    this.#idle.push(connection);
    if (this.#idle.length > limit) this.#idle.shift()?.close();
    return true;
  }

  /** Whether a connection that carried so many requests may carry one more. */
  isFresh(requests: number, since: number): boolean {
    const limits = this.site.plan.keepaliveLimits;
    if (requests >= (limits.requests ?? LIMITS.upstreamRequests) || limits.idleMs === 0) return false;
    return this.site.engine.clock.now() - since <= limits.ageMs;
  }

  gone(connection: Http1UpstreamConnection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Closes what is idle and keeps nothing any more. */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  close(): void {
    this.retire();
    for (const connection of [...this.#open]) connection.close();
  }
}

/** One connection to a server and the call that runs on it; one call at a time, never pipelined. */
export class Http1UpstreamConnection implements UpstreamCall, Timed, Outgoing {
  deadlineAt = Number.POSITIVE_INFINITY;
  reused = false;
  connectedAt = -1;
  bytesReceived = 0;
  #bytesOut = 0;
  #headBytes = 0;
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  #owner: CallOwner | null = null;
  #connected = false;
  #closed = false;
  #requests = 0;
  #out = '';
  /** Its turn in the outbox is to come. */
  #isOutgoing = false;
  #chunked = false;
  #bodyDone = true;
  #headRead = false;
  #readTimeoutMs = 0;
  #sendTimeoutMs = 0;

  constructor(
    readonly pool: Http1Pool,
    readonly peer: PeerSite,
    readonly engine: Engine,
    connectTimeoutMs: number,
    readonly secure: SecureTarget | null,
  ) {
    this.#parser = new ResponseParser({ tolerateBareLf: engine.tolerateBareLf });
    this.deadlineAt = engine.clock.now() + connectTimeoutMs;
    engine.deadlines.watch(this);
    const reads = sharedReads((bytes) => {
      this.#onData(bytes);
      this.#parser.keepRest();
    });
    const socket = dial(peer, secure, reads);
    this.#socket = socket;
    socket.on(readyEvent(secure), () => this.#onConnect());
    if (secure !== null) socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    socket.on('close', () => this.#fail('error', 'connection closed'));
  }

  get sent(): boolean {
    return this.#connected;
  }

  get bodyBytes(): number {
    return this.#headBytes === 0 ? 0 : this.bytesReceived - this.#headBytes;
  }

  get bytesSent(): number {
    return this.#connected ? this.#bytesOut : 0;
  }

  /** Whether a request may run on it: whoever wants TLS gets no connection in the clear, nor one with other rules. */
  isFor(secure: SecureTarget | null | undefined): boolean {
    return this.secure?.settings === secure?.settings && this.secure?.name === secure?.name;
  }

  begin(owner: CallOwner, options: Http1CallOptions): void {
    this.#owner = owner;
    this.reused = this.#requests > 0;
    this.#requests++;
    this.#parser.answersHead = options.isHead;
    this.#parser.limitHead(options.headBytes, options.headBytes);
    this.#chunked = options.chunked;
    this.#bodyDone = !options.bodyComing;
    this.#readTimeoutMs = options.readTimeoutMs;
    this.#sendTimeoutMs = options.sendTimeoutMs;
    // The end of a body that was answered early may still wait to be sent.
    this.#out += options.head;
    this.bytesReceived = 0;
    this.#headBytes = 0;
    this.#bytesOut = options.head.length;
    this.#headRead = false;
    if (this.#connected) this.#setDeadline();
  }

  writeBody(chunk: Buffer): boolean {
    if (this.#closed) return true;
    if (this.#connected) this.#setDeadline();
    this.#bytesOut += this.#chunked ? chunkBytes(chunk.length) : chunk.length;
    if (chunk.length + this.#out.length <= LIMITS.joinBytes) {
      const text = chunk.toString('latin1');
      this.#out += this.#chunked ? `${chunk.length.toString(16)}\r\n${text}\r\n` : text;
      return true;
    }
    const socket = this.#socket;
    if (this.#awaitsHandshake) {
      // Nothing may be on its way before the server has proved who it is.
      const text = chunk.toString('latin1');
      this.#out += this.#chunked ? `${chunk.length.toString(16)}\r\n${text}\r\n` : text;
      return false;
    }
    socket.cork();
    const before = this.#chunked ? `${this.#out}${chunk.length.toString(16)}\r\n` : this.#out;
    if (before !== '') socket.write(before, 'latin1');
    this.#out = this.#chunked ? '\r\n' : '';
    const flowing = socket.write(chunk);
    socket.uncork();
    return flowing;
  }

  endBody(): void {
    this.#bodyDone = true;
    if (this.#chunked) {
      this.#out += '0\r\n\r\n';
      this.#bytesOut += 5;
    }
    if (this.#connected) this.#setDeadline();
  }

  flush(): void {
    if (this.#out === '' || this.#closed || this.#isOutgoing) return;
    this.#isOutgoing = true;
    this.engine.outbox.add(this);
  }

  writeOut(): void {
    this.#isOutgoing = false;
    if (this.#out === '' || this.#closed || this.#awaitsHandshake) return;
    const out = this.#out;
    this.#out = '';
    this.#socket.write(out, 'latin1');
  }

  pause(): void {
    this.#socket.pause();
    // While the client does not take what came, the server is not late.
    this.deadlineAt = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    if (this.#closed) return;
    this.#setDeadline();
    this.#socket.resume();
  }

  abort(): void {
    this.#owner = null;
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner = null;
    this.engine.deadlines.unwatch(this);
    this.pool.gone(this);
    if (this.#connected) this.peer.counter.connectionsOpen--;
    this.engine.telemetry.dirty = true;
    this.#socket.destroy();
  }

  onDeadline(): void {
    if (this.#owner === null) this.close();
    else this.#fail(this.#connected ? 'timeout' : 'connect-timeout', timedOut(this.#doing));
  }

  /** As nginx's log calls it. */
  get #doing(): string {
    if (!this.#connected) return 'connecting to upstream';
    if (this.#headRead) return 'reading upstream';
    return this.#bodyDone ? 'reading response header from upstream' : 'sending request to upstream';
  }

  get #awaitsHandshake(): boolean {
    return this.secure !== null && !this.#connected;
  }

  #setDeadline(): void {
    this.deadlineAt = this.engine.clock.now() + (this.#bodyDone ? this.#readTimeoutMs : this.#sendTimeoutMs);
  }

  #onConnect(): void {
    if (this.#closed) return;
    this.#connected = true;
    this.connectedAt = this.engine.clock.now();
    this.peer.counter.connectionsOpened++;
    this.peer.counter.connectionsOpen++;
    this.engine.telemetry.dirty = true;
    if (this.#owner === null) return;
    this.#setDeadline();
    if (this.secure === null) return;
    this.flush();
    this.#owner.onUpstreamDrain();
  }

  #onDrain(): void {
    if (this.#owner === null) return;
    this.#setDeadline();
    this.#owner.onUpstreamDrain();
  }

  #onData(chunk: Buffer): void {
    const owner = this.#owner;
    if (owner === null) {
      // An idle connection has nothing to say: bytes now would be taken for the next answer.
      this.close();
      return;
    }
    this.#setDeadline();
    this.bytesReceived += chunk.length;
    this.#parser.push(chunk);
    this.#read();
    if (this.#owner === owner) owner.onResponsePause();
  }

  #read(): void {
    const parser = this.#parser;
    while (this.#owner !== null) {
      const event: ParseEvent = parser.next();
      if (event === MORE) return;
      if (event === HEAD) {
        this.#headBytes = this.bytesReceived - parser.buffered;
        this.#headRead = true;
        const bodyless = parser.framing === NO_BODY && (parser.contentLength !== 0 || parser.answersHead);
        this.#owner.onResponseHead(parser.status, parser.reason, parser.headers, parser.contentLength, bodyless);
      } else if (event === BODY) {
        // In the clear it lies in memory that the next read fills again.
        this.#owner.onResponseBody(this.secure === null ? Buffer.from(parser.data) : parser.data);
      } else if (event === END) {
        this.#finish();
        return;
      } else if (event === BAD) {
        this.#fail('invalid', `upstream ${parser.bad?.reason ?? 'sent garbage'}`);
        return;
      }
    }
  }

  /** The response is complete: keeps or closes the connection before the owner may ask for another. */
  #finish(): void {
    const owner = this.#owner;
    const { trailers, framing } = this.#parser;
    this.#owner = null;
    const keeps =
      !this.#closed &&
      this.#bodyDone &&
      framing !== BY_CLOSE &&
      this.#parser.keepsAlive &&
      // More than a response came: what the rest belongs to is anyone's guess.
      this.#parser.buffered === 0 &&
      this.pool.isFresh(this.#requests, this.connectedAt);
    if (keeps) {
      this.deadlineAt = this.engine.clock.now() + this.pool.site.plan.keepaliveLimits.idleMs;
      this.#socket.resume();
    }
    if (!keeps || !this.pool.keep(this)) this.close();
    owner?.onResponseEnd(trailers);
  }

  #onEnd(): void {
    if (this.#owner === null) {
      this.close();
      return;
    }
    const event = this.#parser.finish();
    if (event === END) this.#finish();
    else this.#fail('error', closedEarly(this.#doing));
  }

  #onError(error: NodeJS.ErrnoException): void {
    const text = callFailed(error, this.#doing);
    if (this.#connected) this.#fail('error', text);
    else if (this.secure !== null && error.syscall !== 'connect') {
      this.#fail('connect', `${handshakeFailure(error)} while SSL handshaking to upstream`);
    } else this.#fail(error.code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect', text);
  }

  #fail(failure: 'connect' | 'connect-timeout' | 'error' | 'timeout' | 'invalid', text: string): void {
    const owner = this.#owner;
    this.close();
    owner?.onCallFailed(failure, text, 0);
  }
}
