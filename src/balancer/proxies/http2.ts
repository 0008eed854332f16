import type { Socket } from 'node:net';
import type { Http2Settings } from '../plan';
import type { ClientConnection } from './call';
import type { Timed } from './deadlines';
import type { Engine } from './engine';
import { Exchange } from './exchange';
import type { Client, Generation, Service } from './generation';
import type { RequestFields } from './http2CodecRequest';
import { type ConnectionOwner, Http2Connection } from './http2Connection';
import type { Http2Stream } from './http2Stream';
import { LIMITS } from './limits';
import type { Origin } from './origin';

const NEVER = Number.POSITIVE_INFINITY;
/** How long a client may take to answer the ping that follows the announcement of a drain. */
const DRAIN_PING_MS = 1_000;

/** Turns accepted sockets into HTTP/2 connections; it never listens itself. */
export class Http2Acceptor {
  accept(socket: Socket, generation: Generation, service: Extract<Service, { kind: 'http' }>, origin: Origin): void {
    new Http2Client(socket, generation, service, origin);
  }

  close(): void {}
}

/** One HTTP/2 client connection: its time limits, and its end. */
class Http2Client implements Client, ClientConnection, Timed, ConnectionOwner {
  deadlineAt: number;
  readonly serial: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly engine: Engine;
  readonly headBytes: number;
  readonly lineBytes: number;
  readonly settings: Http2Settings;
  requests = 0;
  readonly acceptedAt: number;
  readonly #connection: Http2Connection;
  /** What the connection as a whole has to do by then; streams have deadlines of their own. */
  #ownDeadline: number;
  #withinHead = false;
  #completed = 0;
  #closed = false;
  /** A drain: 'announced', its ping not yet answered; 'last', no stream is taken any more. */
  #drain: 'none' | 'announced' | 'last' = 'none';
  /** Its configuration was replaced before its first request came: it leaves after that one, or then. */
  #leaveBy = NEVER;
  /** Nothing more is said: what still comes is thrown away until the client closes. */
  #lingering = false;

  constructor(
    readonly socket: Socket,
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
    const { largeCount, largeSize } = service.defaultServer.headerBuffers;
    this.headBytes = largeCount * largeSize;
    this.lineBytes = largeSize;
    this.settings = service.defaultServer.http2;
    this.acceptedAt = this.engine.clock.now();
    this.#ownDeadline = this.acceptedAt + service.defaultServer.settings.clientHeaderTimeoutMs;
    this.deadlineAt = this.#ownDeadline;
    this.engine.deadlines.watch(this);
    this.#connection = new Http2Connection(socket, this);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => this.#connection.onDrain());
    socket.on('end', () => this.close());
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
    generation.add(this);
    if (!this.#closed) socket.resume();
  }

  // ── Client ───────────────────────────────────────────────────────────────────────────────────────────────────────

  retire(graceMs: number): void {
    if (this.#closed || this.#lingering) return;
    if (graceMs <= 0 && this.#connection.streams.size === 0 && this.requests === 0) this.#endAfterLast();
    else if (this.requests > 0) this.#announceEnd();
    else {
      // Opened for a request that is on its way, perhaps for the second time: a client such as grpc-js dials again once.
      this.#leaveBy = this.engine.clock.now() + graceMs;
      if (!this.#withinHead) this.#setDeadline(this.#leaveBy);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.socket.destroy();
    this.#connection.end();
    const { telemetry } = this.engine;
    telemetry.connectionsOpen--;
    telemetry.dirty = true;
    this.engine.deadlines.unwatch(this);
    this.generation.remove(this);
  }

  onDeadline(): void {
    const now = this.engine.clock.now();
    for (const stream of [...this.#connection.streams.values()]) if (stream.deadlineAt <= now) stream.onDeadline(now);
    if (this.#closed) return;
    if (this.#ownDeadline <= now) this.#onOwnDeadline();
    if (this.#closed) return;
    this.deadlineAt = this.#ownDeadline;
    for (const stream of this.#connection.streams.values()) this.watch(stream.deadlineAt);
  }

  // ── ConnectionOwner ──────────────────────────────────────────────────────────────────────────────────────────────

  watch(deadlineAt: number): void {
    if (deadlineAt < this.deadlineAt) this.deadlineAt = deadlineAt;
  }

  onRequest(stream: Http2Stream, fields: RequestFields): void {
    this.requests++;
    if (this.#drain === 'none') this.#setDeadline(NEVER);
    const head = fields.head(stream.requestDone);
    const isBad = 'status' in head;
    const exchange = new Exchange(this.generation, this.service, this, stream, isBad ? fields.beginning : head);
    if (isBad) stream.refuse(exchange, head);
    else {
      const declared = head.headers.get('content-length');
      stream.begin(exchange, declared === null ? -1 : Number(declared));
    }
    if (this.#leaveBy !== NEVER || this.requests === this.service.defaultServer.settings.keepaliveRequests) {
      this.#announceEnd();
    }
  }

  onStreamsDone(): void {
    if (this.#drain === 'last') this.#endAfterLast();
    else if (this.#drain === 'none') {
      this.#setDeadline(this.engine.clock.now() + this.#keepaliveTimeoutMs);
    }
  }

  onPong(): void {
    if (this.#drain === 'announced') this.#refuseMore();
  }

  onFatal(text: string): void {
    this.#log(`client ${text}`);
    for (const stream of [...this.#connection.streams.values()]) stream.onGone();
    this.#lingering = true;
    this.#setDeadline(this.engine.clock.now() + LIMITS.lingerMs);
  }

  // ── Its time ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #onData(chunk: Buffer): void {
    if (this.#closed || this.#lingering) return;
    this.#connection.read(chunk);
    if (this.#closed) return;
    if (this.#lingering) {
      // Reading on for a moment: closing with bytes unread would reset the connection, and the client miss why.
      this.#connection.sender.flush();
      this.socket.end();
      this.socket.resume();
      return;
    }
    const within = this.#connection.isWithinHead;
    if (within && (!this.#withinHead || this.#connection.completed !== this.#completed)) {
      // From its first byte on, however slowly the rest comes.
      this.#setDeadline(this.engine.clock.now() + this.service.defaultServer.settings.clientHeaderTimeoutMs);
    } else if (!within && this.#withinHead && this.#drain === 'none') {
      if (this.#connection.streams.size > 0) this.#setDeadline(NEVER);
      else this.#setDeadline(Math.min(this.#leaveBy, this.engine.clock.now() + this.#keepaliveTimeoutMs));
    }
    this.#withinHead = within;
    this.#completed = this.#connection.completed;
  }

  get #keepaliveTimeoutMs(): number {
    return this.service.defaultServer.settings.keepaliveTimeoutMs;
  }

  #setDeadline(deadlineAt: number): void {
    this.#ownDeadline = deadlineAt;
    this.watch(deadlineAt);
  }

  #onOwnDeadline(): void {
    this.#ownDeadline = NEVER;
    if (this.#lingering || this.#withinHead) {
      this.#log('client timed out');
      this.close();
    } else if (this.#drain === 'announced') this.#refuseMore();
    else if (this.#connection.streams.size === 0) this.#endAfterLast();
  }

  /** First the announcement; when the client has certainly seen it, the end: no request is lost in between. */
  #announceEnd(): void {
    if (this.#drain !== 'none') return;
    this.#drain = 'announced';
    this.#connection.goaway(false);
    this.#connection.ping();
    this.#setDeadline(this.engine.clock.now() + DRAIN_PING_MS);
  }

  #refuseMore(): void {
    this.#drain = 'last';
    this.#setDeadline(NEVER);
    this.#connection.goaway(true);
    if (this.#connection.streams.size === 0) this.#end();
  }

  #endAfterLast(): void {
    if (this.#drain !== 'last') this.#connection.goaway(true);
    this.#end();
  }

  #end(): void {
    if (this.#lingering || this.#closed) return;
    this.#drain = 'last';
    this.#lingering = true;
    this.#setDeadline(this.engine.clock.now() + LIMITS.lingerMs);
    // Within a read the frames gathered so far leave at its end.
    process.nextTick(() => {
      if (this.#closed) return;
      this.#connection.sender.flush();
      this.socket.end();
    });
  }

  #log(text: string): void {
    this.engine.log(
      'info',
      `*${this.serial} ${text} while processing HTTP/2 connection, client: ${this.remoteAddress}`,
    );
  }
}
