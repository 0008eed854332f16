import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isWithin } from '../gateway/addressRange';
import { type ClientHello, readClientHello } from '../gateway/clientHello';
import { type ClientAddress, realIpFromProxy } from '../gateway/realIp';
import type { CapturingSource } from '../phases/lazyVariables';
import type { StreamServerPlan } from '../plan';
import type { Template } from '../template';
import type { Timed } from './deadlines';
import type { Engine } from './engine';
import { readFirstBytes } from './firstBytes';
import type { Client, Generation, Service } from './generation';
import { type ClientTls, OpenSocketOrigin, type Origin, originOf, secured } from './origin';
import { PROXY_LINE_BYTES, parseProxyHeader } from './proxyProtocol';
import type { StreamAttempt } from './streamAttempts';
import { secureTarget, upstreamOf } from './streamTarget';
import { streamVariable } from './streamVariables';
import { TcpRelay } from './tcp';

const NEVER = Number.POSITIVE_INFINITY;
const NOTHING: Buffer = Buffer.alloc(0);
const NO_ATTEMPTS: readonly StreamAttempt[] = [];
/** ngx_stream_return_write_handler() waits for so long, ms. */
const RETURN_MS = 5_000;

/** `$status` of a session (ngx_stream_core_module). */
export type StreamStatus = 200 | 400 | 403 | 500 | 502 | 503;

/**
 * One connection through the L4 balancer, phase by phase as in nginx's stream module: a PROXY header, who the client is
 * (real_ip), limits, access, TLS, a look at the first bytes (ssl_preread), and then on to a server.
 */
export class StreamSession implements Client, CapturingSource, Timed {
  deadlineAt = NEVER;
  readonly serial: number;
  readonly plan: StreamServerPlan;
  readonly startedAt: number;
  origin: Origin;
  /** 0: not over yet. */
  status: StreamStatus | 0 = 0;
  /** Of the client, but for what was only looked at, as nginx counts them. */
  bytesReceived = 0;
  /** To the client, those that wait among them. */
  bytesWritten = 0;
  limitOutcome = '';
  hello: ClientHello | null = null;
  /** A ClientHello had begun when the reading ended. */
  helloIsUnfinished = false;
  #client: Socket;
  /** Who the client is by real_ip; null: the connection's own end. */
  #real: ClientAddress | null = null;
  #captures: RegExpExecArray | null = null;
  #lazy: Map<string, string> | null = null;
  #release: (() => void) | null = null;
  #relay: TcpRelay | null = null;
  #early = NOTHING;
  /** How it ends if the client goes away now. */
  #statusIfGone: StreamStatus = 200;
  #awaitsHeader = false;
  readonly #engine: Engine;

  constructor(
    client: Socket,
    readonly generation: Generation,
    readonly service: Extract<Service, { kind: 'stream' }>,
  ) {
    this.#client = client;
    this.plan = service.server;
    this.#engine = generation.engine;
    // A socket that is closed knows its ends no more: whoever will be asked about them afterwards has to ask now.
    const isAskedLater = this.plan.accessLogs.length > 0 || this.#engine.logsInfo() || service.terminator !== null;
    this.origin = isAskedLater || service.proxyProtocol ? originOf(client) : new OpenSocketOrigin(client);
    this.serial = this.#engine.nextSerial();
    this.startedAt = this.#engine.clock.now();
    this.#engine.deadlines.watch(this);
    client.on('error', (error) => this.#onGone(error));
    client.on('close', () => this.#onGone(null));
    generation.add(this);
    this.logInfo(() => {
      const { remoteAddress, remotePort, localAddress, localPort } = this.origin;
      return `client ${ends(remoteAddress, remotePort)} connected to ${ends(localAddress, localPort)}`;
    });
    if (service.proxyProtocol) this.#readProxyHeader();
    else this.#begin();
  }

  get remoteAddress(): string {
    return this.#real?.address ?? this.origin.remoteAddress;
  }

  get remotePort(): number {
    return this.#real?.port ?? this.origin.remotePort;
  }

  get bytesSent(): number {
    return this.bytesWritten - this.#client.writableLength;
  }

  get attempts(): readonly StreamAttempt[] {
    return this.#relay?.attempts ?? NO_ATTEMPTS;
  }

  /** A connection is bound for as long as it lasts; a reload waits for it, as nginx's old workers do. */
  retire(graceMs: number): void {
    if (this.#awaitsHeader && graceMs <= 0) this.close();
  }

  close(): void {
    this.finish(200);
  }

  /** Ends it, and writes down how (ngx_stream_finalize_session). */
  finish(status: StreamStatus): void {
    if (this.status !== 0) return;
    this.status = status;
    this.#relay?.close();
    const { accessLogs } = this.plan;
    if (accessLogs.length > 0) this.generation.accessLogs.write(this, accessLogs);
    this.#client.destroy();
    this.#release?.();
    const { telemetry } = this.#engine;
    telemetry.connectionsOpen--;
    telemetry.dirty = true;
    this.#engine.deadlines.unwatch(this);
    this.generation.remove(this);
  }

  onDeadline(): void {
    if (this.#relay !== null) {
      this.#relay.onDeadline();
      return;
    }
    this.log('info', 'client timed out');
    this.finish(200);
  }

  captured(match: RegExpExecArray): void {
    this.#captures = match;
  }

  variable(name: string): string {
    return this.#valueOf(name) ?? '';
  }

  isDefined(name: string): boolean {
    return this.#valueOf(name) !== null;
  }

  #valueOf(name: string): string | null {
    const own = streamVariable(name, this);
    if (own !== undefined) return own;
    const lazy = this.generation.streamVariables?.get(name);
    if (lazy !== undefined) {
      const known = lazy.volatile ? undefined : this.#lazy?.get(name);
      if (known !== undefined) return known;
      const value = lazy.evaluate(this);
      this.#lazy ??= new Map();
      this.#lazy.set(name, value);
      return value;
    }
    const index = Number(name);
    return (Number.isInteger(index) ? this.#captures?.[index] : this.#captures?.groups?.[name]) ?? null;
  }

  log(level: 'info' | 'warn' | 'error', text: string): void {
    const { localAddress, localPort } = this.origin;
    const relay = this.#relay;
    const counts =
      relay === null
        ? ''
        : `${relay.upstreamAddress === '' ? '' : `, upstream: "${relay.upstreamAddress}"`}${relay.countsText}`;
    this.#engine.log(
      level,
      `*${this.serial} ${text}, client: ${this.remoteAddress}, server: ${localAddress}:${localPort}${counts}`,
      this.service.server.errorLogs,
    );
  }

  /** A line that says nothing but itself; its text is only made where somebody reads it. */
  logInfo(text: () => string): void {
    if (this.#engine.logsInfo()) this.#engine.log('info', `*${this.serial} ${text()}`);
  }

  /** For the access log. */
  logError(level: 'error', text: string): void {
    this.log(level, text);
  }

  #onGone(error: NodeJS.ErrnoException | null): void {
    if (this.#relay === null) this.finish(this.#statusIfGone);
    else this.#relay.onClientGone(error);
  }

  #readProxyHeader(): void {
    this.deadlineAt = this.#engine.clock.now() + this.plan.proxyProtocolTimeoutMs;
    this.#awaitsHeader = true;
    readFirstBytes(this.#client, (bytes, ended) => {
      const header = parseProxyHeader(bytes);
      if (header.kind === 'more' && !ended) return null;
      return () => {
        this.#awaitsHeader = false;
        this.deadlineAt = NEVER;
        if (header.kind !== 'header') {
          const [line = ''] = bytes.toString('latin1', 0, PROXY_LINE_BYTES).split(/[\r\n]/, 1);
          this.log('error', `broken header: "${line}" while reading PROXY protocol`);
          this.finish(400);
          return;
        }
        this.origin = originOf(this.#client, header.ends);
        if (bytes.length > header.length) this.#client.unshift(bytes.subarray(header.length));
        this.#begin();
      };
    });
  }

  #begin(): void {
    if (this.plan.realIpFrom.length > 0) this.#real = realIpOf(this.plan.realIpFrom, this.origin);
    const { limitConns, limitConnDryRun } = this.plan;
    const log = (level: 'error' | 'warn', text: string) => this.log(level, text);
    const verdict = this.#engine.streamLimits.connection(limitConns, limitConnDryRun, this, log);
    this.limitOutcome = verdict.outcome ?? '';
    if (verdict.kind === 'refuse') {
      this.finish(503);
      return;
    }
    this.#release = verdict.release;
    const rule = this.plan.accessRules.find(({ range }) => range === null || isWithin(this.remoteAddress, range));
    if (rule?.allows === false) {
      this.log('error', 'access forbidden by rule');
      this.finish(403);
      return;
    }
    this.#secure();
  }

  #secure(): void {
    const { terminator } = this.service;
    if (terminator === null) {
      this.#preread();
      return;
    }
    this.#client.pause();
    this.#statusIfGone = 500;
    terminator.shake(this.#client, {
      secured: (socket, tls) => this.#secured(socket, tls),
      failed: (reason) => {
        this.log('info', `SSL_do_handshake() failed (SSL: ${reason}) while SSL handshaking`);
        this.finish(500);
      },
    });
  }

  #secured(socket: TLSSocket, tls: ClientTls): void {
    if (this.status !== 0) {
      socket.destroy();
      return;
    }
    this.#client = socket;
    this.origin = secured(this.origin, tls);
    this.#statusIfGone = 200;
    socket.on('error', (error) => this.#onGone(error));
    socket.on('close', () => this.#onGone(null));
    this.#preread();
  }

  #preread(): void {
    if (!this.plan.sslPreread) {
      this.#pass();
      return;
    }
    const { prereadBufferSize, prereadTimeoutMs } = this.plan;
    this.deadlineAt = this.#engine.clock.now() + prereadTimeoutMs;
    readFirstBytes(this.#client, (bytes, ended) => {
      const reading = readClientHello(bytes.subarray(0, prereadBufferSize));
      const isFull = bytes.length >= prereadBufferSize;
      if (reading.kind === 'more' && !isFull && !ended) return null;
      return () => {
        this.deadlineAt = NEVER;
        if (reading.kind === 'more') {
          this.helloIsUnfinished = bytes.length > 0;
          if (isFull) this.log('error', 'preread buffer full while prereading client data');
          this.finish(isFull ? 400 : 200);
          return;
        }
        if (reading.kind === 'hello') this.hello = reading.hello;
        this.#early = bytes;
        this.#pass();
      };
    });
  }

  #pass(): void {
    const { proxyPass, dynamicPass, returns } = this.plan;
    if (returns !== null) {
      this.#return(returns);
      return;
    }
    const upstream = dynamicPass === null ? proxyPass : upstreamOf(this, dynamicPass);
    if (upstream === null) {
      this.finish(500);
      return;
    }
    this.#relay = new TcpRelay(this, this.#client, upstream, this.#early, secureTarget(this, upstream));
    this.#relay.start();
  }

  /** ngx_stream_return_module */
  #return(text: Template): void {
    const bytes = Buffer.from(text.evaluate(this), 'latin1');
    if (bytes.length === 0) {
      this.finish(200);
      return;
    }
    this.#statusIfGone = 500;
    this.deadlineAt = this.#engine.clock.now() + RETURN_MS;
    this.bytesWritten += bytes.length;
    const send = () => {
      if (this.status === 0) this.#client.end(bytes, () => this.finish(200));
    };
    // The session tickets come first: a client that has its answer may read no further.
    if (this.origin.tls === null) send();
    else this.#engine.clock.setTimeout(send, 0);
  }
}

function ends(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function realIpOf(from: StreamServerPlan['realIpFrom'], origin: Origin): ClientAddress | null {
  const { proxied } = origin;
  if (proxied === null) return null;
  const own = { address: origin.remoteAddress, port: origin.remotePort };
  return realIpFromProxy(from, own, { address: proxied.remoteAddress, port: proxied.remotePort });
}
