import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isIpv4, isIpv6, parseHostPort } from '../directives/address';
import { type ClientHello, readClientHello } from '../gateway/clientHello';
import { connectionVariable } from '../gateway/connectionVariables';
import { type ClientAddress, realIpFromProxy } from '../gateway/realIp';
import { binaryAddress } from '../gateway/variables';
import type { CapturingSource } from '../phases/lazyVariables';
import type { StreamServerPlan, UpstreamPlan } from '../plan';
import type { Template } from '../template';
import type { Timed } from './deadlines';
import type { Engine } from './engine';
import type { Client, Generation, Service } from './generation';
import { type ClientTls, type Origin, secured } from './origin';
import { TcpRelay } from './tcp';

const NEVER = Number.POSITIVE_INFINITY;
const NOTHING: Buffer = Buffer.alloc(0);
/** preread_buffer_size and preread_timeout. */
const PREREAD_BYTES = 16 * 1024;
const PREREAD_MS = 30_000;

/**
 * One connection through the L4 balancer, phase by phase as in nginx's stream module: who the client is (real_ip), limits,
 * TLS, a look at the first bytes (ssl_preread), and then on to a server.
 */
export class StreamSession implements Client, CapturingSource, Timed {
  deadlineAt = NEVER;
  readonly serial: number;
  readonly plan: StreamServerPlan;
  origin: Origin;
  #client: Socket;
  #hello: ClientHello | null = null;
  /** Who the client is by real_ip; null: the connection's own end. */
  #real: ClientAddress | null = null;
  #captures: RegExpExecArray | null = null;
  #lazy: Map<string, string> | null = null;
  #limitOutcome = '';
  #release: (() => void) | null = null;
  #relay: TcpRelay | null = null;
  #early = NOTHING;
  #closed = false;
  readonly #engine: Engine;
  readonly #startedAt: number;

  constructor(
    client: Socket,
    readonly generation: Generation,
    readonly service: Extract<Service, { kind: 'stream' }>,
    origin: Origin,
  ) {
    this.#client = client;
    this.plan = service.server;
    this.origin = origin;
    this.#engine = generation.engine;
    this.serial = this.#engine.nextSerial();
    this.#startedAt = this.#engine.clock.now();
    if (this.plan.realIpFrom.length > 0) this.#real = realIpOf(this.plan.realIpFrom, origin);
    this.#engine.deadlines.watch(this);
    const close = () => this.close();
    client.on('error', close);
    client.on('close', close);
    generation.add(this);
    this.#limit();
  }

  get remoteAddress(): string {
    return this.#real?.address ?? this.origin.remoteAddress;
  }

  get remotePort(): number {
    return this.#real?.port ?? this.origin.remotePort;
  }

  /** A connection is bound for as long as it lasts; a reload waits for it, as nginx's old workers do. */
  retire(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#client.destroy();
    this.#relay?.close();
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
    this.close();
  }

  captured(match: RegExpExecArray): void {
    this.#captures = match;
  }

  variable(name: string): string {
    const own = connectionVariable(name, this.origin) ?? this.#ownVariable(name);
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
    return (Number.isInteger(index) ? this.#captures?.[index] : this.#captures?.groups?.[name]) ?? '';
  }

  log(level: 'info' | 'warn' | 'error', text: string): void {
    const address = this.#relay?.upstreamAddress ?? '';
    const { localAddress, localPort } = this.origin;
    this.#engine.log(
      level,
      `*${this.serial} ${text}, client: ${this.remoteAddress}, server: ${localAddress}:${localPort}` +
        `${address === '' ? '' : `, upstream: "${address}"`}`,
      this.service.server.errorLogs,
    );
  }

  #ownVariable(name: string): string | undefined {
    switch (name) {
      case 'remote_addr':
        return this.remoteAddress;
      case 'remote_port':
        return this.remotePort === 0 ? '' : String(this.remotePort);
      case 'binary_remote_addr':
        return binaryAddress(this.remoteAddress);
      case 'server_addr':
        return this.origin.localAddress;
      case 'server_port':
        return String(this.origin.localPort);
      case 'connection':
        return String(this.serial);
      case 'protocol':
        return 'TCP';
      case 'pid':
        return String(process.pid);
      case 'limit_conn_status':
        return this.#limitOutcome;
      case 'session_time':
        return ((this.#engine.clock.now() - this.#startedAt) / 1000).toFixed(3);
      case 'upstream_addr':
        return this.#relay?.upstreamAddress ?? '';
      case 'ssl_preread_server_name':
        return this.#hello?.serverName ?? '';
      case 'ssl_preread_protocol':
        return this.#hello?.protocol ?? '';
      case 'ssl_preread_alpn_protocols':
        return this.#hello?.alpnProtocols ?? '';
    }
    return undefined;
  }

  #limit(): void {
    const { limitConns, limitConnDryRun } = this.plan;
    const log = (level: 'error' | 'warn', text: string) => this.log(level, text);
    const verdict = this.#engine.streamLimits.connection(limitConns, limitConnDryRun, this, log);
    this.#limitOutcome = verdict.outcome ?? '';
    if (verdict.kind === 'refuse') {
      this.close();
      return;
    }
    this.#release = verdict.release;
    this.#secure();
  }

  #secure(): void {
    const { terminator } = this.service;
    if (terminator === null) {
      this.#preread();
      return;
    }
    this.#client.pause();
    terminator.shake(this.#client, {
      secured: (socket, tls) => this.#secured(socket, tls),
      failed: (reason) => {
        this.log('info', `SSL_do_handshake() failed (SSL: ${reason}) while SSL handshaking`);
        this.close();
      },
    });
  }

  #secured(socket: TLSSocket, tls: ClientTls): void {
    this.#client = socket;
    this.origin = secured(this.origin, tls);
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
    if (this.#closed) socket.destroy();
    else this.#preread();
  }

  #preread(): void {
    if (!this.plan.sslPreread) {
      this.#pass();
      return;
    }
    const client = this.#client;
    this.deadlineAt = this.#engine.clock.now() + PREREAD_MS;
    const stop = () => {
      client.removeListener('data', onData);
      client.removeListener('end', onEnd);
      client.pause();
      this.deadlineAt = NEVER;
    };
    const onEnd = () => this.close();
    const onData = (chunk: Buffer) => {
      this.#early = Buffer.concat([this.#early, chunk]);
      const reading = readClientHello(this.#early);
      if (reading.kind === 'more') {
        if (this.#early.length < PREREAD_BYTES) return;
        this.log('error', 'preread buffer full');
        stop();
        this.close();
        return;
      }
      if (reading.kind === 'hello') this.#hello = reading.hello;
      stop();
      this.#pass();
    };
    client.on('data', onData);
    client.on('end', onEnd);
    client.resume();
  }

  #pass(): void {
    const { proxyPass, dynamicPass } = this.plan;
    const upstream = dynamicPass === null ? proxyPass : this.#upstreamOf(dynamicPass);
    if (upstream === null) {
      this.close();
      return;
    }
    this.#relay = new TcpRelay(this, this.#client, upstream, this.#early);
    this.#relay.start();
  }

  /** Where the variables of proxy_pass lead (ngx_stream_proxy_eval); null, and logged: nowhere. */
  #upstreamOf(pass: Template): UpstreamPlan | null {
    const text = pass.evaluate(this);
    const address = parseHostPort(text);
    if (!address.ok) {
      this.log('error', `${address.error.text} in upstream "${text}"`);
      return null;
    }
    const { host, port, ipv6 } = address.value;
    const named = this.generation.plan.stream?.upstreams.find(({ name }) => name.toLowerCase() === text.toLowerCase());
    if (named !== undefined) return named;
    if (port === null) {
      this.log('error', `no port in upstream "${host}"`);
      return null;
    }
    if (ipv6 ? isIpv6(host) : isIpv4(host)) return this.generation.literalUpstream(host, port);
    this.log('error', `no resolver defined to resolve ${host}`);
    return null;
  }
}

function realIpOf(from: StreamServerPlan['realIpFrom'], origin: Origin): ClientAddress | null {
  const { proxied } = origin;
  if (proxied === null) return null;
  const own = { address: origin.remoteAddress, port: origin.remotePort };
  return realIpFromProxy(from, own, { address: proxied.remoteAddress, port: proxied.remotePort });
}
