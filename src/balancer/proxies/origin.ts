import type { Socket } from 'node:net';

/** The two ends of a client connection: as the socket has them, or as a PROXY header tells. */
export interface Ends {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** Where a client connection comes from. Its own ends are the socket's; whom to believe is for real_ip to say. */
export interface Origin extends Ends {
  /** What a PROXY protocol header told; null: there was none, or it knew nothing. */
  readonly proxied: Ends | null;
  /** Null: it came in the clear. */
  readonly tls: ClientTls | null;
}

/** What was agreed with the client, as the `$ssl_…` variables have it. */
export interface ClientTls {
  /** "TLSv1.3". */
  readonly protocol: string;
  readonly cipher: string;
  /** SNI; ''. */
  readonly serverName: string;
  /** ALPN; ''. */
  readonly alpn: string;
  readonly reused: boolean;
  /** In hexadecimal; ''. */
  readonly sessionId: string;
}

/** `proxied`: what a PROXY header told, if there was one. */
export function originOf(socket: Socket, proxied: Ends | null = null): Origin {
  return {
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
    proxied,
    tls: null,
  };
}

/** The same once the handshake is over. */
export function secured(origin: Origin, tls: ClientTls): Origin {
  const { remoteAddress, remotePort, localAddress, localPort, proxied } = origin;
  return { remoteAddress, remotePort, localAddress, localPort, proxied, tls };
}

/** Asks the system for the ends only when somebody wants to know, and knows them only as long as the socket is open. */
export class OpenSocketOrigin implements Origin {
  readonly proxied = null;
  readonly tls = null;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? '';
  }

  get remotePort(): number {
    return this.#socket.remotePort ?? 0;
  }

  get localAddress(): string {
    return this.#socket.localAddress ?? '';
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }
}
