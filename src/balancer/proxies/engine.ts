import type { Clock } from '../../base/clock';
import type { Random } from '../../base/random';
import { RequestLimits } from '../gateway/limit';
import type { Log } from '../log';
import type { UpstreamPlan } from '../plan';
import type { Peer } from '../policy';
import type { PeerCounter, Telemetry } from '../telemetry';
import { createUpstream, type Upstream } from '../upstream';
import { Deadlines } from './deadlines';
import { Outbox } from './outbox';
import { SERVER_NAME } from './serverName';

/** Declared "host:port" -> actual "host:port", where a port had to differ. Policies always see the declared one. */
export type AddressMap = Readonly<Record<string, string>>;

/** What all parts of one running balancer share, whatever configuration they run on. */
export class Engine {
  readonly deadlines: Deadlines;
  readonly outbox = new Outbox();
  /** limit_req and limit_conn of http ... */
  readonly limits: RequestLimits;
  /** ... and limit_conn of stream, whose zones are others. */
  readonly streamLimits: RequestLimits;
  #dateSecond = -1;
  #date = '';
  #start = '';
  #startOf = '';
  #startStatus = 0;
  #startDate = '';
  #serial = 0;

  constructor(
    readonly clock: Clock,
    readonly random: Random,
    readonly telemetry: Telemetry,
    readonly log: Log,
    /** Lower-case name of the header that asks for a decision trace; null: none is ever traced. */
    readonly traceHeader: string | null,
    readonly tolerateBareLf: boolean,
    /** What relative paths of the file are relative to. */
    readonly prefix: string,
    /** Whether anybody reads what is logged as "info". */
    readonly logsInfo: () => boolean,
  ) {
    this.deadlines = new Deadlines(clock);
    this.limits = new RequestLimits(() => clock.now());
    this.streamLimits = new RequestLimits(() => clock.now());
  }

  /** nginx's `$connection`: counts client connections. */
  nextSerial(): number {
    this.#serial += 1;
    return this.#serial;
  }

  /** nginx's `$request_id`: 16 random bytes in hexadecimal. */
  requestId(): string {
    let id = '';
    for (let i = 0; i < 4; i++) {
      id += Math.floor(this.random.next() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0');
    }
    return id;
  }

  /** Status line, Server and Date: what nearly all responses of a second begin with, in one piece. */
  responseStart(status: number, reason: string): string {
    const date = this.httpDate();
    if (status !== this.#startStatus || date !== this.#startDate || reason !== this.#startOf) {
      this.#startStatus = status;
      this.#startDate = date;
      this.#startOf = reason;
      this.#start = inOnePiece(`HTTP/1.1 ${status} ${reason}\r\nServer: ${SERVER_NAME}\r\nDate: ${date}\r\n`);
    }
    return this.#start;
  }

  /** Value of the Date header, made once a second. */
  httpDate(): string {
    const now = this.clock.wallNow();
    const second = Math.floor(now / 1000);
    if (second !== this.#dateSecond) {
      this.#dateSecond = second;
      this.#date = new Date(now).toUTCString();
    }
    return this.#date;
  }
}

/** V8 keeps a text in the pieces it was put together from until it is needed whole; each time anew where it is a part itself. */
export function inOnePiece(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('latin1');
}

/** A server of an upstream together with where it really is and what is counted for it. */
export interface PeerSite {
  readonly peer: Peer;
  readonly host: string;
  readonly port: number;
  readonly counter: PeerCounter;
}

/** One upstream of one configuration at run time. */
export class UpstreamSite {
  readonly upstream: Upstream;
  readonly #sites: readonly PeerSite[];

  constructor(
    readonly engine: Engine,
    readonly plan: UpstreamPlan,
    addresses: AddressMap,
  ) {
    this.upstream = createUpstream(plan, engine.clock, engine.random, (peer, health) => {
      engine.telemetry.dirty = true;
      if (health === 'unavailable') {
        engine.log('warn', `upstream server temporarily disabled: "${peer.address}" of upstream "${plan.name}"`);
      } else engine.log('notice', `upstream server "${peer.address}" of upstream "${plan.name}" is back`);
    });
    this.#sites = this.upstream.peers.map((peer) => {
      const { host, port } = splitAddress(addresses[peer.address] ?? peer.address);
      return { peer, host, port, counter: engine.telemetry.counterOf(peer) };
    });
  }

  siteOf(peer: Peer): PeerSite {
    const site = this.#sites[peer.index];
    if (site === undefined) throw new Error(`peer ${peer.address} is not of upstream ${this.plan.name}`);
    return site;
  }
}

/** "127.0.0.1:80" or "[::1]:80" taken apart. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  return {
    host: host.startsWith('[') ? host.slice(1, -1) : host,
    port: Number(address.slice(colon + 1)),
  };
}
