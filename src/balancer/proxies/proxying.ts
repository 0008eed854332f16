import { type HeaderFields, HeaderList } from '../gateway/headers';
import type { NextUpstreamCondition } from '../plan';
import type { Peer } from '../policy';
import type { Selection } from '../upstream';
import { addHeader, finish } from './answers';
import type { CallFailure, CallOwner, UpstreamCall } from './call';
import type { Content } from './content';
import type { PeerSite } from './engine';
import type { Exchange } from './exchange';
import { responseFields } from './forwarding';
import type { HttpUpstream } from './generation';
import { LIMITS } from './limits';
import { type Destination, openCall } from './openCall';
import { mayNeedBodyAgain, mayRepeat } from './repeating';
import { RequestFeed } from './requestFeed';
import { insteadOf, rewriteRedirects } from './upstreamAnswer';
import { Attempt, UpstreamHistory } from './upstreamHistory';

/** RFC 9113, section 7. */
const INTERNAL_ERROR = 2;

/**
 * A request on its way through the servers of one upstream: chooses a peer, passes both bodies on as they come, tries
 * the next peer where nginx would (ngx_http_upstream_next).
 */
export class Proxying implements Content, CallOwner {
  readonly #upstream: HttpUpstream;
  readonly #selection: Selection;
  readonly #history: UpstreamHistory;
  #peer: PeerSite | null = null;
  #attempt: Attempt | null = null;
  #call: UpstreamCall | null = null;
  #feed: RequestFeed | null = null;
  #refusals = 0;
  /** Where among the response's further fields the cookie is that binds the client; -1: there is none. */
  #cookieAt = -1;
  #attempts = 0;
  /** When the first server was asked. */
  #sinceMs = 0;

  constructor(
    readonly exchange: Exchange,
    readonly destination: Destination,
  ) {
    const { generation, settings } = exchange;
    this.#upstream = generation.upstream(destination.upstream);
    const { site } = this.#upstream;
    this.#selection = site.upstream.begin({
      clientAddress: exchange.remoteAddress,
      key: site.plan.key === null ? '' : site.plan.key.evaluate(exchange),
      traced: exchange.traceId !== null,
      maxTries: settings.nextUpstream.tries,
    });
    exchange.history ??= new UpstreamHistory();
    this.#history = exchange.history;
    this.#history.beginSeries();
  }

  begin(): void {
    const { exchange } = this;
    const { body, settings } = exchange;
    body.memoryLimit = Math.max(LIMITS.replayBytes, settings.clientBodyBufferSize);
    body.neededAgain = mayNeedBodyAgain(exchange, this.destination, this.#selection);
    // Whatever still comes is of no use to the server, but has to be read.
    if (!settings.passRequestBody && exchange.resumed) exchange.downstream.resumeBody();
    if (exchange.head.expectsContinue) exchange.downstream.sendContinue();
    // What the file says may be made of the client's body.
    const wholeFirst = settings.ownBody !== null || (settings.httpVersion === '1.0' && this.#outgoingLength() < 0);
    if (this.destination.kind === 'proxy' && wholeFirst) {
      if (!body.complete) {
        body.holding = true;
        exchange.downstream.resumeBody();
        return;
      }
      body.held();
    }
    this.#tryNext();
  }

  // ── Content ──────────────────────────────────────────────────────────────────────────────────────────────────────

  writeBody(chunk: Buffer): boolean {
    return this.#feed === null || this.#feed.write(chunk);
  }

  endBody(): void {
    const { body } = this.exchange;
    if (body.holding) {
      body.held();
      this.#tryNext();
    } else this.#feed?.end();
  }

  flush(): void {
    this.#call?.flush();
  }

  resume(): void {
    this.#call?.resume();
  }

  abort(): void {
    this.#dropCall();
    this.#settle();
  }

  // ── From the server ──────────────────────────────────────────────────────────────────────────────────────────────

  onResponseHead(
    status: number,
    reason: string,
    headers: HeaderFields,
    contentLength: number,
    bodyless: boolean,
  ): void {
    const { exchange } = this;
    const attempt = this.#attempt;
    if (attempt !== null) {
      attempt.status = status;
      attempt.headers = headers;
      attempt.headAt = exchange.now();
      attempt.noteConnection(this.#call);
    }
    if (status >= 400 && this.#goesOnAfter(status)) return;
    const instead = insteadOf(exchange, status, headers);
    if (instead !== null) {
      this.#leaveFor(instead);
      return;
    }
    const out = new HeaderList();
    responseFields(headers, out, exchange.settings.fieldFilter);
    if (this.destination.kind === 'proxy') rewriteRedirects(exchange, out);
    if (!exchange.body.complete && !exchange.body.discarded) exchange.downstream.willClose();
    exchange.response.sendHead(status, reason, out, contentLength, bodyless || exchange.method === 'HEAD');
  }

  onResponseBody(chunk: Buffer): void {
    if (!this.exchange.response.sendBody(chunk)) this.#call?.pause();
  }

  onResponseEnd(trailers: HeaderList | null): void {
    this.#endAttempt();
    if (this.#attempt !== null) this.#attempt.trailers = trailers;
    this.#letGo();
    this.#succeed();
    this.exchange.response.sendEnd(this.destination.kind === 'grpc' ? trailers : null);
  }

  onResponsePause(): void {
    this.exchange.flush();
  }

  onUpstreamDrain(): void {
    const { downstream } = this.exchange;
    if (this.#feed === null || this.#feed.isLive) downstream.resumeBody();
    else if (this.#advance(this.#feed)) {
      downstream.resumeBody();
      this.#call?.flush();
    }
  }

  onCallFailed(failure: CallFailure, text: string, code: number): void {
    const { exchange } = this;
    const call = this.#call;
    const peer = this.#peer;
    this.#endAttempt();
    this.#letGo();
    if (exchange.done || call === null) return;
    this.#log(text);
    if (exchange.response.headSent || peer === null) {
      // The status is out: only a visible break is left. As in nginx this is no failure of the peer's.
      this.#settle();
      exchange.abort(code === 0 ? INTERNAL_ERROR : code);
      return;
    }
    const unprocessed = failure === 'refused' || !call.sent;
    if (failure === 'refused' && exchange.body.isKept && this.#refusals < LIMITS.refusedStreamRetries) {
      this.#refusals++;
      this.#callPeer(peer);
      return;
    }
    const timedOut = failure === 'timeout' || failure === 'connect-timeout';
    const status = timedOut ? 504 : 502;
    if (this.#attempt !== null) this.#attempt.status = status;
    peer.counter.failures++;
    this.#peer = null;
    this.#selection.failed(peer.peer, { reused: call.reused && failure === 'error' });
    const condition = timedOut ? 'timeout' : failure === 'invalid' ? 'invalid_header' : 'error';
    if (this.#mayRepeat(condition, unprocessed)) this.#tryNext();
    else this.#giveUp(status);
  }

  // ── To the server ────────────────────────────────────────────────────────────────────────────────────────────────

  #tryNext(): void {
    const { exchange } = this;
    const choice = this.#selection.next();
    if (choice === null) {
      this.#log('no live upstreams while connecting to upstream');
      const none = new Attempt(this.#upstream.site.plan.name, exchange.now());
      none.status = 502;
      none.endedAt = none.startedAt;
      this.#history.add(none);
      this.#giveUp(502);
      return;
    }
    const { telemetry } = exchange.generation.engine;
    if (choice.decision !== null) {
      telemetry.decided({ request: exchange.traceId, upstreamPort: null, decision: choice.decision });
    }
    this.#bindTo(choice.peer);
    const peer = this.#upstream.site.siteOf(choice.peer);
    if (this.#attempts === 0) this.#sinceMs = exchange.now();
    this.#attempts++;
    this.#attempt = new Attempt(choice.peer.address, exchange.now());
    this.#history.add(this.#attempt);
    if (exchange.main !== exchange) {
      peer.counter.subrequests++;
      if (this.#attempts === 1) telemetry.subrequests++;
    } else if (exchange.counted) peer.counter.requests++;
    if (this.#attempts === 1 && exchange.isOnItsWay) peer.counter.from[exchange.stage]++;
    this.#callPeer(peer);
  }

  #callPeer(peer: PeerSite): void {
    const { exchange, destination } = this;
    const { body } = exchange;
    this.#peer = peer;
    const ownBody = this.#ownBody();
    const bodyLength = ownBody === null ? this.#outgoingLength() : ownBody.length;
    const call = openCall(exchange, this.#upstream, peer, destination, this, bodyLength);
    if (call === null) {
      this.#settle();
      this.#giveUp(400);
      return;
    }
    this.#call = call;
    if (ownBody !== null) {
      call.writeBody(ownBody);
      call.endBody();
    } else if (bodyLength !== 0) {
      const feed = new RequestFeed(body, call);
      this.#feed = feed;
      const flowing = this.#advance(feed);
      if (this.#call !== call) return;
      if (flowing && !body.complete) exchange.downstream.resumeBody();
      else if (!body.complete) exchange.downstream.pauseBody();
    }
    // More of the request may be at hand: whoever reads it flushes. Else this is all there is.
    if (body.complete || body.received > 0 || this.#attempts > 1 || exchange.resumed) call.flush();
  }

  /** As RequestFeed.advance(); where the body cannot be read again the request ends here. */
  #advance(feed: RequestFeed): boolean {
    const { exchange } = this;
    try {
      const flowing = feed.advance();
      exchange.body.forgetExcess();
      return flowing;
    } catch (error) {
      this.#log(`the body cannot be kept (${error instanceof Error ? error.message : String(error)})`);
      this.#dropCall();
      this.#settle();
      this.#giveUp(500);
      return false;
    }
  }

  /** What the file says in place of the client's body; null: nothing. */
  #ownBody(): Buffer | null {
    const { settings } = this.exchange;
    return settings.ownBody === null ? null : Buffer.from(settings.ownBody.evaluate(this.exchange), 'latin1');
  }

  /** Bytes of body for the server; 0: none; -1: as many as come. */
  #outgoingLength(): number {
    const { settings, body } = this.exchange;
    return settings.passRequestBody && !body.discarded ? body.length : 0;
  }

  /** Binds the client to the peer chosen last, whatever becomes of the request (ngx_http_upstream_sticky_cookie_insert). */
  #bindTo(peer: Peer): void {
    const cookie = this.#upstream.site.upstream.sessionCookie(peer);
    if (cookie === null) return;
    const { response } = this.exchange;
    response.extraHeaders ??= new HeaderList();
    const { extraHeaders } = response;
    if (this.#cookieAt < 0) {
      this.#cookieAt = extraHeaders.length;
      addHeader(extraHeaders, 'Set-Cookie', cookie);
    } else extraHeaders.values[this.#cookieAt] = cookie;
  }

  // ── Trying again ─────────────────────────────────────────────────────────────────────────────────────────────────

  #mayRepeat(condition: NextUpstreamCondition, unprocessed: boolean): boolean {
    return mayRepeat(this.exchange, this.destination, this.#selection, condition, unprocessed, this.#sinceMs);
  }

  /** A status that proxy_next_upstream names, while another peer can be tried (ngx_http_upstream_test_next). */
  #goesOnAfter(status: number): boolean {
    const condition = `http_${status}` as NextUpstreamCondition;
    if (!this.exchange.settings.nextUpstream.on.has(condition)) return false;
    const peer = this.#peer;
    // Whether a try would be left once this peer's is used up.
    if (peer === null || this.#selection.triesLeft <= 1) return false;
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

  /** The server has said what there was to learn from it: something else answers. */
  #leaveFor(answer: () => void): void {
    const { exchange } = this;
    this.#dropCall();
    this.#succeed();
    exchange.content = null;
    answer();
    exchange.flushAll();
  }

  #giveUp(status: number): void {
    this.exchange.content = null;
    finish(this.exchange, status);
  }

  #endAttempt(): void {
    this.#attempt?.end(this.exchange.now(), this.#call);
  }

  #letGo(): void {
    this.#call = null;
    this.#feed = null;
  }

  #dropCall(): void {
    this.#endAttempt();
    const call = this.#call;
    this.#letGo();
    call?.abort();
  }

  /** Nothing is to be learnt from the attempt that ends here. */
  #settle(): void {
    const peer = this.#peer;
    this.#peer = null;
    if (peer !== null) this.#selection.released(peer.peer);
    this.exchange.generation.engine.telemetry.dirty = true;
  }

  #succeed(): void {
    const peer = this.#peer;
    const attempt = this.#attempt;
    this.#peer = null;
    if (peer !== null) {
      this.#selection.succeeded(peer.peer, attempt === null ? 0 : attempt.headAt - attempt.startedAt);
    }
    this.exchange.generation.engine.telemetry.dirty = true;
  }

  #log(text: string): void {
    const { scheme } = this.destination;
    const address = this.#peer?.peer.address ?? this.#upstream.site.plan.name;
    this.exchange.logError('error', text, `${scheme}://${address}${this.destination.target}`);
  }
}
