import type { Disposable } from '../../base/dispose';
import type { ClientFindings } from '../../measurement/findings';
import type { Target } from '../targets';
import type { Call } from '../workloads/workload';
import type { ServerConnection } from './connectionHeader';

/** What became of one request. */
export interface Reply extends ServerConnection {
  /**
   * A response came: any HTTP response, or a gRPC status that was received (a trailers-only one or an HTTP error
   * status among them). A request that was refused, reset or timed out, and a gRPC status that the client library made
   * up itself because there was no response, is not answered: it failed.
   */
  readonly answered: boolean;
  /** HTTP status or gRPC status name; without a response the system's error code (REST) or the library's status (gRPC). */
  readonly status: string;
  /** The id by which the server signed; 'balancer': a response that no server signed; 'client': there was no response. */
  readonly by: string;
  readonly retries: number;
  /** Number of the client's connection it went over, where that is known. */
  readonly clientConnection: number | null;
}

/** A way to send calls. One implementation for each kind of client that a lab compares. */
export interface TrafficClient extends Disposable {
  /** How many requests it can have in flight at once; Infinity: as many as wanted. */
  readonly lanes: number;
  /** Connects as far as such a client connects before its first request. Nothing is counted. */
  prepare(): Promise<void>;
  /**
   * Sends a request for client number `sender`, from 0, or, where a client has one request in flight at most, for one that
   * is free. `ask` is called at once, with the number of the client that sends, and says what; `ended` is called once,
   * never before send() returns.
   */
  send(sender: number, ask: (client: number) => Call, ended: (reply: Reply) => void): void;
  /** What name resolution gives from now on. */
  setTargets(targets: readonly Target[]): void;
  /** What it found about its connections, beside their number. */
  findings?(): ClientFindings;
}
