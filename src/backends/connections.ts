import type { Server, Socket } from 'node:net';
import type { Disposable } from '../base/dispose';
import type { Counters } from './counters';
import type { HopMeter } from './inner/hopMeter';

/** The TCP connections a server has accepted: counted apart from requests, and closed with it. */
export class Connections implements Disposable {
  readonly #open = new Set<Socket>();
  readonly #counters: Counters;
  readonly #meter: HopMeter | null;
  /** Requests taken in so far, by the remote port: among open connections of one host it is unique. */
  readonly #carried = new Map<number, number>();

  constructor(server: Server, counters: Counters, meter: HopMeter | null = null) {
    this.#counters = counters;
    this.#meter = meter;
    server.on('connection', (socket: Socket) => this.#accepted(socket));
  }

  #accepted(socket: Socket): void {
    this.#open.add(socket);
    this.#meter?.watch(socket);
    this.#counters.add('connectionsAccepted');
    this.#counters.add('connectionsOpen');
    // A client that resets is no error of the server; whoever reads the socket notices the close.
    socket.on('error', () => {});
    const { remotePort } = socket;
    if (remotePort !== undefined) this.#carried.set(remotePort, 0);
    socket.once('close', () => {
      this.#open.delete(socket);
      if (remotePort !== undefined) this.#carried.delete(remotePort);
      this.#counters.add('connectionsOpen', -1);
    });
  }

  /** Counts one more request on a connection and returns the CONNECTION_HEADER of its answer: "51234/17". */
  signRequest(remotePort: number): string {
    const before = this.#carried.get(remotePort) ?? 0;
    // A connection that has closed meanwhile is not counted on: its port may soon be another's.
    if (this.#carried.has(remotePort)) this.#carried.set(remotePort, before + 1);
    return `${remotePort}/${before}`;
  }

  dispose(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
