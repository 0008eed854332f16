import type { Timer } from '../../base/clock';
import { formatAddress } from '../directives/address';
import { implicitUpstream } from '../directives/implicitUpstream';
import { AccessLogs } from '../phases/accessLog';
import { type LazyVariables, lazyVariables } from '../phases/lazyVariables';
import { setVariables } from '../phases/rewrite';
import type { HttpServerPlan, Plan, StreamServerPlan, UpstreamPlan } from '../plan';
import type { Upstream } from '../upstream';
import { type AddressMap, type Engine, UpstreamSite } from './engine';
import { Http1Pool } from './http1Upstream';
import { Http2Pool } from './http2Upstream';
import { LIMITS } from './limits';
import type { TlsTerminator } from './tlsServer';

/** An upstream of one configuration with the connections to its servers. */
export interface HttpUpstream {
  readonly site: UpstreamSite;
  readonly http1: Http1Pool;
  readonly http2: Http2Pool;
}

/** A client connection, as its configuration sees it when it is replaced. */
export interface Client {
  /** New requests go elsewhere: finish what runs, be idle no longer than `graceMs`. */
  retire(graceMs: number): void;
  /** At once. */
  close(): void;
}

/** What a listener does with its connections under one configuration. */
export type Service =
  | {
      readonly kind: 'http';
      /** The address it is counted under, as declared. */
      readonly declared: string;
      readonly servers: readonly HttpServerPlan[];
      readonly defaultServer: HttpServerPlan;
      readonly http2: boolean;
      readonly proxyProtocol: boolean;
      /** Shakes hands where the address is TLS's; null: in the clear. */
      readonly terminator: TlsTerminator | null;
      /** Some server turns away who asks for it (ssl_reject_handshake). */
      readonly rejects: boolean;
    }
  | {
      readonly kind: 'stream';
      readonly server: StreamServerPlan;
      readonly proxyProtocol: boolean;
      readonly terminator: TlsTerminator | null;
    };

/** Where an address is served now. */
export interface Serving {
  readonly generation: Generation;
  readonly service: Service;
}

export interface HttpServing extends Serving {
  readonly service: Extract<Service, { kind: 'http' }>;
}

/**
 * One configuration while anything runs on it: its upstreams, and the client connections that began under it. A reload
 * makes the next one; the old one lives until its last connection is done.
 */
export class Generation {
  retired = false;
  /** Of `http {}`. */
  readonly lazyVariables: LazyVariables | null;
  /** Of `stream {}`. */
  readonly streamVariables: LazyVariables | null;
  /** Those that a `set` somewhere may give a value. */
  readonly setVariables: ReadonlySet<string>;
  readonly accessLogs: AccessLogs;
  #graceMs = 0;
  /** worker_shutdown_timeout. */
  #lastCall: Timer | null = null;
  readonly #upstreams = new Map<UpstreamPlan, HttpUpstream>();
  /** Made from addresses that only requests knew, oldest first. */
  readonly #literals = new Map<string, UpstreamPlan>();
  readonly #clients = new Set<Client>();
  #whenEmpty: (() => void) | null = null;
  /** After a reload, by the declared address; null: not served any more. */
  #successor: (declared: string) => Serving | null = () => null;

  constructor(
    readonly engine: Engine,
    readonly plan: Plan,
    readonly addresses: AddressMap,
  ) {
    this.lazyVariables = lazyVariables(plan.http?.maps ?? [], plan.http?.splitClients ?? []);
    this.streamVariables = lazyVariables(plan.stream?.maps ?? [], plan.stream?.splitClients ?? []);
    this.setVariables = setVariables(plan);
    this.accessLogs = new AccessLogs(plan, engine);
  }

  upstream(plan: UpstreamPlan): HttpUpstream {
    let upstream = this.#upstreams.get(plan);
    if (upstream === undefined) {
      const site = new UpstreamSite(this.engine, plan, this.addresses);
      upstream = { site, http1: new Http1Pool(site), http2: new Http2Pool(site) };
      this.#upstreams.set(plan, upstream);
    }
    return upstream;
  }

  /** An upstream of one server, for an address that variables gave. */
  literalUpstream(host: string, port: number): UpstreamPlan {
    const address = formatAddress(host, port);
    let plan = this.#literals.get(address);
    if (plan !== undefined) return plan;
    if (this.#literals.size >= LIMITS.literalUpstreams) this.#forgetOldest();
    plan = literalPlan(host, port);
    this.#literals.set(address, plan);
    return plan;
  }

  #forgetOldest(): void {
    for (const [address, plan] of this.#literals) {
      this.#literals.delete(address);
      const upstream = this.#upstreams.get(plan);
      this.#upstreams.delete(plan);
      upstream?.http1.retire();
      upstream?.http2.retire();
      return;
    }
  }

  /** Those used so far, in order of first use. */
  get upstreams(): readonly Upstream[] {
    return [...this.#upstreams.values()].map(({ site }) => site.upstream);
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  add(client: Client): void {
    this.#clients.add(client);
    if (this.retired) client.retire(this.#graceMs);
  }

  remove(client: Client): void {
    this.#clients.delete(client);
    if (this.retired && this.#clients.size === 0) this.#end();
  }

  /**
   * Where a connection that began under `service` goes on: under the configuration that followed, if that takes
   * connections of this kind at this address. null: nowhere.
   */
  successorOf(service: Extract<Service, { kind: 'http' }>): HttpServing | null {
    const next = this.#successor(service.declared);
    if (next?.service.kind !== 'http') return null;
    const { generation, service: now } = next;
    const isAlike =
      (now.terminator === null) === (service.terminator === null) && now.proxyProtocol === service.proxyProtocol;
    return isAlike ? { generation, service: now } : null;
  }

  /** Calls back once the last connection is done and everything is closed. */
  retire(graceMs: number, whenEmpty: () => void, successor: (declared: string) => Serving | null = () => null): void {
    this.retired = true;
    this.#graceMs = graceMs;
    this.#successor = successor;
    this.#whenEmpty = whenEmpty;
    for (const client of [...this.#clients]) client.retire(graceMs);
    const { shutdownTimeoutMs } = this.plan.main;
    if (this.#clients.size === 0) this.#end();
    else if (shutdownTimeoutMs > 0 && this.#lastCall === null) {
      this.#lastCall = this.engine.clock.setTimeout(() => this.close(), shutdownTimeoutMs);
    }
  }

  close(): void {
    this.retired = true;
    for (const client of [...this.#clients]) client.close();
    this.#end();
  }

  #end(): void {
    this.#lastCall?.cancel();
    this.#lastCall = null;
    for (const { http1, http2 } of this.#upstreams.values()) {
      http1.close();
      http2.close();
    }
    this.accessLogs.close();
    const whenEmpty = this.#whenEmpty;
    this.#whenEmpty = null;
    whenEmpty?.();
  }
}

/** As nginx's ngx_http_upstream_create_round_robin_peer(): nothing is kept of it but the address. */
function literalPlan(host: string, port: number): UpstreamPlan {
  const span = { file: '', line: 1, column: 1, endLine: 1, endColumn: 1 };
  return implicitUpstream('http', host, port, span, { maxFails: 0, failTimeoutMs: 0 });
}
