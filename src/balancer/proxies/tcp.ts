import { connect, type Socket } from 'node:net';
import type { StreamServerPlan, UpstreamPlan } from '../plan';
import type { Selection } from '../upstream';
import type { Engine, PeerSite, UpstreamSite } from './engine';
import { proxyHeader } from './proxyProtocol';
import type { StreamSession } from './streamSession';

/**
 * The content phase of a stream session (ngx_stream_proxy_module): a peer is chosen once, and bytes go both ways from
 * then on. Each side is read only as fast as the other takes it.
 */
export class TcpRelay {
  readonly #engine: Engine;
  readonly #plan: StreamServerPlan;
  readonly #site: UpstreamSite;
  readonly #selection: Selection;
  readonly #startedAt: number;
  #upstream: Socket | null = null;
  #peer: PeerSite | null = null;
  #connected = false;
  #connectMs = 0;
  #closed = false;
  #clientEnded = false;
  #serverEnded = false;

  /** `early`: what was read of the client before. */
  constructor(
    readonly session: StreamSession,
    readonly client: Socket,
    upstream: UpstreamPlan,
    readonly early: Buffer,
  ) {
    this.#engine = session.generation.engine;
    this.#plan = session.plan;
    this.#site = session.generation.upstream(upstream).site;
    this.#startedAt = this.#engine.clock.now();
    const { key } = this.#site.plan;
    this.#selection = this.#site.upstream.begin({
      clientAddress: session.remoteAddress,
      key: key === null ? '' : key.evaluate(session),
      traced: true,
      maxTries: this.#plan.nextUpstream.tries,
    });
  }

  /** Of the peer that is being tried or serves; ''. */
  get upstreamAddress(): string {
    return this.#peer?.peer.address ?? '';
  }

  start(): void {
    this.#tryNext();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dropUpstream();
    this.#settle();
  }

  onDeadline(): void {
    if (this.#connected) {
      this.session.log('info', 'connection timed out');
      this.session.close();
    } else this.#failed('upstream timed out while connecting to upstream');
  }

  #tryNext(): void {
    const choice = this.#selection.next();
    if (choice === null) {
      this.session.log('error', 'no live upstreams while connecting to upstream');
      this.session.close();
      return;
    }
    const peer = this.#site.siteOf(choice.peer);
    this.#peer = peer;
    this.session.deadlineAt = this.#engine.clock.now() + this.#plan.connectTimeoutMs;
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
      if (this.#connected) this.session.close();
      else
        this.#failed(
          `${error.syscall ?? 'connect'}() failed (${error.code ?? error.message}) while connecting to upstream`,
        );
    });
    upstream.on('close', () => {
      if (this.#upstream === upstream && this.#connected) this.session.close();
    });
  }

  #failed(text: string): void {
    const peer = this.#peer;
    if (peer === null) return;
    this.session.log('error', text);
    this.#dropUpstream();
    this.#peer = null;
    peer.counter.failures++;
    this.#engine.telemetry.dirty = true;
    this.#selection.failed(peer.peer);
    const { enabled, timeoutMs } = this.#plan.nextUpstream;
    const inTime = timeoutMs === 0 || this.#engine.clock.now() - this.#startedAt < timeoutMs;
    if (enabled && inTime && this.#selection.triesLeft > 0) this.#tryNext();
    else this.session.close();
  }

  #onConnect(upstream: Socket, peer: PeerSite): void {
    this.#connected = true;
    this.#connectMs = this.#engine.clock.now() - this.#startedAt;
    this.#selection.connected(peer.peer);
    peer.counter.connectionsOpened++;
    peer.counter.connectionsOpen++;
    this.#engine.telemetry.dirty = true;
    this.#touch();
    const { client, session } = this;
    if (this.#plan.proxyProtocol) {
      const { remoteAddress, remotePort } = session;
      upstream.write(proxyHeader({ ...session.origin, remoteAddress, remotePort }), 'latin1');
    }
    if (this.early.length > 0) upstream.write(this.early);
    this.#pump(client, upstream);
    this.#pump(upstream, client);
    client.on('end', () => {
      this.#clientEnded = true;
      this.#onSideEnded(upstream);
    });
    upstream.on('end', () => {
      this.#serverEnded = true;
      this.#onSideEnded(client);
    });
    client.resume();
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
    if (this.#plan.halfClose && !(this.#clientEnded && this.#serverEnded)) {
      other.end();
      return;
    }
    other.end(() => this.session.close());
  }

  #touch(): void {
    this.session.deadlineAt = this.#engine.clock.now() + this.#plan.timeoutMs;
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
}
