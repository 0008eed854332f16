import type { Stats } from 'node:fs';
import { assertNever } from '../../base/assertNever';
import { HeaderList, headerName } from '../gateway/headers';
import { escapePath, parseRequestUri } from '../gateway/requestUri';
import { errorPage, reasonPhrase } from '../gateway/status';
import { hostName, type RequestFacts, requestVariable } from '../gateway/variables';
import { selectLocation } from '../locations';
import type { HttpHandler, HttpServerPlan, HttpSettings, LocationPlan, NextUpstreamCondition } from '../plan';
import type { Peer } from '../policy';
import { selectServer } from '../servers';
import type { Template, VariableSource } from '../template';
import type { Selection } from '../upstream';
import type { CallFailure, CallOwner, ClientConnection, Downstream, RequestHead, UpstreamCall } from './call';
import type { PeerSite } from './engine';
import { FileCall, fileHead, findFile } from './fileCall';
import { forwardingOf, http1RequestHead, http2RequestHeaders, responseFields } from './forwarding';
import type { Generation, HttpUpstream, Service } from './generation';
import { LIMITS } from './limits';

type HttpService = Extract<Service, { kind: 'http' }>;

const HEALTH_CHECK = '/grpc.health.v1.Health/Check';
/** RFC 9113, section 7. */
const INTERNAL_ERROR = 2;
const CANCEL = 8;

/** Statuses of the balancer's own after which nginx closes the connection. */
const CLOSING: ReadonlySet<number> = new Set([400, 413, 414, 500, 501, 505]);
/** Statuses that add_header is for without `always`. */
const ADDED_TO: ReadonlySet<number> = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Not repeated once a server may have got them, unless the file says `non_idempotent` (as nginx counts methods). */
function isIdempotent(method: string): boolean {
  return method !== 'POST' && method !== 'LOCK' && method !== 'PATCH';
}

/** One attempt on one server, for the variables. */
interface Attempt {
  readonly address: string;
  readonly startedAt: number;
  status: number;
  headMs: number;
}

/**
 * One request from its head to the end of its response, between a client of any protocol and a server of any protocol:
 * chooses server block, location and peer, passes both bodies on as they come, tries the next peer where nginx would.
 */
export class Exchange implements CallOwner, VariableSource, RequestFacts {
  readonly method: string;
  readonly target: string;
  readonly protocol: string;
  readonly host: string;
  readonly headers: HeaderList;
  path = '';
  args = '';
  /** The response is complete or given up; the request may still be coming in. */
  done = false;

  readonly #startedAt: number;
  readonly #counted: boolean;
  #server: HttpServerPlan;
  #settings: HttpSettings;
  #location: LocationPlan | null = null;
  #captures: RegExpExecArray | null = null;
  #handler: HttpHandler;
  #upstream: HttpUpstream | null = null;
  #selection: Selection | null = null;
  #key = '';
  #peer: PeerSite | null = null;
  #attempt: Attempt | null = null;
  #attempts: Attempt[] | null = null;
  #call: UpstreamCall | null = null;
  #headSent = false;
  #status = 0;
  #traceId: string | null = null;
  #refusals = 0;

  #requestDone: boolean;
  #received = 0;
  /** What was sent of the body, for another attempt; null: too much to repeat. */
  #replay: Buffer[] | null = [];
  #replayBytes = 0;
  /** The body is gathered first: its length has to be known. */
  #holding = false;
  #heldLength = -1;

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
    this.#requestDone = head.bodyLength === 0;
    this.#startedAt = generation.engine.clock.now();
    this.#server = service.defaultServer;
    this.#settings = service.defaultServer.settings;
    this.#handler = service.defaultServer.handler;
    // Health checks of gRPC clients are no requests of anybody's.
    this.#counted = head.target !== HEALTH_CHECK;
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
  get settings(): HttpSettings {
    return this.#settings;
  }

  start(): void {
    const { engine } = this.generation;
    if (this.#counted) engine.telemetry.requests++;
    engine.telemetry.dirty = true;
    if (engine.traceHeader !== null) this.#traceId = this.headers.get(engine.traceHeader);

    const { servers, defaultServer } = this.service;
    if (servers.length > 1 || defaultServer.names.length > 0) {
      const choice = selectServer(servers, hostName(this.host), defaultServer);
      this.#server = choice.server;
      this.#captures = choice.captures;
    }
    this.#settings = this.#server.settings;
    this.#handler = this.#server.handler;
    const uri = parseRequestUri(this.target);
    if (uri === null) {
      this.#logError('info', 'client sent invalid request');
      this.#answer(400);
      return;
    }
    this.path = uri.path;
    this.args = uri.args;
    if (this.#handler.kind !== 'return') {
      const choice = selectLocation(this.#server.locations, uri.path);
      if (choice !== null) {
        const { location } = choice;
        this.#location = location;
        this.#settings = location.settings;
        this.#handler = location.handler;
        this.#captures = choice.captures ?? this.#captures;
        if (location.internal) {
          this.#answer(404);
          return;
        }
        if (choice.redirect && location.match.kind !== 'regex' && location.match.kind !== 'named') {
          this.#redirect(301, `${escapePath(location.match.path)}${this.args === '' ? '' : `?${this.args}`}`);
          return;
        }
      }
    }
    const limit = this.#settings.clientMaxBodySize;
    if (limit > 0 && this.head.bodyLength > limit) {
      this.#logError('error', `client intended to send too large body: ${this.head.bodyLength} bytes`);
      this.#answer(413);
      return;
    }
    this.#handle();
  }

  // ── From the client ──────────────────────────────────────────────────────────────────────────────────────────────

  onRequestBody(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.done) return;
    const limit = this.#settings.clientMaxBodySize;
    if (limit > 0 && this.#received > limit) {
      this.#logError('error', `client intended to send too large chunked body: ${this.#received} bytes`);
      this.#refuse(413);
      return;
    }
    if (!this.#settings.passRequestBody) return;
    this.#remember(chunk);
    if (this.#holding) {
      if (this.#replay === null) this.#refuse(413);
      return;
    }
    if (this.#call?.writeBody(chunk) === false) this.downstream.pauseBody();
  }

  onRequestEnd(): void {
    this.#requestDone = true;
    if (this.done) return;
    if (this.#holding) {
      this.#holding = false;
      this.#heldLength = this.#received;
      this.#tryNext();
      return;
    }
    if (this.#settings.passRequestBody) this.#call?.endBody();
  }

  /** All that came at once has been given on. */
  onRequestPause(): void {
    this.#call?.flush();
  }

  /** The body turned out bad: no server may take it for complete. */
  onRequestBad(status: number, reason: string): void {
    if (this.done) return;
    this.#logError('info', `client ${reason}`);
    this.#refuse(status);
  }

  onDownstreamDrain(): void {
    this.#call?.resume();
  }

  /** The client went away, or reset its stream. */
  onClientGone(): void {
    if (this.done) return;
    this.done = true;
    this.#status = 499;
    this.#logError('info', 'client prematurely closed connection');
    this.#dropCall();
    this.#settle();
  }

  // ── From the server ──────────────────────────────────────────────────────────────────────────────────────────────

  onResponseHead(status: number, reason: string, headers: HeaderList, contentLength: number, bodyless: boolean): void {
    const attempt = this.#attempt;
    if (attempt !== null) {
      attempt.status = status;
      attempt.headMs = this.generation.engine.clock.now() - attempt.startedAt;
    }
    if (status >= 400 && this.#goesOnAfter(status)) return;
    const out = new HeaderList();
    responseFields(headers, out);
    this.#addCookie(out);
    this.#addHeaders(status, out);
    this.#headSent = true;
    this.#status = status;
    if (!this.#requestDone) this.downstream.willClose();
    this.downstream.sendHead(status, reason, out, contentLength, bodyless || this.method === 'HEAD');
  }

  onResponseBody(chunk: Buffer): void {
    if (!this.downstream.sendBody(chunk)) this.#call?.pause();
  }

  onResponseEnd(trailers: HeaderList | null): void {
    this.#call = null;
    this.#succeed();
    this.done = true;
    this.downstream.sendEnd(this.#handler.kind === 'grpc' ? trailers : null);
  }

  onResponsePause(): void {
    this.downstream.flush();
  }

  onUpstreamDrain(): void {
    this.downstream.resumeBody();
  }

  onCallFailed(failure: CallFailure, text: string, code: number): void {
    const call = this.#call;
    const peer = this.#peer;
    this.#call = null;
    if (this.done || call === null) return;
    this.#logError('error', text);
    if (this.#headSent || peer === null) {
      // The status is out: only a visible break is left. As in nginx this is no failure of the peer's.
      this.done = true;
      this.#settle();
      this.downstream.abort(code === 0 ? INTERNAL_ERROR : code);
      return;
    }
    const unprocessed = failure === 'refused' || !call.sent;
    if (failure === 'refused' && this.#replay !== null && this.#refusals < LIMITS.refusedStreamRetries) {
      this.#refusals++;
      this.#callPeer(peer);
      return;
    }
    const timedOut = failure === 'timeout' || failure === 'connect-timeout';
    const status = timedOut ? 504 : 502;
    if (this.#attempt !== null) this.#attempt.status = status;
    peer.counter.failures++;
    this.#peer = null;
    this.#selection?.failed(peer.peer, { reused: call.reused && failure === 'error' });
    const condition = timedOut ? 'timeout' : failure === 'invalid' ? 'invalid_header' : 'error';
    if (this.#mayRepeat(condition, unprocessed)) this.#tryNext();
    else this.#answer(status);
  }

  // ── Handlers ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #handle(): void {
    const handler = this.#handler;
    switch (handler.kind) {
      case 'return':
        this.#return(handler.status, handler.body);
        return;
      case 'static':
        this.#serveFile(handler);
        return;
      case 'dynamic':
        // Refused when the file is read (directives/notYet.ts).
        this.#logError('error', 'variables in proxy_pass are not supported yet');
        this.#answer(500);
        return;
      case 'proxy':
      case 'grpc':
        this.#proxy(handler);
        return;
      default:
        assertNever(handler);
    }
  }

  #proxy(handler: Extract<HttpHandler, { kind: 'proxy' | 'grpc' }>): void {
    const upstream = this.generation.upstream(handler.upstream);
    this.#upstream = upstream;
    const { key } = upstream.site.plan;
    this.#key = key === null ? '' : key.evaluate(this);
    this.#selection = upstream.site.upstream.begin({
      clientAddress: this.client.remoteAddress,
      key: this.#key,
      traced: this.#traceId !== null,
      maxTries: this.#settings.nextUpstream.tries,
    });
    if (this.head.expectsContinue && !this.#requestDone) this.downstream.sendContinue();
    if (handler.kind === 'proxy' && this.#settings.httpVersion === '1.0' && this.#outgoingLength() < 0) {
      this.#holding = true;
      return;
    }
    this.#tryNext();
  }

  #tryNext(): void {
    const choice = this.#selection?.next() ?? null;
    const upstream = this.#upstream;
    if (choice === null || upstream === null) {
      this.#logError('error', 'no live upstreams while connecting to upstream');
      this.#answer(502);
      return;
    }
    const peer = upstream.site.siteOf(choice.peer);
    if (choice.decision !== null) {
      this.generation.engine.telemetry.decided({
        request: this.#traceId,
        upstreamPort: null,
        decision: choice.decision,
      });
    }
    const before = this.#attempt;
    if (before !== null) {
      this.#attempts ??= [];
      this.#attempts.push(before);
    }
    this.#attempt = {
      address: choice.peer.address,
      startedAt: this.generation.engine.clock.now(),
      status: 0,
      headMs: -1,
    };
    if (this.#counted) peer.counter.requests++;
    this.#callPeer(peer);
  }

  #callPeer(peer: PeerSite): void {
    const handler = this.#handler;
    const upstream = this.#upstream;
    if (upstream === null || (handler.kind !== 'proxy' && handler.kind !== 'grpc')) return;
    this.#peer = peer;
    const settings = this.#settings;
    const forwarding = forwardingOf(settings, handler.hostHeader);
    const bodyLength = this.#outgoingLength();
    const { connectTimeoutMs, readTimeoutMs, sendTimeoutMs } = settings;
    let call: UpstreamCall | null;
    if (handler.kind === 'grpc') {
      call = upstream.http2.call(peer, this, {
        headers: http2RequestHeaders(this.head, this.target, handler.hostHeader, forwarding, this),
        bodyComing: bodyLength !== 0,
        connectTimeoutMs,
        readTimeoutMs,
      });
    } else {
      const target = this.#outgoingTarget(handler.uri);
      call = upstream.http1.call(peer, this, {
        head: http1RequestHead(this.head, target, settings.httpVersion, forwarding, this, bodyLength),
        isHead: this.method === 'HEAD',
        chunked: bodyLength < 0,
        bodyComing: bodyLength !== 0,
        connectTimeoutMs,
        readTimeoutMs,
        sendTimeoutMs,
        headBytes: settings.bufferSize,
      });
    }
    if (call === null) {
      this.#settle();
      this.#answer(400);
      return;
    }
    this.#call = call;
    if (bodyLength !== 0) {
      let flowing = true;
      for (const chunk of this.#replay ?? []) flowing = call.writeBody(chunk);
      if (this.#requestDone) call.endBody();
      else if (flowing) this.downstream.resumeBody();
      else this.downstream.pauseBody();
    }
    // More of the request may be at hand: whoever reads it flushes. Else this is all there is.
    if (this.#requestDone || this.#received > 0 || this.#attempts !== null) call.flush();
  }

  /** Bytes of body for the server; 0: none; -1: as many as come. */
  #outgoingLength(): number {
    if (!this.#settings.passRequestBody) return 0;
    return this.#heldLength >= 0 ? this.#heldLength : this.head.bodyLength;
  }

  /** What the request line to the server says (ngx_http_proxy_create_request). */
  #outgoingTarget(uri: Template | null): string {
    if (uri === null) return this.target;
    if (uri.variables.length > 0) return uri.evaluate(this);
    const match = this.#location?.match;
    const replaced = match === undefined || match.kind === 'regex' || match.kind === 'named' ? 0 : match.path.length;
    const query = this.args === '' ? '' : `?${this.args}`;
    return `${uri.source}${escapePath(this.path.slice(replaced))}${query}`;
  }

  #serveFile(handler: Extract<HttpHandler, { kind: 'static' }>): void {
    if (this.method !== 'GET' && this.method !== 'HEAD') {
      this.#answer(405);
      return;
    }
    findFile(handler, this.#location?.match ?? null, this.path, this.generation.engine.prefix).then((found) => {
      // The client may have gone while the disk was asked.
      if (this.done) return;
      if (found.kind === 'slash') {
        this.#redirect(301, `${escapePath(this.path)}/${this.args === '' ? '' : `?${this.args}`}`);
      } else if (found.kind === 'status') {
        this.#logError('error', found.text);
        this.#answer(found.status);
      } else this.#sendFile(found.path, found.stats);
      this.downstream.flush();
    });
  }

  #sendFile(path: string, stats: Stats): void {
    const { headers, isFresh } = fileHead(stats, path, this.#settings, this.head);
    if (isFresh || stats.size === 0 || this.method === 'HEAD') {
      this.#answerWith(isFresh ? 304 : 200, headers, null, stats.size);
      return;
    }
    this.#countOwnAnswer();
    this.#addHeaders(200, headers);
    this.#headSent = true;
    this.#status = 200;
    this.downstream.sendHead(200, reasonPhrase(200), headers, stats.size, false);
    this.#call = new FileCall(path, stats.size, this);
  }

  #return(status: number, template: Template | null): void {
    const text = template === null ? null : template.evaluate(this);
    if (status === 444) {
      this.done = true;
      this.downstream.abort(CANCEL);
      return;
    }
    if (text !== null && REDIRECTS.has(status)) {
      this.#redirect(status, text);
      return;
    }
    if (text === null) {
      this.#answer(status);
      return;
    }
    const headers = new HeaderList();
    const body = Buffer.from(text, 'utf8');
    addHeader(headers, 'Content-Type', this.#settings.defaultType);
    this.#answerWith(status, headers, status === 204 ? null : body);
  }

  #redirect(status: number, location: string): void {
    const headers = new HeaderList();
    const host = this.host === '' ? `${this.client.localAddress}:${this.client.localPort}` : this.#redirectHost();
    addHeader(headers, 'Content-Type', 'text/html');
    addHeader(headers, 'Location', location.startsWith('/') ? `http://${host}${location}` : location);
    this.#answerWith(status, headers, errorPage(status));
  }

  /** Host without port, with the listener's port where that is not the scheme's own (port_in_redirect). */
  #redirectHost(): string {
    const name = hostName(this.host);
    return this.client.localPort === 80 ? name : `${name}:${this.client.localPort}`;
  }

  // ── Answers of the balancer's own ────────────────────────────────────────────────────────────────────────────────

  #answer(status: number): void {
    const headers = new HeaderList();
    const page = errorPage(status);
    if (page !== null) addHeader(headers, 'Content-Type', 'text/html');
    this.#answerWith(status, headers, page);
  }

  #countOwnAnswer(): void {
    const { telemetry } = this.generation.engine;
    if (this.#counted) telemetry.answeredItself++;
    telemetry.dirty = true;
  }

  /** `size` is what a body that HEAD does not get would have. */
  #answerWith(status: number, headers: HeaderList, body: Buffer | null, size = 0): void {
    this.done = true;
    this.#status = status;
    this.#countOwnAnswer();
    this.#addHeaders(status, headers);
    if (CLOSING.has(status) || (this.head.expectsContinue && !this.#requestDone)) this.downstream.willClose();
    const bodyless = this.method === 'HEAD' || status === 204 || status === 304;
    const length = body === null ? size : body.length;
    this.downstream.sendHead(
      status,
      reasonPhrase(status),
      headers,
      status === 204 || status === 304 ? -1 : length,
      bodyless || length === 0,
    );
    if (body !== null && !bodyless) this.downstream.sendBody(body);
    this.downstream.sendEnd(null);
  }

  /** The request is bad or too large while it comes in. */
  #refuse(status: number): void {
    this.#dropCall();
    this.#settle();
    if (this.#headSent) {
      this.done = true;
      this.downstream.abort(CANCEL);
      return;
    }
    this.downstream.willClose();
    this.#answer(status);
  }

  #addHeaders(status: number, headers: HeaderList): void {
    for (const { name, value, always } of this.#settings.addHeaders) {
      if (!always && !ADDED_TO.has(status)) continue;
      const text = value.evaluate(this);
      if (text !== '') addHeader(headers, name, text.replace(/[\r\n\0]+/g, ' '));
    }
  }

  #addCookie(headers: HeaderList): void {
    if (this.#peer === null || this.#upstream === null) return;
    const cookie = this.#upstream.site.upstream.sessionCookie(this.#peer.peer, this.#key);
    if (cookie !== null) addHeader(headers, 'Set-Cookie', cookie);
  }

  // ── Trying again ─────────────────────────────────────────────────────────────────────────────────────────────────

  #remember(chunk: Buffer): void {
    if (this.#replay === null) return;
    this.#replayBytes += chunk.length;
    const limit = this.#holding ? LIMITS.heldBodyBytes : LIMITS.replayBytes;
    if (this.#replayBytes > limit && this.#heldLength < 0) this.#replay = null;
    else this.#replay.push(chunk);
  }

  #mayRepeat(condition: NextUpstreamCondition, unprocessed: boolean): boolean {
    const { on, timeoutMs } = this.#settings.nextUpstream;
    if (this.#replay === null || !on.has(condition) || (this.#selection?.triesLeft ?? 0) === 0) return false;
    if (!unprocessed && !isIdempotent(this.method) && !on.has('non_idempotent')) return false;
    return timeoutMs === 0 || this.generation.engine.clock.now() - this.#startedAt < timeoutMs;
  }

  /** A status that proxy_next_upstream names, while another peer can be tried (ngx_http_upstream_test_next). */
  #goesOnAfter(status: number): boolean {
    const condition = `http_${status}` as NextUpstreamCondition;
    if (!this.#settings.nextUpstream.on.has(condition)) return false;
    const peer = this.#peer;
    if (peer === null || this.#selection === null || !this.#anotherAfter(peer.peer)) return false;
    if (!this.#mayRepeat(condition, false)) return false;
    this.#dropCall();
    this.#peer = null;
    if (status === 403 || status === 404) this.#selection.released(peer.peer);
    else {
      peer.counter.failures++;
      this.#selection.failed(peer.peer);
    }
    this.#tryNext();
    return true;
  }

  /** Whether a try would be left once this peer's is used up. */
  #anotherAfter(_peer: Peer): boolean {
    return (this.#selection?.triesLeft ?? 0) > 1;
  }

  #dropCall(): void {
    const call = this.#call;
    this.#call = null;
    call?.abort();
  }

  /** Nothing is to be learnt from the attempt that ends here. */
  #settle(): void {
    const peer = this.#peer;
    this.#peer = null;
    if (peer !== null) this.#selection?.released(peer.peer);
    this.generation.engine.telemetry.dirty = true;
  }

  #succeed(): void {
    const peer = this.#peer;
    this.#peer = null;
    if (peer !== null) this.#selection?.succeeded(peer.peer, this.#attempt?.headMs ?? 0);
    this.generation.engine.telemetry.dirty = true;
  }

  // ── Variables and log ────────────────────────────────────────────────────────────────────────────────────────────

  variable(name: string): string {
    const own = requestVariable(name, this);
    if (own !== undefined) return own;
    switch (name) {
      case 'proxy_host':
        return this.#handler.kind === 'proxy' || this.#handler.kind === 'grpc' ? this.#handler.hostHeader : '';
      case 'server_name':
        return this.#server.names[0]?.text ?? '';
      case 'status':
        return this.#status === 0 ? '' : String(this.#status);
      case 'upstream_addr':
        return this.#ofAttempts((attempt) => attempt.address);
      case 'upstream_status':
        return this.#ofAttempts((attempt) => (attempt.status === 0 ? '-' : String(attempt.status)));
      case 'upstream_response_time':
      case 'upstream_header_time':
        return this.#ofAttempts((attempt) => (attempt.headMs < 0 ? '-' : (attempt.headMs / 1000).toFixed(3)));
      case 'request_time':
        return ((this.generation.engine.clock.now() - this.#startedAt) / 1000).toFixed(3);
    }
    const captures = this.#captures;
    if (captures !== null) {
      const index = Number(name);
      if (Number.isInteger(index)) return captures[index] ?? '';
      return captures.groups?.[name] ?? '';
    }
    return '';
  }

  #ofAttempts(text: (attempt: Attempt) => string): string {
    const all = this.#attempt === null ? [] : [...(this.#attempts ?? []), this.#attempt];
    return all.map(text).join(', ');
  }

  #logError(level: 'error' | 'info', text: string): void {
    const peer = this.#peer;
    const scheme = this.#handler.kind === 'grpc' ? 'grpc' : 'http';
    const upstream = peer === null ? '' : `, upstream: "${scheme}://${peer.peer.address}${this.target}"`;
    this.generation.engine.log(
      level,
      `*${this.client.serial} ${text}, client: ${this.client.remoteAddress}, server: ${this.#server.names[0]?.text ?? ''}, ` +
        `request: "${this.method} ${this.target} ${this.protocol}"${upstream}, host: "${this.host}"`,
    );
  }
}

function addHeader(list: HeaderList, name: string, value: string): void {
  const known = headerName(name);
  if (known !== null) list.add(known, value);
}
