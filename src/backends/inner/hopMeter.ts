import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock';
import type { HopReport } from '../../protocol/backendWorker';

/** Latencies kept between two reports at most: whoever does not ask for reports must not fill the memory. */
const MOST_LATENCIES = 20_000;

/** Measures the requests on some connections: how many, how long each took, and what the sockets carried for them. */
export class HopMeter {
  readonly #clock: Clock;
  readonly #open = new Set<Socket>();
  #bytesOfClosed = 0;
  #requests = 0;
  #latenciesMs: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get connectionsOpen(): number {
    return this.#open.size;
  }

  watch(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#bytesOfClosed += bytesOf(socket);
    });
  }

  /** A request begins; to be called back when it ends. */
  begin(): () => void {
    const startedAt = this.#clock.now();
    return () => {
      this.#requests += 1;
      if (this.#latenciesMs.length < MOST_LATENCIES) this.#latenciesMs.push(this.#clock.now() - startedAt);
    };
  }

  report(): HopReport {
    const latenciesMs = this.#latenciesMs;
    this.#latenciesMs = [];
    let bytes = this.#bytesOfClosed;
    for (const socket of this.#open) bytes += bytesOf(socket);
    return { requests: this.#requests, bytes, latenciesMs };
  }
}

function bytesOf(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten;
}
