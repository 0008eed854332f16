import { connect, type Socket } from 'node:net';
import type { StreamServerPlan, UpstreamPlan } from '../plan';
import type { Selection } from '../upstream';
import type { Engine, PeerSite, UpstreamSite } from './engine';
import { proxyHeader } from './proxyProtocol';
import { ReadBuffer } from './readBuffer';
import type { StreamSession } from './streamSession';

const NOTHING = Buffer.alloc(0);

/**
 * From which write on TCP_NODELAY is set. The first is never held back, as nothing is on the way yet (RFC 896), and
 * a short connection has no second.
 */
const NODELAY_FROM = 2;

/**
 * The content phase of a stream session (ngx_stream_proxy_module): a peer is chosen once, and bytes go both ways from
 * then on. Each side is read only as fast as the other takes it: nothing is read while a write to the other is under way,
 * so that what was read from the server can be written out of the memory that the next read fills.
 */
export class TcpRelay {
  readonly #engine: Engine;
  readonly #plan: StreamServerPlan;
  readonly #site: UpstreamSite;
  readonly #selection: Selection;
  readonly #startedAt: number;
  #upstream: Socket | null = null;
  #buffer: ReadBuffer | null = null;
  #peer: PeerSite | null = null;
  #connected = false;
  #connectMs = 0;
  #closed = false;
  #clientEnded = false;
  #serverEnded = false;
  #serverStalled = false;
  #clientWrites = 0;
  #upstreamWrites = 0;

  /** `early`: what was read of the client so far. */
  constructor(
    readonly session: StreamSession,
    readonly client: Socket,
    upstream: UpstreamPlan,
    public early: Buffer,
  ) {
    this.#engine = session.generation.engine;
    this.#plan = session.plan;
    this.#site = session.generation.upstream(upstream).site;
    this.#startedAt = this.#engine.clock.now();
    const { key } = this.#site.plan;
    this.#selection = this.#site.upstream.begin({
      get clientAddress() {
        return session.remoteAddress;
      },
      key: key === null ? '' : key.evaluate(session),
      traced: this.#engine.telemetry.hasRoomForDecisions,
      maxTries: this.#plan.nextUpstream.tries,
    });
  }

  /** Of the peer that is being tried or serves; ''. */
  get upstreamAddress(): string {
    return this.#peer?.peer.address ?? '';
  }

  start(): void {
    const { client } = this;
    client.on('data', (chunk: Buffer) => this.#onClientData(chunk));
    client.on('end', () => {
      this.#clientEnded = true;
      if (this.#connected && this.#upstream !== null) this.#onSideEnded(this.#upstream);
    });
    this.#tryNext();
    if (!this.#closed) client.resume();
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
    const buffer = new ReadBuffer();
    this.#buffer = buffer;
    const onread = {
      buffer: () => buffer.current,
      callback: (length: number, bytes: Uint8Array) => {
        buffer.took(length);
        return this.#onServerData(length, bytes);
      },
    };
    const { host, port } = peer;
    const upstream = connect({ host, port, allowHalfOpen: true, onread });
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
    upstream.on('end', () => {
      this.#serverEnded = true;
      this.#onSideEnded(this.client);
    });
    const { early } = this;
    this.early = NOTHING;
    if (this.#plan.proxyProtocol) {
      const { origin, remoteAddress, remotePort } = this.session;
      const { localAddress, localPort } = origin;
      const header = Buffer.from(proxyHeader({ remoteAddress, remotePort, localAddress, localPort }), 'latin1');
      this.#toServer(Buffer.concat([header, early]), upstream);
    } else if (early.length > 0) this.#toServer(early, upstream);
    if (upstream.writableLength === 0) this.client.resume();
    if (this.#clientEnded) this.#onSideEnded(upstream);
  }

  #onClientData(chunk: Buffer): void {
    const upstream = this.#upstream;
    if (upstream === null || !this.#connected) {
      this.early = this.early.length === 0 ? chunk : Buffer.concat([this.early, chunk]);
      this.client.pause();
      return;
    }
    this.#touch();
    this.#toServer(chunk, upstream);
    if (upstream.writableLength > 0) this.client.pause();
  }

  #toServer(chunk: Buffer, upstream: Socket): void {
    this.#upstreamWrites++;
    if (this.#upstreamWrites === NODELAY_FROM) upstream.setNoDelay(true);
    upstream.write(chunk, this.#onWrittenToServer);
  }

  readonly #onWrittenToServer = (): void => {
    if (this.#closed || !this.client.isPaused()) return;
    this.#touch();
    this.client.resume();
  };

  /** False: no more until the client has taken this. */
  #onServerData(length: number, { buffer, byteOffset }: Uint8Array): boolean {
    if (this.#closed) return false;
    this.#touch();
    const { client } = this;
    this.#clientWrites++;
    if (this.#clientWrites === NODELAY_FROM) client.setNoDelay(true);
    client.write(Buffer.from(buffer, byteOffset, length), this.#onWrittenToClient);
    this.#serverStalled = client.writableLength > 0;
    return !this.#serverStalled;
  }

  readonly #onWrittenToClient = (): void => {
    if (this.#closed || !this.#serverStalled) return;
    this.#serverStalled = false;
    this.#touch();
    this.#upstream?.resume();
  };

  /** `other` gets what is still on the way to it; with proxy_half_close off it is then over for both, as in nginx. */
  #onSideEnded(other: Socket): void {
    if (this.#closed) return;
    if (this.#plan.halfClose && !(this.#clientEnded && this.#serverEnded)) {
      other.end();
      return;
    }
    // Closing says the same as ending first, with fewer calls. Only TLS has a goodbye of its own.
    if (other.writableLength === 0 && (other !== this.client || this.session.origin.tls === null)) this.session.close();
    else other.end(() => this.session.close());
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
    // What the client has not taken yet is still written out of it.
    if (this.client.writableLength === 0) this.#buffer?.release();
    this.#buffer = null;
  }

  #settle(): void {
    const peer = this.#peer;
    this.#peer = null;
    if (peer === null) return;
    if (this.#connected) this.#selection.succeeded(peer.peer, this.#connectMs);
    else this.#selection.released(peer.peer);
  }
}
