import type { HeaderList } from '../gateway/headers';
import type { RequestFacts } from '../gateway/variables';
import { enter } from '../phases/enter';
import { exchangeVariable } from '../phases/exchangeVariables';
import type { HttpHandler, HttpServerPlan, HttpSettings, LocationPlan } from '../plan';
import type { VariableSource } from '../template';
import { addHeaders, finish } from './answers';
import type { ClientConnection, Downstream, RequestHead } from './call';
import type { Content } from './content';
import type { Generation, Service } from './generation';
import { RequestBody } from './requestBody';
import type { UpstreamHistory } from './upstreamHistory';

type HttpService = Extract<Service, { kind: 'http' }>;

const HEALTH_CHECK = '/grpc.health.v1.Health/Check';
/** RFC 9113, section 7. */
const CANCEL = 8;

/**
 * One request from its head to the end of its response, between a client of any protocol and whatever answers it. What
 * is known of the request stands here; the phases (src/balancer/phases) decide what becomes of it, its Content answers.
 */
export class Exchange implements VariableSource, RequestFacts {
  /** GET or HEAD once an error page is on its way. */
  method: string;
  readonly target: string;
  readonly protocol: string;
  readonly host: string;
  readonly headers: HeaderList;
  readonly body: RequestBody;
  path = '';
  args = '';
  /** The response is complete or given up; the request may still be coming in. */
  done = false;

  server: HttpServerPlan;
  settings: HttpSettings;
  handler: HttpHandler;
  location: LocationPlan | null = null;
  captures: RegExpExecArray | null = null;
  /** Counts the locations entered: what was begun for an earlier one has nothing to say any more. */
  visit = 0;
  content: Content | null = null;
  history: UpstreamHistory | null = null;
  /** It had to wait for something and goes on now: whoever sends flushes. */
  resumed = false;

  readonly startedAt: number;
  /** Health checks of gRPC clients are no requests of anybody's. */
  readonly counted: boolean;
  /** Value of the header that asks for a decision trace; null: none. */
  traceId: string | null = null;

  /** 0: none yet. */
  status = 0;
  headSent = false;

  constructor(
    readonly generation: Generation,
    readonly service: HttpService,
    readonly client: ClientConnection,
    readonly downstream: Downstream,
    readonly head: RequestHead,
  ) {
    this.method = head.method;
    this.target = head.target;
    this.protocol = head.protocol;
    this.host = head.host;
    this.headers = head.headers;
    this.body = new RequestBody(head.bodyLength);
    this.startedAt = generation.engine.clock.now();
    this.server = service.defaultServer;
    this.settings = service.defaultServer.settings;
    this.handler = service.defaultServer.handler;
    this.counted = head.target !== HEALTH_CHECK;
  }

  get remoteAddress(): string {
    return this.client.remoteAddress;
  }
  get remotePort(): number {
    return this.client.remotePort;
  }
  get serverAddress(): string {
    return this.client.localAddress;
  }
  get serverPort(): number {
    return this.client.localPort;
  }
  get connectionSerial(): number {
    return this.client.serial;
  }
  get connectionRequests(): number {
    return this.client.requests;
  }

  /** Milliseconds on the clock's now() scale. */
  now(): number {
    return this.generation.engine.clock.now();
  }

  start(): void {
    const { engine } = this.generation;
    if (this.counted) engine.telemetry.requests++;
    engine.telemetry.dirty = true;
    if (engine.traceHeader !== null) this.traceId = this.headers.get(engine.traceHeader);
    enter(this);
  }

  // ── From the client ──────────────────────────────────────────────────────────────────────────────────────────────

  onRequestBody(chunk: Buffer): void {
    const { body } = this;
    body.received += chunk.length;
    if (this.done) return;
    const limit = this.settings.clientMaxBodySize;
    if (limit > 0 && body.received > limit) {
      this.logError('error', `client intended to send too large chunked body: ${body.received} bytes`);
      this.#refuse(413);
      return;
    }
    if (!this.settings.passRequestBody) return;
    body.keep(chunk);
    if (body.holding) {
      if (body.kept === null) this.#refuse(413);
      return;
    }
    if (this.content?.writeBody(chunk) === false) this.downstream.pauseBody();
  }

  onRequestEnd(): void {
    this.body.complete = true;
    if (!this.done) this.content?.endBody();
  }

  /** All that came at once has been given on. */
  onRequestPause(): void {
    this.content?.flush();
  }

  /** The body turned out bad: no server may take it for complete. */
  onRequestBad(status: number, reason: string): void {
    if (this.done) return;
    this.logError('info', `client ${reason}`);
    this.#refuse(status);
  }

  onDownstreamDrain(): void {
    this.content?.resume();
  }

  /** The client went away, or reset its stream. */
  onClientGone(): void {
    if (this.done) return;
    this.status = 499;
    this.logError('info', 'client prematurely closed connection');
    this.#end();
  }

  // ── To the client ────────────────────────────────────────────────────────────────────────────────────────────────

  /** As Downstream.sendHead(), with what the location adds to every response. */
  sendHead(status: number, reason: string, headers: HeaderList, contentLength: number, bodyless: boolean): void {
    this.headSent = true;
    this.status = status;
    addHeaders(this, status, headers);
    this.downstream.sendHead(status, reason, headers, contentLength, bodyless);
  }

  /** False: wait for Content.resume(). */
  sendBody(chunk: Buffer): boolean {
    return this.downstream.sendBody(chunk);
  }

  sendEnd(trailers: HeaderList | null): void {
    this.content = null;
    this.done = true;
    this.downstream.sendEnd(trailers);
  }

  flush(): void {
    this.downstream.flush();
  }

  /** The response cannot be completed, or is not to be. `code` is HTTP/2's. */
  abort(code: number): void {
    this.#end();
    this.downstream.abort(code);
  }

  countOwnAnswer(): void {
    const { telemetry } = this.generation.engine;
    if (this.counted) telemetry.answeredItself++;
    telemetry.dirty = true;
  }

  /** The request is bad or too large while it comes in. */
  #refuse(status: number): void {
    if (this.headSent) {
      this.abort(CANCEL);
      return;
    }
    const { content } = this;
    this.content = null;
    content?.abort();
    this.downstream.willClose();
    finish(this, status);
  }

  #end(): void {
    const { content } = this;
    this.content = null;
    this.done = true;
    content?.abort();
  }

  // ── Variables and log ────────────────────────────────────────────────────────────────────────────────────────────

  variable(name: string): string {
    return exchangeVariable(name, this);
  }

  logError(level: 'error' | 'warn' | 'info', text: string, upstream = ''): void {
    this.generation.engine.log(
      level,
      `*${this.client.serial} ${text}, client: ${this.remoteAddress}, server: ${this.server.names[0]?.text ?? ''}, ` +
        `request: "${this.head.method} ${this.target} ${this.protocol}"` +
        `${upstream === '' ? '' : `, upstream: "${upstream}"`}, host: "${this.host}"`,
    );
  }
}
