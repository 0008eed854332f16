import type { Socket } from 'node:net';
import { type HeaderFields, type HeaderList, hasListToken, headerName } from '../gateway/headers';
import type { HttpSettings } from '../plan';
import type { ClientConnection, Downstream } from './call';
import { chunkBytes } from './chunkBytes';
import type { Timed } from './deadlines';
import type { Engine } from './engine';
import { Exchange } from './exchange';
import type { Client, Generation, Service } from './generation';
import { BAD, type BadMessage, BODY, BY_CHUNKS, BY_LENGTH, END, HEAD, MORE } from './http1Codec';
import { RequestParser } from './http1RequestCodec';
import { isUnkept } from './keepaliveDisable';
import { LIMITS } from './limits';
import type { Origin } from './origin';
import type { Outgoing } from './outbox';
import { isPassed, SERVER_NAME } from './serverName';
import { takeOver } from './sharedReads';

const NEVER = Number.POSITIVE_INFINITY;
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/**
 * One HTTP/1 client connection: requests in, one after the other even where they are pipelined; responses out, gathered
 * so that head and body of a small one leave in one write. It is its own Downstream: no object per request for that.
 */
export class Http1Client implements Client, ClientConnection, Downstream, Timed, Outgoing {
  deadlineAt: number;
  readonly serial: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  requests = 0;
  readonly acceptedAt: number;

  readonly #engine: Engine;
  #parser: RequestParser;
  #exchange: Exchange | null = null;
  #requestDone = true;
  #responseDone = true;
  #reading = false;
  #closed = false;
  /** What is read cannot be trusted any more. */
  #broken = false;
  /** Answered for good: what still comes is thrown away until the client closes. */
  #lingering = false;
  #lingerTimeoutMs = 0;
  #lingerUntil = 0;
  #retired = false;
  #graceMs = 0;
  #keep = false;
  #mustClose = false;
  #continued = false;
  #chunked = false;
  #untilClose = false;
  #bodyless = false;
  #headDeadlineSet = false;
  #headSent = false;
  #pipelined = false;
  #out = '';
  /** Its turn in the outbox is to come. */
  #isOutgoing = false;

  readonly #socket: Socket;
  /** What is read lies in memory that the next read fills again. */
  readonly #borrows: boolean;
  /** Nobody takes any more of the body for now. The socket is read on for a while, or nobody would notice that it closes. */
  #isHeld = false;
  /** It has closed its side behind bytes that nobody took yet. */
  #endWaits = false;

  /** `isFresh`: nothing was read from it, and it is in the clear. */
  constructor(
    socket: Socket,
    public generation: Generation,
    public service: Extract<Service, { kind: 'http' }>,
    readonly origin: Origin,
    isFresh: boolean,
  ) {
    this.#engine = generation.engine;
    this.serial = this.#engine.nextSerial();
    this.remoteAddress = origin.remoteAddress;
    this.remotePort = origin.remotePort;
    this.localAddress = origin.localAddress;
    this.localPort = origin.localPort;
    this.#parser = this.#newParser();
    this.acceptedAt = this.#engine.clock.now();
    this.deadlineAt = this.acceptedAt + service.defaultServer.settings.clientHeaderTimeoutMs;
    this.#engine.deadlines.watch(this);
    const own = isFresh ? takeOver(socket, (bytes) => this.#onBorrowed(bytes)) : null;
    this.#borrows = own !== null;
    this.#socket = own ?? socket;
    if (own === null) socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on('drain', () => this.#onDrain());
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('error', () => this.close());
    this.#socket.on('close', () => this.close());
    generation.add(this);
  }

  // ── Downstream ───────────────────────────────────────────────────────────────────────────────────────────────────

  willClose(): void {
    this.#mustClose = true;
  }

  get keepsAlive(): boolean {
    if (this.#headSent) return this.#keep;
    return !this.#mustClose && !this.#retired && this.#wantsKeepAlive();
  }

  sendContinue(): void {
    if (this.#continued) return;
    this.#continued = true;
    this.#out += CONTINUE;
    this.#count(CONTINUE.length);
    // nginx takes whatever was sent besides the head for body.
    if (this.#exchange !== null) this.#exchange.response.bodyBytes += CONTINUE.length;
    this.flush();
  }

  sendHead(status: number, reason: string, headers: HeaderList, contentLength: number, bodyless: boolean): void {
    const minor = this.#parser.minorVersion;
    this.#keep = !this.#mustClose && !this.#retired && this.#wantsKeepAlive();
    this.#headSent = true;
    this.#bodyless = bodyless;
    this.#chunked = false;
    this.#untilClose = false;
    const settings = this.#exchange?.settings ?? this.service.defaultServer.settings;
    const ownServer = !isPassed('server', headers, settings);
    const ownDate = !isPassed('date', headers, settings);
    let head = '';
    if (ownServer && ownDate) head = this.#engine.responseStart(status, reason);
    else {
      head = `HTTP/1.1 ${status} ${reason}\r\n`;
      if (ownServer) head += `Server: ${SERVER_NAME}\r\n`;
      if (ownDate) head += `Date: ${this.#engine.httpDate()}\r\n`;
    }
    const { names, values } = headers;
    for (let i = 0; i < names.length; i++) head += `${names[i]?.text}: ${values[i]}\r\n`;
    if (contentLength >= 0 && status !== 204) head += `Content-Length: ${contentLength}\r\n`;
    else if (!bodyless) {
      if (minor > 0 && this.#settings.chunkedEncoding) {
        this.#chunked = true;
        head += 'Transfer-Encoding: chunked\r\n';
      } else {
        this.#untilClose = true;
        this.#keep = false;
      }
    }
    head += this.#keep ? this.#keptAlive() : 'Connection: close\r\n\r\n';
    this.#out += head;
    this.#count(head.length);
  }

  #count(bytes: number): void {
    if (this.#exchange !== null) this.#exchange.response.bytesSent += bytes;
  }

  /** Those that hold now. */
  get #settings(): HttpSettings {
    return this.#exchange?.settings ?? this.service.defaultServer.settings;
  }

  #keptAlive(): string {
    const seconds = this.#settings.keepaliveHeaderSeconds;
    if (seconds === null) return 'Connection: keep-alive\r\n\r\n';
    return `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n\r\n`;
  }

  sendBody(chunk: Buffer): boolean {
    if (this.#closed || this.#bodyless || chunk.length === 0) return true;
    const socket = this.#socket;
    this.#count(this.#chunked ? chunkBytes(chunk.length) : chunk.length);
    if (chunk.length + this.#out.length <= LIMITS.joinBytes) {
      const text = chunk.toString('latin1');
      this.#out += this.#chunked ? `${chunk.length.toString(16)}\r\n${text}\r\n` : text;
      return true;
    }
    socket.cork();
    const before = this.#chunked ? `${this.#out}${chunk.length.toString(16)}\r\n` : this.#out;
    if (before !== '') socket.write(before, 'latin1');
    this.#out = this.#chunked ? '\r\n' : '';
    const flowing = socket.write(chunk);
    socket.uncork();
    if (!flowing) this.#armSend();
    return flowing;
  }

  sendEnd(trailers: HeaderList | null): void {
    if (this.#closed) return;
    if (this.#chunked) {
      let end = '0\r\n';
      if (trailers !== null) {
        for (let i = 0; i < trailers.length; i++) end += `${trailers.names[i]?.text}: ${trailers.values[i]}\r\n`;
      }
      end += '\r\n';
      this.#out += end;
      this.#count(end.length);
    }
    this.#responseDone = true;
    if (this.#requestDone) this.#complete();
    else if (this.#keep) {
      // The rest of the body is read and thrown away, so that the connection can go on.
      this.flush();
      this.#armBody();
      this.#readOn();
    } else this.#linger();
  }

  flush(): void {
    if (this.#out === '' || this.#closed || this.#isOutgoing) return;
    this.#isOutgoing = true;
    this.#engine.outbox.add(this);
  }

  writeOut(): void {
    this.#isOutgoing = false;
    if (this.#out === '' || this.#closed) return;
    const out = this.#out;
    this.#out = '';
    if (!this.#socket.write(out, 'latin1')) this.#armSend();
  }

  abort(): void {
    // Where only the close would end the body, a plain close would look like a whole one.
    if (this.#untilClose) {
      // In TLS the missing close_notify says so.
      if (this.origin.tls === null) this.#socket.resetAndDestroy();
      else this.#socket.destroy();
    } else {
      this.writeOut();
      this.#socket.destroySoon();
    }
    this.#exchange = null;
    this.#detach();
  }

  discardBody(): BadMessage | null {
    while (!this.#requestDone && !this.#closed && !this.#broken) {
      const event = this.#parser.next();
      if (event === BAD) {
        this.#broken = true;
        return this.#parser.bad;
      }
      if (event === MORE) return null;
      if (event === END) {
        this.#endRequest();
        this.#exchange?.discarded();
      }
    }
    return null;
  }

  pauseBody(): void {
    if (this.#closed || this.#requestDone) return;
    this.#isHeld = true;
    this.deadlineAt = NEVER;
  }

  resumeBody(): void {
    if (this.#closed || this.#requestDone) return;
    this.#armBody();
    this.#readOn();
  }

  // ── Client ───────────────────────────────────────────────────────────────────────────────────────────────────────

  retire(graceMs: number): void {
    if (this.#exchange === null && !this.#lingering && this.#parser.isIdle && this.#moveOn()) return;
    this.#retired = true;
    this.#graceMs = graceMs;
    if (this.#exchange !== null || this.#lingering) return;
    if (graceMs <= 0 && this.#parser.isIdle) this.close();
    else this.deadlineAt = Math.min(this.deadlineAt, this.#engine.clock.now() + graceMs);
  }

  /**
   * An idle connection goes on under the configuration that followed. Closing it could cross with a request on its way,
   * and a client may not send a POST again that may have been served (RFC 9110, section 9.2.2).
   */
  #moveOn(): boolean {
    const next = this.generation.successorOf(this.service);
    if (next === null) return false;
    const before = this.generation;
    this.generation = next.generation;
    this.service = next.service;
    this.#parser = this.#newParser();
    if (this.requests > 0)
      this.deadlineAt = this.#engine.clock.now() + next.service.defaultServer.settings.keepaliveTimeoutMs;
    next.generation.add(this);
    before.remove(this);
    return true;
  }

  #newParser(): RequestParser {
    const { headerBuffers, invalidHeaders } = this.service.defaultServer;
    const { size, largeCount, largeSize } = headerBuffers;
    const { ignore, underscores } = invalidHeaders;
    return new RequestParser({
      tolerateBareLf: this.#engine.tolerateBareLf,
      lineBytes: largeSize,
      headBytes: size + largeCount * largeSize,
      firstBytes: size,
      takes: !ignore ? 'all' : underscores ? 'underscores' : 'none',
    });
  }

  close(): void {
    this.#leave(400, 'prematurely closed connection');
  }

  /** `status` and `reason`: of a request of which only a part has come, for the logs. */
  #leave(status: number, reason: string): void {
    if (this.#closed) return;
    const exchange = this.#exchange;
    const isCutOff = exchange === null && !this.#lingering && !this.#broken && !this.#parser.isIdle;
    const cutOff = isCutOff ? this.#badExchange() : null;
    this.#exchange = null;
    // An answer that was to leave at the end of this turn leaves.
    if (this.#isOutgoing && !this.#socket.destroyed) this.writeOut();
    this.#socket.destroy();
    this.#detach();
    exchange?.onClientGone();
    cutOff?.endHead(status, reason);
  }

  onDeadline(): void {
    if (this.#exchange !== null && !this.#requestDone && !this.#responseDone) {
      this.#exchange.onRequestBad(408, 'timed out');
      return;
    }
    if (this.#exchange !== null) {
      this.#log('client timed out', this.#exchange.settings);
    }
    if (this.#settings.resetTimedOut && !this.#lingering) this.#socket.resetAndDestroy();
    this.#leave(408, 'timed out');
  }

  // ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #onBorrowed(bytes: Buffer): void {
    this.#onData(bytes);
    this.#parser.keepRest();
  }

  #onData(chunk: Buffer): void {
    if (this.#lingering) {
      this.deadlineAt = Math.min(this.#engine.clock.now() + this.#lingerTimeoutMs, this.#lingerUntil);
      return;
    }
    if (this.#closed || this.#broken) return;
    this.#parser.push(chunk);
    if (this.#isHeld || (this.#exchange !== null && this.#requestDone)) {
      // Held, or pipelined: its turn comes. More than this of it can wait in the network.
      if (this.#parser.buffered > LIMITS.waitingBytes) this.#socket.pause();
      return;
    }
    this.#read();
  }

  /** What comes is wanted again, and so is what came meanwhile. */
  #readOn(): void {
    this.#socket.resume();
    if (!this.#isHeld) return;
    this.#isHeld = false;
    // Not at once: whoever says so may be in the middle of something.
    process.nextTick(() => {
      if (this.#isHeld) return;
      this.#read();
      if (this.#endWaits) this.#onEnd();
    });
  }

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (!this.#closed && !this.#lingering && !this.#broken && (this.#exchange === null || !this.#requestDone)) {
      const event = this.#parser.next();
      if (event === HEAD) this.#begin();
      else if (event === BODY) this.#exchange?.onRequestBody(this.#body(), this.#parser.messageBytes);
      else if (event === END) {
        this.#endRequest();
        this.#exchange?.onRequestEnd(this.#parser.messageBytes);
        if (this.#responseDone && this.#exchange !== null) this.#complete();
      } else if (event === MORE) break;
      else if (event === BAD) this.#bad(this.#parser.bad ?? { status: 400, reason: 'sent invalid request' });
    }
    this.#reading = false;
    if (this.#closed) return;
    if (this.#broken) return;
    if (this.#exchange === null) {
      if (!this.#lingering && !this.#parser.isIdle && !this.#headDeadlineSet) {
        // From the first byte of a request on, however slowly the rest comes.
        this.#headDeadlineSet = true;
        this.deadlineAt = this.#engine.clock.now() + this.service.defaultServer.settings.clientHeaderTimeoutMs;
      }
    } else {
      if (!this.#requestDone && this.deadlineAt !== NEVER) this.#armBody();
      this.#exchange.onRequestPause();
    }
    this.flush();
  }

  /** All of it has been read. */
  #endRequest(): void {
    this.#requestDone = true;
    this.#isHeld = false;
    this.deadlineAt = NEVER;
  }

  /** The piece of body just read. */
  #body(): Buffer {
    const { data } = this.#parser;
    return this.#borrows ? Buffer.from(data) : data;
  }

  #begin(): void {
    const parser = this.#parser;
    this.requests++;
    this.#requestDone = false;
    this.#responseDone = false;
    this.#mustClose = false;
    this.#continued = false;
    this.#headSent = false;
    this.#headDeadlineSet = false;
    this.deadlineAt = parser.framing === BY_CHUNKS || parser.framing === BY_LENGTH ? 0 : NEVER;
    if (this.deadlineAt === 0) this.#armBody();
    const exchange = new Exchange(this.generation, this.service, this, this, {
      method: parser.method,
      target: parser.target,
      protocol: parser.minorVersion > 0 ? 'HTTP/1.1' : 'HTTP/1.0',
      host: parser.host,
      headers: parser.replacesHost ? withHost(parser.headers, parser.host) : parser.headers,
      connection: parser.connection,
      bodyLength: parser.framing === BY_CHUNKS ? -1 : Math.max(0, parser.contentLength),
      expectsContinue: parser.expectsContinue,
      pipelined: this.#pipelined,
      wireBytes: parser.messageBytes,
    });
    this.#exchange = exchange;
    exchange.start();
  }

  #armSend(): void {
    this.deadlineAt = this.#engine.clock.now() + this.#settings.clientSendTimeoutMs;
  }

  #armBody(): void {
    this.deadlineAt = this.#engine.clock.now() + this.#settings.clientBodyTimeoutMs;
  }

  /** Request and response are both over: the next one, or the end. */
  #complete(): void {
    if (!this.#keep && this.#settings.linger.mode === 'always') {
      this.#linger();
      return;
    }
    const { keepaliveTimeoutMs } = this.#settings;
    this.#pipelined = this.#parser.buffered > 0;
    this.#exchange = null;
    if (!this.#keep) {
      this.writeOut();
      this.#socket.destroySoon();
      this.#detach();
      return;
    }
    if (this.#retired && this.#graceMs <= 0 && this.#parser.isIdle) {
      this.writeOut();
      this.#socket.destroySoon();
      this.#detach();
      return;
    }
    const idleMs = this.#retired ? this.#graceMs : keepaliveTimeoutMs;
    this.deadlineAt = this.#engine.clock.now() + idleMs;
    if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#reading) return;
    this.flush();
    if (this.#parser.buffered > 0) this.#read();
  }

  #bad(bad: BadMessage): void {
    const exchange = this.#exchange;
    if (exchange !== null) {
      // In the body. Whoever sent it gets an answer if none has begun; then nothing of this connection is to be trusted.
      if (exchange.done) this.#linger();
      else exchange.onRequestBad(bad.status, bad.reason);
      return;
    }
    const refused = this.#badExchange();
    this.#exchange = refused;
    refused.refuseHead(bad.page ?? bad.status, bad.reason);
    refused.flush();
  }

  /** A request of which no more than its beginning is known. Nothing more is read from its connection. */
  #badExchange(): Exchange {
    const parser = this.#parser;
    this.requests++;
    this.#broken = true;
    this.#requestDone = false;
    this.#responseDone = false;
    this.#mustClose = true;
    this.#headSent = false;
    this.#continued = true;
    this.deadlineAt = NEVER;
    return new Exchange(this.generation, this.service, this, this, {
      line: parser.line,
      method: parser.method,
      target: parser.target,
      protocol: parser.minorVersion > 0 ? 'HTTP/1.1' : 'HTTP/1.0',
      host: '',
      headers: parser.headers,
      connection: '',
      bodyLength: 0,
      expectsContinue: false,
      wireBytes: parser.method === '' ? 0 : parser.headBytes,
    });
  }

  /** Says goodbye and reads on for a moment: closing with bytes unread would reset the connection and lose the answer. */
  #linger(): void {
    if (this.#closed || this.#lingering) return;
    this.writeOut();
    const { linger } = this.#settings;
    this.#exchange = null;
    if (linger.mode === 'off') {
      this.#socket.destroySoon();
      this.#detach();
      return;
    }
    this.#lingering = true;
    this.#isHeld = false;
    this.#socket.end();
    this.#socket.resume();
    const now = this.#engine.clock.now();
    this.#lingerTimeoutMs = linger.timeoutMs;
    this.#lingerUntil = now + linger.timeMs;
    this.deadlineAt = Math.min(now + linger.timeoutMs, this.#lingerUntil);
  }

  #onDrain(): void {
    if (this.#exchange === null) return;
    this.deadlineAt = NEVER;
    if (!this.#requestDone) this.#armBody();
    this.#exchange.onDownstreamDrain();
  }

  /** The client has closed its side. As in nginx that is the end of a request that waits for its server. */
  #onEnd(): void {
    this.#endWaits = this.#isHeld && this.#parser.buffered > 0;
    if (this.#endWaits) return;
    if (this.#exchange !== null && this.#responseDone && this.#requestDone) this.#socket.destroySoon();
    else this.close();
  }

  #log(text: string, { errorLogs }: HttpSettings): void {
    this.#engine.log('info', `*${this.serial} ${text}, client: ${this.remoteAddress}`, errorLogs);
  }

  #detach(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { telemetry } = this.#engine;
    telemetry.connectionsOpen--;
    telemetry.dirty = true;
    this.#engine.deadlines.unwatch(this);
    this.generation.remove(this);
  }

  #wantsKeepAlive(): boolean {
    const settings = this.#settings;
    if (settings.keepaliveTimeoutMs === 0 || this.requests >= settings.keepaliveRequests) return false;
    if (this.#engine.clock.now() - this.acceptedAt > settings.keepaliveTimeMs) return false;
    const { keepaliveDisable } = settings;
    if (keepaliveDisable.size > 0 && this.#exchange !== null && isUnkept(this.#exchange, keepaliveDisable))
      return false;
    const { connection, minorVersion } = this.#parser;
    if (connection === '') return minorVersion > 0;
    if (minorVersion > 0) return !hasListToken(connection, 'close');
    return hasListToken(connection, 'keep-alive');
  }
}

/** The Host field as the target has it, so that whoever is asked next hears of no other (RFC 9112, section 3.2.2). */
function withHost(headers: HeaderFields, host: string): HeaderList {
  const copy = headers.copy();
  copy.remove('host');
  const name = headerName('Host');
  if (name !== null) copy.add(name, host);
  return copy;
}
