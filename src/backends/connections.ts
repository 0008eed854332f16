import type { Server, Socket } from 'node:net';
import type { Disposable } from '../base/dispose';
import type { Counters } from './counters';

/** The TCP connections a server has accepted: counted apart from requests, and closed with it. */
export class Connections implements Disposable {
  readonly #open = new Set<Socket>();
  readonly #counters: Counters;

  constructor(server: Server, counters: Counters) {
    this.#counters = counters;
    server.on('connection', (socket: Socket) => this.#accepted(socket));
  }

  #accepted(socket: Socket): void {
    this.#open.add(socket);
    this.#counters.add('connectionsAccepted');
    this.#counters.add('connectionsOpen');
    // A client that resets is no error of the server; whoever reads the socket notices the close.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#counters.add('connectionsOpen', -1);
    });
  }

  dispose(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
