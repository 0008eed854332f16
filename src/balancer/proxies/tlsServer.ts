import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { HttpServerPlan, ServerTls } from '../plan';
import { selectServer } from '../servers';
import type { ClientTls } from './origin';
import { serverContext, serverContextOptions } from './tlsContext';

/** TLS towards clients (ngx_http_ssl_module, ngx_stream_ssl_module): the handshake, on sockets that others accepted. */

/** What becomes of one handshake; exactly one of the two is called, or none where the client goes away. */
export interface Handshake {
  secured(socket: TLSSocket, tls: ClientTls): void;
  failed(reason: string): void;
}

/** As ngx_http_ssl_alpn_select() offers them; the first that the client knows is taken. */
const HTTP_PROTOCOLS = ['http/1.1', 'http/1.0', 'http/0.9'];

/** Shakes hands for one listening address under one configuration. It never listens itself. */
export class TlsTerminator {
  readonly #server: Server;
  /** By the client's address and port: one listener has no two connections from the same. */
  readonly #waiting = new Map<string, Handshake>();

  constructor(options: TlsOptions) {
    this.#server = createServer({ ...options, handshakeTimeout: options.handshakeTimeout ?? 60_000 });
    this.#server.on('secureConnection', (socket) => {
      const handshake = this.#take(keyOf(socket));
      if (handshake === null) {
        socket.destroy();
        return;
      }
      handshake.secured(socket, agreed(socket));
    });
    this.#server.on('tlsClientError', (error, socket) => {
      // The address is gone where the client is.
      this.#take(keyOf(socket))?.failed(error.message);
      socket.destroy();
    });
  }

  shake(socket: Socket, handshake: Handshake): void {
    const key = keyOf(socket);
    this.#waiting.set(key, handshake);
    socket.once('close', () => {
      if (this.#waiting.get(key) === handshake) this.#waiting.delete(key);
    });
    this.#server.emit('connection', socket);
  }

  #take(key: string): Handshake | null {
    const found = this.#waiting.get(key) ?? null;
    this.#waiting.delete(key);
    return found;
  }
}

/** A server's address under `stream`, whose certificate is always the same. */
export function streamTerminator(tls: ServerTls): TlsTerminator {
  const { alpn, handshakeTimeoutMs } = tls;
  return new TlsTerminator({
    ...serverContextOptions(tls),
    handshakeTimeout: handshakeTimeoutMs,
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
  });
}

/**
 * An address of http servers: the name that the client asks for (SNI) chooses the certificate, the default server's where
 * the one it chose has none of its own. `tls` is the default server's; null where that turns everybody away.
 */
export function httpTerminator(
  servers: readonly HttpServerPlan[],
  defaultServer: HttpServerPlan,
  tls: ServerTls | null,
  http2: boolean,
): TlsTerminator {
  return new TlsTerminator({
    ...(tls === null ? {} : serverContextOptions(tls)),
    ALPNProtocols: http2 ? ['h2', ...HTTP_PROTOCOLS] : HTTP_PROTOCOLS,
    handshakeTimeout: defaultServer.settings.clientHeaderTimeoutMs,
    SNICallback: (name, done) => {
      const chosen = selectServer(servers, name, defaultServer).server;
      const own = chosen.tls ?? tls;
      done(null, own === null ? undefined : serverContext(own));
    },
  });
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

function agreed(socket: TLSSocket): ClientTls {
  const { alpnProtocol } = socket;
  const servername: unknown = (socket as { servername?: unknown }).servername;
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.name ?? '',
    serverName: typeof servername === 'string' ? servername : '',
    alpn: typeof alpnProtocol === 'string' ? alpnProtocol : '',
    reused: socket.isSessionReused(),
    // It is only given with the session tickets.
    get sessionId() {
      return sessionIdOf(socket.getSession());
    },
  };
}

/** In hexadecimal, out of OpenSSL's DER form of a session (SSL_SESSION_ASN1: two numbers, the cipher, the id); ''. */
function sessionIdOf(session: Buffer | undefined): string {
  if (session === undefined) return '';
  const long = session[1] ?? 0;
  let at = long < 0x80 ? 2 : 2 + (long & 0x7f);
  for (let skipped = 0; skipped < 3; skipped++) at += 2 + (session[at + 1] ?? 0);
  return session[at] === 4 ? session.toString('hex', at + 2, at + 2 + (session[at + 1] ?? 0)) : '';
}
