import { connect, isIP, type Socket } from 'node:net';
import type { StreamServerPlan, UpstreamPlan } from '../plan';
import type { Selection } from '../upstream';
import type { Engine, PeerSite, UpstreamSite } from './engine';
import { proxyHeader } from './proxyProtocol';
import { ReadBuffer } from './readBuffer';
import { newAttempt, type StreamAttempt } from './streamAttempts';
import type { StreamSession } from './streamSession';
import { failedCall } from './systemError';
import { handshakeFailure, readyEvent, type SecureTarget, secureOver } from './tlsUpstream';

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
  readonly attempts: StreamAttempt[] = [];
  readonly #engine: Engine;
  readonly #plan: StreamServerPlan;
  readonly #site: UpstreamSite;
  readonly #selection: Selection;
  readonly #startedAt: number;
  /** Null: servers are spoken to in the clear. */
  readonly #secure: SecureTarget | null;
  #upstream: Socket | null = null;
  #buffer: ReadBuffer | null = null;
  #peer: PeerSite | null = null;
  #attempt: StreamAttempt | null = null;
  #connected = false;
  #closed = false;
  #clientEnded = false;
  #serverEnded = false;
  #serverStalled = false;
  #clientWrites = 0;
  #upstreamWrites = 0;
  #bytesToServer = 0;
  #bytesFromServer = 0;

  /** `early`: what was read of the client so far. */
  constructor(
    readonly session: StreamSession,
    readonly client: Socket,
    upstream: UpstreamPlan,
    public early: Buffer,
    secure: SecureTarget | null,
  ) {
    this.#secure = secure;
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

  /** Of the peer that was tried last; ''. */
  get upstreamAddress(): string {
    return this.#attempt?.address ?? '';
  }

  /** As nginx's log lines end. */
  get countsText(): string {
    const { bytesReceived, bytesSent } = this.session;
    const { received, sent } = this.#upstreamBytes();
    return `, bytes from/to client:${bytesReceived}/${bytesSent}, bytes from/to upstream:${received}/${sent}`;
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

  /** The client's connection broke, or is closed. What it had said still goes to the server. */
  onClientGone(error: NodeJS.ErrnoException | null): void {
    if (this.#closed) return;
    if (error !== null) {
      this.session.log(
        'info',
        `${failedCall(error)} while ${this.#connected ? 'proxying and reading from client' : 'connecting to upstream'}`,
      );
    }
    this.#clientEnded = true;
    if (this.#connected && this.#upstream !== null) this.#endThenClose(this.#upstream);
    else this.session.finish(200);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endAttempt();
    this.#dropUpstream();
    this.#settle();
  }

  onDeadline(): void {
    if (this.#connected) {
      this.session.log('info', 'connection timed out (110: Connection timed out) while proxying connection');
      this.session.finish(200);
    } else this.#failed('upstream timed out (110: Connection timed out) while connecting to upstream');
  }

  #tryNext(): void {
    const choice = this.#selection.next();
    const now = this.#engine.clock.now();
    const attempt = newAttempt(choice?.peer.address ?? this.#site.plan.name, now);
    this.#attempt = attempt;
    this.attempts.push(attempt);
    if (choice === null) {
      this.session.log('error', 'no live upstreams while connecting to upstream');
      this.session.finish(502);
      return;
    }
    const peer = this.#site.siteOf(choice.peer);
    this.#peer = peer;
    this.session.deadlineAt = now + this.#plan.connectTimeoutMs;
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
    const secure = this.#secure;
    const socket = connect({
      host,
      port,
      ...this.#from(),
      allowHalfOpen: true,
      ...(secure === null ? { onread } : {}),
    });
    const { decision } = choice;
    const noteDecision = () => {
      if (decision === null || this.#closed) return;
      this.#engine.telemetry.decided({ request: null, upstreamPort: socket.localPort ?? null, decision });
    };
    const upstream = secure === null ? socket : this.#secureOver(socket, peer, secure);
    this.#upstream = upstream;
    upstream.once(readyEvent(secure), () => {
      if (this.#upstream !== upstream) return;
      noteDecision();
      this.#onConnect(upstream, peer);
    });
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#upstream !== upstream) return;
      if (this.#connected) this.#onServerGone(error);
      else if (error.syscall === undefined)
        this.#failed(`${handshakeFailure(error)} while SSL handshaking to upstream`);
      else this.#failed(`${failedCall(error)} while connecting to upstream`);
    });
    upstream.on('close', () => {
      if (this.#upstream === upstream && this.#connected) this.#onServerGone(null);
    });
  }

  /** proxy_bind; what is no address is passed over (ngx_stream_proxy_set_local). */
  #from(): { readonly localAddress?: string } {
    const text = this.#plan.bind?.evaluate(this.session).replace(/^\[(.*)\]$/, '$1') ?? '';
    if (text === '') return {};
    if (isIP(text) > 0) return { localAddress: text };
    this.session.log('error', `invalid local address "${text}" while connecting to upstream`);
    return {};
  }

  /** A PROXY header goes before the handshake (ngx_stream_proxy_send_proxy_protocol), which has as much time as connecting. */
  #secureOver(socket: Socket, peer: PeerSite, secure: SecureTarget): Socket {
    if (this.#plan.proxyProtocol) {
      const header = this.#proxyHeader();
      this.#bytesToServer += header.length;
      socket.write(header);
    }
    socket.once('connect', () => {
      if (!this.#closed) this.session.deadlineAt = this.#engine.clock.now() + this.#plan.connectTimeoutMs;
    });
    const upstream = secureOver(socket, peer, secure);
    upstream.on('data', (bytes: Buffer) => {
      if (!this.#onServerData(bytes.length, bytes)) upstream.pause();
    });
    return upstream;
  }

  #proxyHeader(): Buffer {
    const { origin, remoteAddress, remotePort } = this.session;
    const { localAddress, localPort } = origin;
    return Buffer.from(proxyHeader({ remoteAddress, remotePort, localAddress, localPort }), 'latin1');
  }

  #failed(text: string): void {
    const peer = this.#peer;
    if (peer === null) return;
    this.session.log('error', text);
    this.#endAttempt();
    this.#dropUpstream();
    this.#peer = null;
    peer.counter.failures++;
    this.#engine.telemetry.dirty = true;
    this.#selection.failed(peer.peer);
    const { enabled, timeoutMs } = this.#plan.nextUpstream;
    const inTime = timeoutMs === 0 || this.#engine.clock.now() - this.#startedAt < timeoutMs;
    if (enabled && inTime && this.#selection.triesLeft > 0) this.#tryNext();
    else this.session.finish(502);
  }

  #onConnect(upstream: Socket, peer: PeerSite): void {
    this.#connected = true;
    if (this.#attempt !== null) this.#attempt.connectedAt = this.#engine.clock.now();
    this.#selection.connected(peer.peer);
    peer.counter.connectionsOpened++;
    peer.counter.connectionsOpen++;
    this.#engine.telemetry.dirty = true;
    this.session.logInfo(
      () => `proxy ${upstream.localAddress}:${upstream.localPort} connected to ${peer.peer.address}`,
    );
    this.#touch();
    upstream.on('end', () => {
      this.#serverEnded = true;
      this.#onSideEnded(this.client);
    });
    const { early } = this;
    this.early = NOTHING;
    if (this.#plan.proxyProtocol && this.#secure === null) {
      this.#toServer(Buffer.concat([this.#proxyHeader(), early]), upstream);
    } else if (early.length > 0) this.#toServer(early, upstream);
    if (upstream.writableLength === 0) this.client.resume();
    if (this.#clientEnded) this.#onSideEnded(upstream);
  }

  #onClientData(chunk: Buffer): void {
    this.session.bytesReceived += chunk.length;
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
    this.#bytesToServer += chunk.length;
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
    const { client, session } = this;
    if (this.#attempt !== null && this.#bytesFromServer === 0) this.#attempt.firstByteAt = this.#engine.clock.now();
    this.#bytesFromServer += length;
    session.bytesWritten += length;
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

  /** The server's connection broke, or is closed: as nginx takes it, what it had said still goes to the client. */
  #onServerGone(error: NodeJS.ErrnoException | null): void {
    if (this.#closed) return;
    if (error !== null) this.session.log('error', `${failedCall(error)} while proxying and reading from upstream`);
    this.#serverEnded = true;
    this.#endThenClose(this.client);
  }

  /** `other` gets what is still on the way to it; with proxy_half_close off it is then over for both, as in nginx. */
  #onSideEnded(other: Socket): void {
    if (this.#closed) return;
    if (this.#plan.halfClose && !(this.#clientEnded && this.#serverEnded)) {
      other.end();
      return;
    }
    this.#endThenClose(other);
  }

  #endThenClose(other: Socket): void {
    const over = () => {
      if (this.#closed) return;
      this.session.logInfo(() => `${other === this.client ? 'upstream' : 'client'} disconnected${this.countsText}`);
      this.session.finish(200);
    };
    // Closing says the same as ending first, with fewer calls. Only TLS has a goodbye of its own.
    const isTls = other === this.client ? this.session.origin.tls !== null : this.#secure !== null;
    if (other.destroyed || (other.writableLength === 0 && !isTls)) over();
    else other.end(over);
  }

  #touch(): void {
    this.session.deadlineAt = this.#engine.clock.now() + this.#plan.timeoutMs;
  }

  #upstreamBytes(): { readonly received: number; readonly sent: number } {
    const waiting = this.#connected ? (this.#upstream?.writableLength ?? 0) : 0;
    return { received: this.#bytesFromServer, sent: this.#bytesToServer - waiting };
  }

  #endAttempt(): void {
    const attempt = this.#attempt;
    if (attempt === null || attempt.endedAt >= 0) return;
    attempt.endedAt = this.#engine.clock.now();
    const { received, sent } = this.#upstreamBytes();
    attempt.bytesReceived = received;
    attempt.bytesSent = sent;
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
    const { connectedAt = -1 } = this.#attempt ?? {};
    if (connectedAt >= 0) this.#selection.succeeded(peer.peer, connectedAt - this.#startedAt);
    else this.#selection.released(peer.peer);
  }
}
