import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Disposable } from '../../base/dispose';
import type { ConnectionCount } from '../../measurement/clientCounter';
import type { Target } from '../targets';

/** Node publishes each socket that this thread begins to connect, whoever does: node:http and grpc-js alike. */
const CHANNEL = 'net.client.socket';

export interface ClientSocket {
  /** 1 for the first connection of the run. */
  readonly number: number;
  /** Which client opened it, where `currentOwner` knew. */
  readonly owner: number | null;
}

/**
 * Counts the connections that this thread really opened to the targets, below every library: "one channel" or "ten
 * clients" are claims, TCP connections are counted.
 */
export class ClientSockets implements Disposable {
  readonly #ports = new Set<number>();
  readonly #open = new Map<Socket, ClientSocket & { readonly localPort: number }>();
  readonly #currentOwner: () => number | null;
  readonly #created = (message: unknown): void => this.#watch((message as { socket: Socket }).socket);
  /** Every socket that was begun and has not closed, connected or not. */
  readonly #begun = new Set<Socket>();
  #opened = 0;
  #bytesOfClosed = 0;

  constructor(targets: readonly Target[], currentOwner: () => number | null = () => null) {
    this.#currentOwner = currentOwner;
    this.addTargets(targets);
    subscribe(CHANNEL, this.#created);
  }

  addTargets(targets: readonly Target[]): void {
    for (const target of targets) this.#ports.add(target.port);
  }

  get count(): ConnectionCount {
    return { opened: this.#opened, open: this.#open.size };
  }

  /** Written and read by every connection so far, bytes; what TCP itself adds is not seen here. */
  get bytes(): number {
    let bytes = this.#bytesOfClosed;
    for (const socket of this.#open.keys()) bytes += socket.bytesRead + socket.bytesWritten;
    return bytes;
  }

  /** The number of an open connection by its local port. */
  byLocalPort(port: number): number | null {
    for (const socket of this.#open.values()) if (socket.localPort === port) return socket.number;
    return null;
  }

  /** The number of the owner's connection if it has exactly one open. */
  onlyOneOf(owner: number): number | null {
    let found: number | null = null;
    for (const socket of this.#open.values()) {
      if (socket.owner !== owner) continue;
      if (found !== null) return null;
      found = socket.number;
    }
    return found;
  }

  numberOf(socket: Socket | null): number | null {
    return socket === null ? null : (this.#open.get(socket)?.number ?? null);
  }

  #watch(socket: Socket): void {
    const owner = this.#currentOwner();
    this.#begun.add(socket);
    socket.once('close', () => this.#begun.delete(socket));
    socket.once('connect', () => {
      const { remotePort, localPort } = socket;
      if (remotePort === undefined || localPort === undefined || !this.#ports.has(remotePort)) return;
      this.#opened += 1;
      this.#open.set(socket, { number: this.#opened, owner, localPort });
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#bytesOfClosed += socket.bytesRead + socket.bytesWritten;
      });
    });
  }

  dispose(): void {
    unsubscribe(CHANNEL, this.#created);
    // Whatever still hangs on a call without an answer: nothing of a run outlives it.
    for (const socket of this.#begun) socket.destroy();
  }
}
