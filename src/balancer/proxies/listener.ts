import { createServer, type Server, type Socket } from 'node:net';
import type { ListenPlan } from '../plan';
import type { Engine } from './engine';
import type { Client, Generation, Service } from './generation';
import { Http1Client } from './http1';
import type { Http2Acceptor } from './http2';
import { type Origin, originOf } from './origin';
import { parseProxyHeader } from './proxyProtocol';
import { TcpClient } from './tcp';

/** What an HTTP/2 client says first (RFC 9113, section 3.4); its beginning tells it from HTTP/1. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** The configuration a listener's new connections run on. */
export interface Serving {
  readonly generation: Generation;
  readonly service: Service;
}

/**
 * One listening socket. It outlives configurations: a reload changes what it serves, and no connection is refused in
 * between.
 */
export class Listener {
  readonly #server: Server;
  actual = '';

  constructor(
    readonly listen: ListenPlan,
    readonly engine: Engine,
    readonly http2: Http2Acceptor,
    public serving: Serving,
  ) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: false }, (socket) =>
      this.#onConnection(socket),
    );
  }

  /** Listens on the declared port, or on one that the system chooses (0). The system's error, or null. */
  bind(port: number): Promise<NodeJS.ErrnoException | null> {
    const server = this.#server;
    return new Promise((resolve) => {
      const onError = (error: NodeJS.ErrnoException) => resolve(error);
      server.once('error', onError);
      server.listen({ host: this.listen.host, port, backlog: 511, exclusive: true }, () => {
        server.removeListener('error', onError);
        // A failed accept (no file handles left) concerns one connection, not the balancer.
        server.on('error', (error) => this.engine.log('crit', `accept() failed (${error.message})`));
        const address = server.address();
        const bound = typeof address === 'object' && address !== null ? address.port : port;
        const host = this.listen.host.includes(':') ? `[${this.listen.host}]` : this.listen.host;
        this.actual = `${host}:${bound}`;
        resolve(null);
      });
    });
  }

  /** Accepts no more; connections that stand go on. */
  close(): void {
    this.#server.close();
  }

  #onConnection(socket: Socket): void {
    const { telemetry } = this.engine;
    telemetry.connectionsAccepted++;
    telemetry.connectionsOpen++;
    telemetry.dirty = true;
    const { generation, service } = this.serving;
    if (service.proxyProtocol || (service.kind === 'http' && service.http2)) {
      new Arrival(socket, this.engine, this.http2, generation, service);
    } else serve(socket, this.http2, generation, service, originOf(socket), false);
  }
}

function serve(
  socket: Socket,
  http2: Http2Acceptor,
  generation: Generation,
  service: Service,
  origin: Origin,
  isHttp2: boolean,
): void {
  if (service.kind === 'stream') new TcpClient(socket, generation, service.server, origin);
  else if (isHttp2) http2.accept(socket, generation, service, origin);
  else new Http1Client(socket, generation, service, origin);
}

/** A connection whose first bytes decide what it is: a PROXY header, HTTP/2's preface, or HTTP/1. */
class Arrival implements Client {
  deadlineAt: number;
  #bytes: Buffer = Buffer.alloc(0);
  #origin: Origin | null = null;
  #over = false;
  readonly #onData = (chunk: Buffer) => this.#read(chunk);
  readonly #onGone = () => this.close();

  constructor(
    readonly socket: Socket,
    readonly engine: Engine,
    readonly http2: Http2Acceptor,
    readonly generation: Generation,
    readonly service: Service,
  ) {
    const timeoutMs = service.kind === 'http' ? service.defaultServer.settings.clientHeaderTimeoutMs : 30_000;
    this.deadlineAt = engine.clock.now() + timeoutMs;
    engine.deadlines.watch(this);
    socket.on('data', this.#onData);
    socket.on('end', this.#onGone);
    socket.on('error', this.#onGone);
    socket.on('close', this.#onGone);
    generation.add(this);
  }

  retire(graceMs: number): void {
    if (graceMs <= 0) this.close();
  }

  close(): void {
    if (this.#over) return;
    this.#leave();
    const { telemetry } = this.engine;
    telemetry.connectionsOpen--;
    telemetry.dirty = true;
    this.socket.destroy();
    this.generation.remove(this);
  }

  onDeadline(): void {
    this.close();
  }

  #leave(): void {
    this.#over = true;
    this.engine.deadlines.unwatch(this);
    this.socket.removeListener('data', this.#onData);
    this.socket.removeListener('end', this.#onGone);
    this.socket.removeListener('error', this.#onGone);
    this.socket.removeListener('close', this.#onGone);
  }

  #read(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (this.service.proxyProtocol && this.#origin === null) {
      const header = parseProxyHeader(this.#bytes);
      if (header.kind === 'more') return;
      if (header.kind === 'bad') {
        this.engine.log('error', `broken header while reading PROXY protocol, client: ${this.socket.remoteAddress}`);
        this.close();
        return;
      }
      const own = originOf(this.socket);
      this.#origin = { ...own, proxied: header.ends };
      this.#bytes = this.#bytes.subarray(header.length);
    }
    let isHttp2 = false;
    if (this.service.kind === 'http' && this.service.http2) {
      const seen = Math.min(this.#bytes.length, PREFACE.length);
      if (PREFACE.subarray(0, seen).equals(this.#bytes.subarray(0, seen))) {
        if (seen < PREFACE.length) return;
        isHttp2 = true;
      }
    }
    const { socket } = this;
    const origin = this.#origin ?? originOf(socket);
    this.#leave();
    socket.pause();
    if (this.#bytes.length > 0) socket.unshift(this.#bytes);
    serve(socket, this.http2, this.generation, this.service, origin, isHttp2);
    // Only now: the generation must not seem empty in between.
    this.generation.remove(this);
    if (!isHttp2 && this.service.kind === 'http') socket.resume();
  }
}
