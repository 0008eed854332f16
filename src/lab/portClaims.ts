import { createSocket, type Socket } from 'node:dgram';
import type { Disposable } from '../base/dispose';

const LOOPBACK = '127.0.0.1';

/** An address of the configuration that was taken ("127.0.0.1:28780"), and the one in its place. */
export interface MovedPort {
  readonly declared: string;
  readonly actual: string;
}

/**
 * The ports that are one run's, from the first start of a server to the end of the run. A killed server has to leave its TCP
 * port, so that whoever calls there is refused; if another run (in a second window, from the command line, of a check)
 * listened there meanwhile, it would be sent requests that are not its own. So a run holds the UDP port of the
 * same number, which nobody sends to: the system gives it to one process at a time, and takes it back when that ends.
 */
export class PortClaims implements Disposable {
  readonly #held = new Map<number, Socket>();
  #disposed = false;

  /** Where to listen: the declared port if it is this run's, or becomes it; 0, "any", if it is another run's. */
  async portFor(declared: number): Promise<number> {
    if (declared === 0 || this.#held.has(declared)) return declared;
    const claim = await claimed(declared);
    if (claim === 'taken') return 0;
    if (claim === 'unknown') return declared;
    if (this.#disposed) claim.close();
    else this.#held.set(declared, claim);
    return declared;
  }

  dispose(): void {
    this.#disposed = true;
    for (const socket of this.#held.values()) socket.close();
    this.#held.clear();
  }
}

/** 'unknown' where the system has no such port for anyone: then listening decides. */
function claimed(port: number): Promise<Socket | 'taken' | 'unknown'> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    // A claim alone keeps no process running.
    socket.unref();
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code === 'EADDRINUSE' ? 'taken' : 'unknown');
    });
    socket.bind({ address: LOOPBACK, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
