import type { Stage } from '../../measurement/snapshot';
import type { HeaderFields } from '../gateway/headers';
import { parseRequestUri } from '../gateway/requestUri';
import type { RequestFacts } from '../gateway/variables';
import { enter, enterNamed, enterServer } from '../phases/enter';
import { exchangeVariable } from '../phases/exchangeVariables';
import type { CapturingSource } from '../phases/lazyVariables';
import type { HttpHandler, HttpServerPlan, HttpSettings, LocationPlan } from '../plan';
import { finish } from './answers';
import type { ClientConnection, Downstream, RequestHead } from './call';
import { ClientResponse } from './clientResponse';
import type { Content } from './content';
import type { Generation, Service } from './generation';
import type { NamedServer } from './openCall';
import { RequestBody } from './requestBody';
import { subrequestHead } from './subrequestHead';
import type { UpstreamHistory } from './upstreamHistory';

type HttpService = Extract<Service, { kind: 'http' }>;

const HEALTH_CHECK = '/grpc.health.v1.Health/Check';
/** RFC 9113, section 7. */
const CANCEL = 8;

/**
 * One request from its head to the end of its response, between a client of any protocol and whatever answers it. What
 * is known of the request stands here; the phases (src/balancer/phases) decide what becomes of it, its Content answers.
 */
export class Exchange implements CapturingSource, RequestFacts {
  /** GET or HEAD once an error page is on its way. */
  method: string;
  readonly target: string;
  readonly protocol: string;
  readonly host: string;
  readonly headers: HeaderFields;
  readonly body: RequestBody;
  /** The client's, as real_ip has it. */
  remoteAddress: string;
  remotePort: number;
  isBelieved = false;
  path = '';
  args = '';
  /** `target` still says what is asked for; else `path` and `args` do. */
  isUnparsed = true;
  /** `path` is what the location was found by: what proxy_pass replaces and alias leaves out stands in it. */
  isLocationsOwn = true;
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
  destination: NamedServer | null = null;
  history: UpstreamHistory | null = null;
  /** It had to wait for something and goes on now: whoever sends flushes. */
  resumed = false;
  /** The client's request; itself unless this is a subrequest. */
  main: Exchange = this;
  /** Not as the client asked: `internal` locations are open to it. */
  internal = false;
  sawErrorPage = false;
  errorPagesEnded = false;
  /** Internal redirects it may still make (NGX_HTTP_MAX_URI_CHANGES). */
  redirectsLeft = 10;
  #paused = false;
  /** How far it has come ... */
  stage: Stage = 'route';
  /** ... and which stage would not let it through; null: none so far. */
  refusedBy: Stage | null = null;
  /** Values of limit_req_status and limit_conn_status; null: no limit was asked yet. */
  limitReqStatus: string | null = null;
  limitConnStatus: string | null = null;
  /** Gives back what limit_conn counted. */
  release: (() => void) | null = null;

  readonly startedAt: number;
  /** Health checks of gRPC clients are no requests of anybody's. */
  readonly counted: boolean;
  /** Value of the header that asks for a decision trace; null: none. */
  traceId: string | null = null;

  readonly response: ClientResponse;
  /** Of the request on the wire, without what of its body nobody wanted. */
  wireBytes: number;
  requestId = '';
  /** Variables that `set`, named captures and auth_request_set gave a value, and those worked out once. */
  values: Map<string, string> | null = null;
  #pending: (() => void) | null = null;

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
    this.remoteAddress = client.remoteAddress;
    this.remotePort = client.remotePort;
    this.body = new RequestBody(head.bodyLength);
    this.wireBytes = head.wireBytes;
    this.response = new ClientResponse(this);
    this.startedAt = generation.engine.clock.now();
    this.server = service.defaultServer;
    this.settings = service.defaultServer.settings;
    this.handler = service.defaultServer.handler;
    this.counted = head.target !== HEALTH_CHECK;
  }

  get serverAddress(): string {
    return this.client.localAddress;
  }
  get serverName(): string {
    return this.server.names[0]?.text ?? '';
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
    if (this.main !== this) {
      enterServer(this);
      return;
    }
    if (this.counted) {
      engine.telemetry.tookIn(this.service.declared);
      engine.telemetry.pipeline.moved('client', 'route');
    }
    engine.telemetry.dirty = true;
    if (engine.traceHeader !== null) this.traceId = this.headers.get(engine.traceHeader);
    enter(this);
  }

  /** Its head is bad: it is answered as such, by the default server, and logged. */
  refuseHead(status: number, reason: string): void {
    this.#takeTarget();
    const { telemetry } = this.generation.engine;
    telemetry.tookIn(this.service.declared);
    telemetry.pipeline.moved('client', 'route');
    this.body.discard();
    this.#toldBad(reason);
    finish(this, status);
  }

  /** The client said no more, or left: nobody is to be answered. */
  endHead(status: number, reason: string): void {
    this.#takeTarget();
    this.done = true;
    this.response.status = status;
    this.#toldBad(reason);
    this.settle();
  }

  /** What is known of a head that is no good. */
  #takeTarget(): void {
    const uri = this.target === '' ? null : parseRequestUri(this.target);
    if (uri === null) return;
    this.path = uri.path;
    this.args = uri.args;
  }

  #toldBad(reason: string): void {
    this.logError('info', `client ${reason} while reading client request ${this.method === '' ? 'line' : 'headers'}`);
  }

  /** As the client wrote it. */
  get requestLine(): string {
    const { line, method } = this.head;
    return line ?? `${method} ${this.target} ${this.protocol}`;
  }

  /** The client's own request, and still on the way that the file has for it. */
  get isOnItsWay(): boolean {
    return this.counted && this.main === this && !this.sawErrorPage;
  }

  /** It comes to the next stage. */
  reach(stage: Stage): void {
    if (!this.isOnItsWay || this.stage === stage) return;
    this.generation.engine.telemetry.pipeline.moved(this.stage, stage);
    this.stage = stage;
  }

  // ── For the phases ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Stays where it is until goOn(). `cancel`: the client went away meanwhile, or its request turned out bad. */
  waitFor(cancel: () => void): void {
    this.#pending = cancel;
    this.body.waiting = true;
    if (!this.body.complete) this.downstream.pauseBody();
  }

  goOn(next: (exchange: Exchange) => void): void {
    if (this.#pending === null || this.done) return;
    this.#pending = null;
    this.body.waiting = false;
    this.resumed = true;
    next(this);
    this.flushAll();
  }

  /** Both ways: somebody else answers now than who would have flushed. */
  flushAll(): void {
    this.content?.flush();
    this.flush();
  }

  /** As if the client had asked for this path; nginx calls it an internal redirect. */
  redirectTo(path: string, args: string): void {
    if (!this.mayRedirect(`internally redirecting to "${path}"`)) return;
    this.path = path;
    this.args = args;
    this.isUnparsed = false;
    this.internal = true;
    enterServer(this);
  }

  /** False: it goes round in circles, and is answered. */
  mayRedirect(what: string): boolean {
    if (this.redirectsLeft > 0) {
      this.redirectsLeft--;
      return true;
    }
    this.redirectsLeft = -1;
    this.logError('error', `rewrite or internal redirection cycle while ${what}`);
    finish(this, 500);
    return false;
  }

  /** Goes on in the named location, with path, method and body as they are. */
  goOnAt(name: string): void {
    if (!this.mayRedirect(`redirect to named location "${name}"`)) return;
    this.internal = true;
    enterNamed(this, name);
  }

  /** A request for another path on behalf of this one: same client and headers, no body, variables in common. */
  subrequest(path: string, downstream: Downstream): Exchange {
    const sub = new Exchange(this.generation, this.service, this.client, downstream, subrequestHead(this.head));
    sub.main = this;
    sub.internal = true;
    sub.isUnparsed = false;
    sub.server = this.server;
    sub.path = path;
    sub.remoteAddress = this.remoteAddress;
    sub.remotePort = this.remotePort;
    sub.isBelieved = true;
    sub.captures = this.captures;
    this.values ??= new Map();
    sub.values = this.values;
    return sub;
  }

  set(variable: string, value: string): void {
    if (variable === 'args') {
      this.args = value;
      this.isUnparsed = false;
      return;
    }
    this.values ??= new Map();
    this.values.set(variable, value);
  }

  captured(match: RegExpExecArray): void {
    this.captures = match;
    if (match.groups === undefined) return;
    for (const [name, value] of Object.entries(match.groups)) this.set(name, value ?? '');
  }

  // ── From the client ──────────────────────────────────────────────────────────────────────────────────────────────

  /** `wireBytes`: of the request so far. */
  onRequestBody(chunk: Buffer, wireBytes: number): void {
    const { body } = this;
    body.received += chunk.length;
    if (this.done || body.discarded) return;
    this.wireBytes = wireBytes;
    const limit = this.settings.clientMaxBodySize;
    if (limit > 0 && body.received > limit) {
      this.logError('error', `client intended to send too large chunked body: ${body.received} bytes`);
      this.#refuse(413);
      return;
    }
    try {
      body.keep(chunk);
    } catch (error) {
      this.logError('error', `the body cannot be kept (${error instanceof Error ? error.message : String(error)})`);
      this.#refuse(500);
      return;
    }
    if (body.holding || !this.settings.passRequestBody) return;
    if (this.content?.writeBody(chunk) === false) this.downstream.pauseBody();
  }

  onRequestEnd(wireBytes: number): void {
    this.body.complete = true;
    if (this.done) return;
    if (!this.body.discarded) this.wireBytes = wireBytes;
    this.content?.endBody();
  }

  /** All of the body has come, and nobody wanted it. */
  discarded(): void {
    this.body.complete = true;
  }

  /** All that came at once has been given on. */
  onRequestPause(): void {
    if (!this.#paused) {
      this.#paused = true;
      this.body.cameAtOnce = this.body.complete;
    }
    this.content?.flush();
  }

  /** The body turned out bad: no server may take it for complete. */
  onRequestBad(status: number, reason: string): void {
    if (this.done) return;
    this.logError('info', `client ${reason}`);
    this.#refuse(status);
  }

  /** The body does not come: whoever waits for it gets no answer, its stream or connection ends (as in nginx). */
  onRequestTimedOut(): void {
    if (this.done) return;
    if (!this.response.headSent) this.response.status = 408;
    this.logError('info', 'client timed out');
    this.#end();
  }

  onDownstreamDrain(): void {
    if (!this.response.resume()) this.content?.resume();
  }

  /** The client went away, or reset its stream. */
  onClientGone(): void {
    if (this.done) return;
    if (!this.response.headSent) this.response.status = 499;
    if (this.main === this) this.logError('info', 'client prematurely closed connection');
    this.#end();
  }

  // ── To the client ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The whole response is on its way; what was needed for it is not any more. */
  onSent(): void {
    this.content = null;
    this.done = true;
  }

  flush(): void {
    this.response.flush();
  }

  /** The response cannot be completed, or is not to be. `code` is HTTP/2's. */
  abort(code: number): void {
    this.#end();
    this.downstream.abort(code);
  }

  countOwnAnswer(): void {
    const { telemetry } = this.generation.engine;
    if (this.counted && this.main === this) telemetry.answered(this.service.declared);
    telemetry.dirty = true;
  }

  /** Which stage answers it, now that the answer stands. A server that was asked in vain is none. */
  countStage(status: number, headers: HeaderFields): void {
    if (!this.counted || this.main !== this) return;
    const place = this.stage === 'static' ? 'static' : this.history === null ? 'route' : null;
    const told = headers.get('grpc-status');
    const grpcStatus = told === null ? null : Number(told);
    const { telemetry } = this.generation.engine;
    const stage = this.refusedBy ?? place;
    telemetry.pipeline.answered(stage, status, grpcStatus);
    if (this.traceId !== null) telemetry.answeredTraced({ request: this.traceId, stage });
  }

  /** The request is bad or too large while it comes in. */
  #refuse(status: number): void {
    if (this.response.headSent) {
      this.abort(CANCEL);
      return;
    }
    this.#stop();
    this.downstream.willClose();
    finish(this, status);
  }

  #end(): void {
    this.done = true;
    this.#stop();
    this.response.abandon();
    this.settle();
  }

  #stop(): void {
    const { content } = this;
    const cancel = this.#pending;
    this.content = null;
    this.#pending = null;
    content?.abort();
    cancel?.();
  }

  /** Nothing more will happen to it. */
  settle(): void {
    const { accessLogs, logSubrequests } = this.settings;
    const isMain = this.main === this;
    if (accessLogs.length > 0 && (isMain || logSubrequests)) this.generation.accessLogs.write(this, accessLogs);
    if (!isMain) return;
    this.body.release();
    this.release?.();
    this.release = null;
  }

  // ── Variables and log ────────────────────────────────────────────────────────────────────────────────────────────

  /** The configuration gives it a value, if an empty one. */
  isDefined(name: string): boolean {
    const { lazyVariables, setVariables } = this.generation;
    return this.values?.has(name) === true || lazyVariables?.has(name) === true || setVariables.has(name);
  }

  variable(name: string): string {
    return exchangeVariable(name, this);
  }

  logError(level: 'error' | 'warn' | 'notice' | 'info', text: string, upstream = ''): void {
    this.generation.engine.log(
      level,
      `*${this.client.serial} ${text}, client: ${this.remoteAddress}, server: ${this.server.names[0]?.text ?? ''}, ` +
        `request: "${this.main.requestLine}"` +
        `${this.main === this ? '' : `, subrequest: "${this.path}"`}` +
        `${upstream === '' ? '' : `, upstream: "${upstream}"`}, host: "${this.host}"`,
      this.settings.errorLogs,
    );
  }
}
