import { connect, type Socket } from 'node:net';
import type { StreamServerPlan } from '../plan';
import type { VariableSource } from '../template';
import type { Selection } from '../upstream';
import type { Timed } from './deadlines';
import type { Engine, PeerSite, UpstreamSite } from './engine';
import type { Client, Generation } from './generation';
import type { Origin } from './origin';
import { proxyHeader } from './proxyProtocol';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * One connection through the L4 balancer: a peer is chosen once, when it comes in, and bytes go both ways from then on
 * (ngx_stream_proxy_module). Each side is read only as fast as the other takes it.
 */
export class TcpClient implements Client, VariableSource, Timed {
  deadlineAt = NEVER;
  readonly serial: number;
  readonly #engine: Engine;
  readonly #site: UpstreamSite;
  readonly #selection: Selection;
  readonly #startedAt: number;
  #upstream: Socket | null = null;
  #peer: PeerSite | null = null;
  #connected = false;
  #connectMs = 0;
  #tries = 0;
  #closed = false;
  #clientEnded = false;
  #serverEnded = false;

  constructor(
    readonly client: Socket,
    readonly generation: Generation,
    readonly plan: StreamServerPlan,
    readonly origin: Origin,
  ) {
    this.#engine = generation.engine;
    this.serial = this.#engine.nextSerial();
    this.#site = generation.upstream(plan.proxyPass).site;
    this.#startedAt = this.#engine.clock.now();
    this.#engine.deadlines.watch(this);
    client.pause();
    client.on('error', () => this.close());
    client.on('close', () => this.close());
    generation.add(this);
    const { key } = this.#site.plan;
    this.#selection = this.#site.upstream.begin({
      clientAddress: origin.remoteAddress,
      key: key === null ? '' : key.evaluate(this),
      traced: true,
      maxTries: plan.nextUpstream.tries,
    });
    this.#tryNext();
  }

  /** A connection is bound for as long as it lasts; a reload waits for it, as nginx's old workers do. */
  retire(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.client.destroy();
    this.#dropUpstream();
    this.#settle();
    const { telemetry } = this.#engine;
    telemetry.connectionsOpen--;
    telemetry.dirty = true;
    this.#engine.deadlines.unwatch(this);
    this.generation.remove(this);
  }

  onDeadline(): void {
    if (this.#connected) {
      this.#log('info', 'connection timed out');
      this.close();
    } else this.#failed('upstream timed out while connecting to upstream');
  }

  variable(name: string): string {
    switch (name) {
      case 'remote_addr':
      case 'realip_remote_addr':
        return this.origin.remoteAddress;
      case 'remote_port':
      case 'realip_remote_port':
        return String(this.origin.remotePort);
      case 'server_addr':
        return this.origin.localAddress;
      case 'server_port':
        return String(this.origin.localPort);
      case 'connection':
        return String(this.serial);
      case 'protocol':
        return 'TCP';
      case 'binary_remote_addr':
        return String.fromCharCode(...this.origin.remoteAddress.split('.').map(Number));
      default:
        return '';
    }
  }

  #tryNext(): void {
    const choice = this.#selection.next();
    if (choice === null) {
      this.#log('error', 'no live upstreams while connecting to upstream');
      this.close();
      return;
    }
    const peer = this.#site.siteOf(choice.peer);
    this.#peer = peer;
    this.#tries++;
    this.deadlineAt = this.#engine.clock.now() + this.plan.connectTimeoutMs;
    const upstream = connect({ host: peer.host, port: peer.port, noDelay: true, allowHalfOpen: true });
    this.#upstream = upstream;
    const { decision } = choice;
    upstream.once('connect', () => {
      if (this.#upstream !== upstream) return;
      if (decision !== null) {
        this.#engine.telemetry.decided({ request: null, upstreamPort: upstream.localPort ?? null, decision });
      }
      this.#onConnect(upstream, peer);
    });
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#upstream !== upstream) return;
      if (this.#connected) this.close();
      else
        this.#failed(
          `${error.syscall ?? 'connect'}() failed (${error.code ?? error.message}) while connecting to upstream`,
        );
    });
    upstream.on('close', () => {
      if (this.#upstream === upstream && this.#connected) this.close();
    });
  }

  #failed(text: string): void {
    const peer = this.#peer;
    if (peer === null) return;
    this.#log('error', text);
    this.#dropUpstream();
    this.#peer = null;
    peer.counter.failures++;
    this.#engine.telemetry.dirty = true;
    this.#selection.failed(peer.peer);
    const { enabled, timeoutMs } = this.plan.nextUpstream;
    const inTime = timeoutMs === 0 || this.#engine.clock.now() - this.#startedAt < timeoutMs;
    if (enabled && inTime && this.#selection.triesLeft > 0) this.#tryNext();
    else this.close();
  }

  #onConnect(upstream: Socket, peer: PeerSite): void {
    this.#connected = true;
    this.#connectMs = this.#engine.clock.now() - this.#startedAt;
    this.#selection.connected(peer.peer);
    peer.counter.connectionsOpened++;
    peer.counter.connectionsOpen++;
    this.#engine.telemetry.dirty = true;
    this.#touch();
    if (this.plan.proxyProtocol) upstream.write(proxyHeader(this.origin), 'latin1');
    this.#pump(this.client, upstream);
    this.#pump(upstream, this.client);
    this.client.on('end', () => {
      this.#clientEnded = true;
      this.#onSideEnded(upstream);
    });
    upstream.on('end', () => {
      this.#serverEnded = true;
      this.#onSideEnded(this.client);
    });
    this.client.resume();
  }

  #pump(from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      this.#touch();
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      this.#touch();
      from.resume();
    });
  }

  /** `other` gets what is still on the way to it; with proxy_half_close off it is then over for both, as in nginx. */
  #onSideEnded(other: Socket): void {
    if (this.#closed) return;
    if (this.plan.halfClose && !(this.#clientEnded && this.#serverEnded)) {
      other.end();
      return;
    }
    other.end(() => this.close());
  }

  #touch(): void {
    this.deadlineAt = this.#engine.clock.now() + this.plan.timeoutMs;
  }

  #dropUpstream(): void {
    const upstream = this.#upstream;
    this.#upstream = null;
    if (upstream === null) return;
    if (this.#connected && this.#peer !== null) this.#peer.counter.connectionsOpen--;
    upstream.destroy();
  }

  #settle(): void {
    const peer = this.#peer;
    this.#peer = null;
    if (peer === null) return;
    if (this.#connected) this.#selection.succeeded(peer.peer, this.#connectMs);
    else this.#selection.released(peer.peer);
  }

  #log(level: 'info' | 'error', text: string): void {
    const upstream = this.#peer === null ? '' : `, upstream: "${this.#peer.peer.address}"`;
    this.#engine.log(
      level,
      `*${this.serial} ${text}, client: ${this.origin.remoteAddress}, server: ${this.origin.localAddress}:${this.origin.localPort}${upstream}`,
    );
  }
}
