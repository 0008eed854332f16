import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { readClientHello } from '../gateway/clientHello';
import { selectServer } from '../servers';
import type { Engine } from './engine';
import type { Client, Generation, Service } from './generation';
import { Http1Client } from './http1';
import type { Http2Acceptor } from './http2';
import { type ClientTls, type Origin, originOf, secured } from './origin';
import { parseProxyHeader } from './proxyProtocol';
import { StreamSession } from './streamSession';

/** What an HTTP/2 client says first (RFC 9113, section 3.4); its beginning tells it from HTTP/1. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** First byte of a TLS record that begins a handshake; SSL 2.0's has the high bit set. */
const HANDSHAKE = 22;
/** A fatal alert (RFC 6066, section 3). */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112]);
const LONGEST_HELLO = 16 * 1024;

/** What comes before a connection of http is what it is: a PROXY header, the TLS handshake, HTTP/2's preface. */
export function arrive(socket: Socket, http2: Http2Acceptor, generation: Generation, service: Service): void {
  if (service.kind === 'stream') new StreamSession(socket, generation, service);
  else if (service.proxyProtocol || service.http2 || service.terminator !== null) {
    new Arrival(socket, generation.engine, http2, generation, service);
  } else new Http1Client(socket, generation, service, originOf(socket), true);
}

type HttpService = Extract<Service, { kind: 'http' }>;

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
    readonly service: HttpService,
  ) {
    this.deadlineAt = engine.clock.now() + service.defaultServer.settings.clientHeaderTimeoutMs;
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
    if (this.service.proxyProtocol && this.#origin === null && !this.#readProxyHeader()) return;
    const { service } = this;
    const origin = this.#origin ?? originOf(this.socket);
    const [first] = this.#bytes;
    if (first === undefined) return;
    if (service.terminator !== null && (first === HANDSHAKE || (first & 0x80) !== 0)) {
      if (!service.rejects || this.#isAccepted(origin, service)) this.#shake(origin, service);
      return;
    }
    let isHttp2 = false;
    if (service.http2 && service.terminator === null) {
      const seen = Math.min(this.#bytes.length, PREFACE.length);
      if (PREFACE.subarray(0, seen).equals(this.#bytes.subarray(0, seen))) {
        if (seen < PREFACE.length) return;
        isHttp2 = true;
      }
    }
    // On a port of TLS, plain HTTP is served as far as the answer that says so.
    this.#hand(this.socket, origin, service, isHttp2);
  }

  /** False: there is no whole one yet, or it was bad. */
  #readProxyHeader(): boolean {
    const header = parseProxyHeader(this.#bytes);
    if (header.kind === 'more') return false;
    if (header.kind === 'header') {
      this.#origin = originOf(this.socket, header.ends);
      this.#bytes = this.#bytes.subarray(header.length);
      return true;
    }
    this.engine.log('error', `broken header while reading PROXY protocol, client: ${this.socket.remoteAddress}`);
    this.close();
    return false;
  }

  /** By the name that the client asks for (ngx_http_ssl_servername); false: it is not known yet, or the client is turned away. */
  #isAccepted(origin: Origin, { servers, defaultServer }: HttpService): boolean {
    const reading = readClientHello(this.#bytes);
    if (reading.kind === 'more' && this.#bytes.length < LONGEST_HELLO) return false;
    const name = reading.kind === 'hello' ? reading.hello.serverName : '';
    const chosen = name === '' ? defaultServer : selectServer(servers, name, defaultServer).server;
    if (!chosen.rejectsHandshakes) return true;
    const { localAddress, localPort } = origin;
    this.engine.log(
      'info',
      `handshake rejected while SSL handshaking, client: ${origin.remoteAddress}, server: ${localAddress}:${localPort}`,
    );
    this.socket.removeListener('data', this.#onData);
    this.socket.end(UNRECOGNIZED_NAME, () => this.close());
    return false;
  }

  #shake(origin: Origin, service: HttpService): void {
    const { socket } = this;
    socket.removeListener('data', this.#onData);
    socket.removeListener('end', this.#onGone);
    socket.pause();
    socket.unshift(this.#bytes);
    this.#bytes = Buffer.alloc(0);
    service.terminator?.shake(socket, {
      secured: (shaken, tls) => this.#secured(shaken, tls, origin, service),
      failed: (reason) => {
        const { localAddress, localPort } = origin;
        this.engine.log(
          'info',
          `SSL_do_handshake() failed (SSL: ${reason}) while SSL handshaking, client: ${origin.remoteAddress}, server: ${localAddress}:${localPort}`,
        );
        this.close();
      },
    });
  }

  #secured(socket: TLSSocket, tls: ClientTls, origin: Origin, service: HttpService): void {
    if (this.#over) {
      socket.destroy();
      return;
    }
    // The name has chosen the certificate; the server is Host's to choose, as in nginx.
    this.#hand(socket, secured(origin, tls), service, tls.alpn === 'h2');
  }

  #hand(socket: Socket, origin: Origin, service: HttpService, isHttp2: boolean): void {
    this.#leave();
    // A broken connection below TLS is told above it.
    if (socket !== this.socket) this.socket.on('error', () => {});
    socket.pause();
    if (this.#bytes.length > 0) socket.unshift(this.#bytes);
    if (isHttp2) this.http2.accept(socket, this.generation, service, origin);
    else new Http1Client(socket, this.generation, service, origin, false);
    // Only now: the generation must not seem empty in between.
    this.generation.remove(this);
    if (!isHttp2) socket.resume();
  }
}
