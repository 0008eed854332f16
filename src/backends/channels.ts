import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { CHANNEL_EXPORT } from '../protocol/backendWorker';

/** Names of the TLS connections that a server is spoken to over (CHANNEL_HEADER); each is worked out once. */
export class Channels {
  readonly #names = new WeakMap<TLSSocket, string>();

  /** null: the connection is in clear. */
  nameOf(socket: Socket): string | null {
    if (!(socket instanceof TLSSocket)) return null;
    let name = this.#names.get(socket);
    if (name === undefined) {
      const { label, length, shown } = CHANNEL_EXPORT;
      name = socket.exportKeyingMaterial(length, label, Buffer.alloc(0)).toString('hex', 0, shown);
      this.#names.set(socket, name);
    }
    return name;
  }
}
