import { createServer, type Server, type Socket } from 'node:net';
import type { ListenPlan } from '../plan';
import { arrive } from './arrival';
import type { Engine } from './engine';
import type { Serving } from './generation';
import type { Http2Acceptor } from './http2';

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
    /** What its new connections run on. */
    public serving: Serving,
  ) {
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (socket) => this.#onConnection(socket));
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
    telemetry.listenerOf(this.listen.declared).connectionsAccepted++;
    telemetry.connectionsOpen++;
    telemetry.dirty = true;
    const { generation, service } = this.serving;
    // A relay sets it itself, once a connection lasts.
    if (service.kind === 'http' || service.terminator !== null) socket.setNoDelay(true);
    arrive(socket, this.http2, generation, service);
  }
}
