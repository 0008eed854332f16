import type { Socket } from 'node:net';

/** The two ends of a client connection: as the socket has them, or as a PROXY header tells. */
export interface Origin {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

export function originOf(socket: Socket): Origin {
  return {
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
  };
}
