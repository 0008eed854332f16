import { type HeaderList, NAME } from '../gateway/headers';
import type { Downstream } from './call';
import type { Engine } from './engine';
import type { Exchange } from './exchange';
import { ERROR, FRAME, FRAME_BYTES, FRAME_HEADER_BYTES, INITIAL_WINDOW, numberFrame } from './http2CodecFrames';
import type { HpackEncoder } from './http2CodecHpack';
import type { BadHead } from './http2CodecRequest';
import type { Http2Sender } from './http2Sender';
import { LIMITS } from './limits';
import { isPassed, SERVER_NAME } from './serverName';

const NEVER = Number.POSITIVE_INFINITY;
/** Bytes of a response that wait for the client's window before its server is held back. */
const WAITING_BYTES = 32 * 1024;
const ownFields = { server: true, date: true } as const;

/** The connection, as its streams see it. */
export interface StreamOwner {
  readonly engine: Engine;
  readonly sender: Http2Sender;
  readonly encoder: HpackEncoder;
  /** The largest frame that the client takes. */
  readonly peerFrameBytes: number;
  /** The stream's window at first (http2_body_preread_size); null: it is as large as later. */
  readonly prereadBytes: number | null;
  /** The stream's data could not all be sent: pump() it when there is room again. */
  wait(stream: Http2Stream): void;
  /** Payload goes. */
  sent(): void;
  /** Call stream.onDeadline() then. */
  watch(deadlineAt: number): void;
  /** Both halves are over. `reset`: by us, so that what the client sent meanwhile is no fault of its. */
  streamClosed(stream: Http2Stream, reset: boolean): void;
}

/** One request on an HTTP/2 client connection: its flow control, and the exchange's way to the client. */
export class Http2Stream implements Downstream {
  /** END_STREAM has come. */
  requestDone: boolean;
  deadlineAt = NEVER;
  #exchange: Exchange | null = null;
  /** Content-Length; -1. */
  #declared = -1;
  #received = 0;
  /** Of the head as it came. */
  #headBytes = 0;
  #receiveWindow: number;
  /** What is missing yet of the window that a body gets once somebody reads it. */
  #closedWindow: number;
  /** Given on, not yet told to the client. */
  #credit = 0;
  #paused = false;
  #inbound: Buffer[] = [];
  #bodyBy = NEVER;
  #outbound: Buffer[] = [];
  #waiting = 0;
  #wantsDrain = false;
  #sendBy = NEVER;
  #bodyless = false;
  #ending = false;
  #trailers: HeaderList | null = null;
  #closed = false;

  constructor(
    readonly owner: StreamOwner,
    readonly id: number,
    ended: boolean,
    /** What the client lets us send. */
    public sendWindow: number,
  ) {
    this.requestDone = ended;
    const { prereadBytes } = owner;
    // Until the client has seen our settings it sends as much as the protocol lets it.
    this.#receiveWindow = Math.max(prereadBytes ?? LIMITS.streamWindowBytes, INITIAL_WINDOW);
    this.#closedWindow = Math.max(0, LIMITS.streamWindowBytes - (prereadBytes ?? LIMITS.streamWindowBytes));
  }

  begin(exchange: Exchange, declared: number): void {
    this.#exchange = exchange;
    this.#declared = declared;
    this.#headBytes = exchange.head.wireBytes;
    exchange.start();
    if (this.requestDone || this.#closed) return;
    this.#openWindow();
    this.#armBody();
  }

  /** Answers a request that is no good as it is. */
  refuse(exchange: Exchange, { status, reason }: BadHead): void {
    this.#exchange = exchange;
    exchange.refuseHead(status, reason);
    exchange.flush();
  }

  // ── From the client ──────────────────────────────────────────────────────────────────────────────────────────────

  /** False: more than its window. `length` with padding. */
  takeWindow(length: number): boolean {
    this.#receiveWindow -= length;
    return this.#receiveWindow >= 0;
  }

  /** Bytes that nobody has to read (padding). */
  skip(length: number): void {
    this.#give(length);
  }

  onBody(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#declared >= 0 && this.#received > this.#declared) {
      this.onBad(400, 'sent a body larger than Content-Length declares');
      return;
    }
    if (this.#paused) {
      this.#inbound.push(chunk);
      return;
    }
    this.#exchange?.onRequestBody(chunk, this.#wireBytes);
    if (this.#closed) return;
    this.#armBody();
    this.#give(chunk.length);
  }

  onEnd(): void {
    this.requestDone = true;
    this.#bodyBy = NEVER;
    if (this.#declared > this.#received) this.onBad(400, 'sent a body smaller than Content-Length declares');
    else if (this.#inbound.length === 0) this.#exchange?.onRequestEnd(this.#wireBytes);
  }

  /** All that came at once has been given on. */
  onPause(): void {
    if (!this.#closed) this.#exchange?.onRequestPause();
  }

  onBad(status: number, reason: string): void {
    this.#inbound = [];
    this.#exchange?.onRequestBad(status, reason);
  }

  /** RST_STREAM came, or the connection is over. */
  onGone(): void {
    if (!this.#closed) this.#close(false);
  }

  /** Resets the stream for a fault of the client's. */
  cutOff(code: number): void {
    if (this.#closed) return;
    this.owner.sender.push(numberFrame(FRAME.rstStream, this.id, code));
    this.#close(true);
  }

  onDeadline(now: number): void {
    if (this.#sendBy <= now) {
      this.cutOff(ERROR.cancel);
      return;
    }
    if (this.#bodyBy <= now) {
      this.#exchange?.onRequestTimedOut();
      this.cutOff(ERROR.protocol);
      return;
    }
    this.#arm();
  }

  // ── Downstream ───────────────────────────────────────────────────────────────────────────────────────────────────

  readonly keepsAlive = false;

  willClose(): void {}

  sendContinue(): void {
    if (this.#closed) return;
    const { encoder, sender } = this.owner;
    encoder.begin(FRAME_HEADER_BYTES);
    encoder.add(':status', '100');
    sender.headers(this.id, encoder.end(), false);
  }

  sendHead(status: number, _reason: string, headers: HeaderList, contentLength: number, bodyless: boolean): void {
    if (this.#closed) return;
    this.#bodyless = bodyless;
    const settings = this.#exchange?.settings ?? null;
    const own =
      settings === null || settings.fieldFilter === null
        ? ownFields
        : { server: !isPassed('server', headers, settings), date: !isPassed('date', headers, settings) };
    this.#head(status, own, (add) => {
      const { names, values } = headers;
      for (let i = 0; i < names.length; i++) {
        const name = names[i];
        if (name !== undefined && goesOnHttp2(name.kind)) add(name.lower, values[i] ?? '');
      }
      if (contentLength >= 0 && status !== 204) add('content-length', String(contentLength));
    });
  }

  sendBody(chunk: Buffer): boolean {
    if (this.#bodyless || this.#closed || chunk.length === 0) return true;
    this.#outbound.push(chunk);
    this.#waiting += chunk.length;
    // Behind what waits already there is no room either.
    if (this.#waiting === chunk.length) this.#pumpOrWait();
    if (this.#waiting < WAITING_BYTES) return true;
    this.#wantsDrain = true;
    return false;
  }

  sendEnd(trailers: HeaderList | null): void {
    if (this.#closed) return;
    this.#ending = true;
    this.#trailers = trailers;
    if (this.#waiting === 0) this.#finish();
  }

  discardBody(): null {
    return null;
  }

  flush(): void {
    this.owner.sender.flush();
  }

  abort(code: number): void {
    this.#exchange = null;
    this.cutOff(code);
  }

  pauseBody(): void {
    this.#paused = true;
    this.#bodyBy = NEVER;
  }

  resumeBody(): void {
    if (this.#closed) return;
    this.#paused = false;
    while (!this.#paused && !this.#closed) {
      const chunk = this.#inbound.shift();
      if (chunk === undefined) break;
      this.#exchange?.onRequestBody(chunk, this.#wireBytes);
      this.#give(chunk.length);
      if (this.#inbound.length > 0 || !this.requestDone) continue;
      this.#exchange?.onRequestEnd(this.#wireBytes);
    }
    this.onPause();
    if (this.requestDone || this.#paused || this.#closed) return;
    this.#openWindow();
    this.#armBody();
  }

  /** Sends on what waits, so many frames at most. False: something is left. */
  pump(frames: number): boolean {
    const { sender } = this.owner;
    const most = Math.min(this.#exchange?.settings.http2ChunkBytes ?? FRAME_BYTES, this.owner.peerFrameBytes);
    let left = frames;
    let progress = false;
    for (; left > 0 && this.#waiting > 0 && !this.#closed; left--) {
      const room = Math.min(most, sender.window, this.sendWindow);
      const chunk = this.#outbound[0];
      if (chunk === undefined || room <= 0 || sender.isBlocked) break;
      const part = chunk.length <= room ? chunk : chunk.subarray(0, room);
      if (part === chunk) this.#outbound.shift();
      else this.#outbound[0] = chunk.subarray(room);
      this.#waiting -= part.length;
      this.sendWindow -= part.length;
      sender.data(this.id, part);
      this.#count(part.length + FRAME_HEADER_BYTES);
      this.owner.sent();
      progress = true;
    }
    if (this.#closed) return true;
    if (this.#waiting > 0) {
      if (progress || this.#sendBy === NEVER) this.#armSend();
    } else {
      this.#sendBy = NEVER;
      if (this.#ending) this.#finish();
    }
    if (this.#wantsDrain && this.#waiting < WAITING_BYTES / 2 && !this.#closed) {
      this.#wantsDrain = false;
      this.#exchange?.onDownstreamDrain();
    }
    return this.#waiting === 0;
  }

  #pumpOrWait(): void {
    if (!this.pump(NEVER)) this.owner.wait(this);
  }

  #head(
    status: number,
    own: { readonly server: boolean; readonly date: boolean },
    fields: (add: (name: string, value: string) => void) => void,
  ): void {
    const { encoder, engine, sender } = this.owner;
    encoder.begin(FRAME_HEADER_BYTES);
    encoder.add(':status', String(status));
    if (own.server) encoder.add('server', SERVER_NAME);
    if (own.date) encoder.add('date', engine.httpDate());
    fields((name, value) => encoder.add(name, value));
    const block = encoder.end();
    this.#count(block.length);
    sender.headers(this.id, block, this.#bodyless);
    this.owner.sent();
  }

  /** The response is out. */
  #finish(): void {
    const { encoder, sender } = this.owner;
    const trailers = this.#trailers;
    if (!this.#bodyless) {
      if (trailers === null || trailers.length === 0) sender.endData(this.id);
      else {
        encoder.begin(FRAME_HEADER_BYTES);
        for (let i = 0; i < trailers.length; i++) {
          const name = trailers.names[i];
          if (name !== undefined && goesOnHttp2(name.kind)) encoder.add(name.lower, trailers.values[i] ?? '');
        }
        const block = encoder.end();
        this.#count(block.length);
        sender.headers(this.id, block, true);
      }
    }
    // The client's half is of no interest any more (RFC 9113, section 8.1).
    if (!this.requestDone) sender.push(numberFrame(FRAME.rstStream, this.id, ERROR.none));
    this.#close(!this.requestDone);
  }

  get #wireBytes(): number {
    return this.#headBytes + this.#received;
  }

  #count(bytes: number): void {
    if (this.#exchange !== null) this.#exchange.response.bytesSent += bytes;
  }

  /** Somebody reads the body from now on: it may come as fast as others do. */
  #openWindow(): void {
    if (this.#closedWindow === 0 || this.#paused) return;
    this.#receiveWindow += this.#closedWindow;
    this.owner.sender.push(numberFrame(FRAME.windowUpdate, this.id, this.#closedWindow));
    this.#closedWindow = 0;
  }

  #give(length: number): void {
    this.#credit += length;
    if (this.#credit < LIMITS.streamWindowBytes / 2 || this.requestDone || this.#closed) return;
    this.#receiveWindow += this.#credit;
    this.owner.sender.push(numberFrame(FRAME.windowUpdate, this.id, this.#credit));
    this.#credit = 0;
  }

  #armBody(): void {
    const exchange = this.#exchange;
    if (exchange === null || this.#paused || this.requestDone) return;
    this.#bodyBy = this.owner.engine.clock.now() + exchange.settings.clientBodyTimeoutMs;
    this.#arm();
  }

  #armSend(): void {
    const timeoutMs = this.#exchange?.settings.clientSendTimeoutMs ?? LIMITS.lingerMs;
    this.#sendBy = this.owner.engine.clock.now() + timeoutMs;
    this.#arm();
  }

  #arm(): void {
    this.deadlineAt = Math.min(this.#bodyBy, this.#sendBy);
    if (this.deadlineAt !== NEVER) this.owner.watch(this.deadlineAt);
  }

  #close(reset: boolean): void {
    this.#closed = true;
    this.deadlineAt = NEVER;
    this.#inbound = [];
    this.#outbound = [];
    this.#waiting = 0;
    this.owner.streamClosed(this, reset);
    if (!this.#ending) this.#exchange?.onClientGone();
  }
}

/** Fields of one hop do not exist on HTTP/2 (RFC 9113, section 8.2.2); content-length is written by the stream itself. */
function goesOnHttp2(kind: number): boolean {
  switch (kind) {
    case NAME.connection:
    case NAME.contentLength:
    case NAME.hopByHop:
    case NAME.transferEncoding:
    case NAME.upgrade:
      return false;
  }
  return true;
}
