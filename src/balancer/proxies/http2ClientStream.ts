import type { HeaderList } from '../gateway/headers';
import type { Http2ClientConnection } from './http2ClientConnection';
import { ERROR, FRAME, numberFrame } from './http2CodecFrames';
import type { ResponseFields } from './http2CodecResponse';
import { LIMITS } from './limits';

/** Bytes of a request that wait for the server's window before its client is held back. */
const WAITING_BYTES = 32 * 1024;

/** Whoever asked. Of onEnd(), onReset() and onBad() one comes, as the last. */
export interface ClientStreamOwner {
  /** Wire bytes that the head took; `length` -1: unknown. */
  onHead(status: number, headers: HeaderList, bytes: number, length: number, ends: boolean): void;
  onData(chunk: Buffer): void;
  onEnd(trailers: HeaderList | null): void;
  /** RST_STREAM, or GOAWAY that leaves this stream out. */
  onReset(code: number): void;
  /** The response is malformed. */
  onBad(text: string): void;
  onDrain(): void;
  /** The body began to wait for the server, got on, or is all out. */
  onBlocked(blocked: boolean): void;
}

/** One request on a connection to a server: its flow control, and whether what comes is a response. */
export class Http2ClientStream {
  headSeen = false;
  /** END_STREAM is out. */
  requestDone = false;
  #receiveWindow: number = LIMITS.streamWindowBytes;
  /** Taken by whoever reads, not yet told to the server. */
  #credit = 0;
  /** Content-Length; -1. */
  #declared = -1;
  #received = 0;
  #paused = false;
  #inbound: Buffer[] = [];
  /** The response came to its end while paused; its trailers. */
  #ended: { readonly trailers: HeaderList | null } | null = null;
  #outbound: Buffer[] = [];
  #waiting = 0;
  #wantsDrain = false;
  #ending = false;
  #closed = false;

  constructor(
    readonly connection: Http2ClientConnection,
    readonly id: number,
    /** What the server lets us send. */
    public sendWindow: number,
    /** Asked with HEAD: what Content-Length declares does not come. */
    readonly bodyless: boolean,
    readonly owner: ClientStreamOwner,
  ) {}

  get closed(): boolean {
    return this.#closed;
  }

  /** All of the response is here, if not yet taken: what becomes of the connection is of no matter. */
  get isComplete(): boolean {
    return this.#ended !== null;
  }

  /** False: wait for onDrain(). */
  write(chunk: Buffer): boolean {
    if (this.#closed || this.requestDone || chunk.length === 0) return true;
    this.#outbound.push(chunk);
    this.#waiting += chunk.length;
    if (this.#waiting === chunk.length && !this.pump(Number.POSITIVE_INFINITY)) {
      this.connection.wait(this);
      this.owner.onBlocked(true);
    }
    if (this.#waiting < WAITING_BYTES) return true;
    this.#wantsDrain = true;
    return false;
  }

  /** No more of the request comes. */
  finish(): void {
    if (this.#closed || this.#ending || this.requestDone) return;
    this.#ending = true;
    if (this.#waiting === 0) this.#finish();
  }

  /** Ends it early; the owner hears no more. */
  reset(code: number): void {
    if (this.#closed) return;
    this.connection.sender.push(numberFrame(FRAME.rstStream, this.id, code));
    this.#close();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (!this.#paused && !this.#closed) {
      const chunk = this.#inbound.shift();
      if (chunk === undefined) break;
      this.#deliver(chunk);
    }
    if (this.#paused || this.#closed || this.#ended === null) return;
    this.#over(this.#ended.trailers);
  }

  // ── From the connection ──────────────────────────────────────────────────────────────────────────────────────────

  /** The window that there is now. */
  widen(by: number): number {
    this.sendWindow += by;
    return this.sendWindow;
  }

  /** A DATA frame begins. False: it is more than the window; `length` with padding. */
  takeData(length: number): boolean {
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) return false;
    if (!this.headSeen || this.#ended !== null) this.#fail('sent DATA where there is no body');
    return true;
  }

  onData(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#declared >= 0 && this.#received > this.#declared) {
      this.#fail('sent a body larger than Content-Length declares');
    } else if (this.#paused) this.#inbound.push(chunk);
    else this.#deliver(chunk);
  }

  /** Padding: nobody has to read it. */
  skip(length: number): void {
    this.#credit += length;
  }

  onFields(fields: ResponseFields, bytes: number, ends: boolean): void {
    if (this.#closed || this.#ended !== null) return;
    if (fields.bad !== null) this.#fail(`sent ${fields.bad}`);
    else if (this.headSeen) {
      if (ends) this.onEnd(fields.list);
      else this.#fail('sent trailers without END_STREAM');
    } else if (fields.status === 0) this.#fail('sent no :status header');
    else if (fields.status < 200) {
      if (ends) this.#fail('ended with an interim response');
    } else this.#onHead(fields, bytes, ends);
  }

  #onHead({ status, list }: ResponseFields, bytes: number, ends: boolean): void {
    this.headSeen = true;
    const declared = list.get('content-length');
    const length = declared === null ? -1 : /^\d{1,15}$/.test(declared) ? Number(declared) : null;
    if (length === null) {
      this.#fail(`sent invalid "Content-Length" header: "${declared}"`);
      return;
    }
    if (!this.bodyless && status !== 204 && status !== 304) this.#declared = length;
    this.owner.onHead(status, list, bytes, length, ends);
    if (ends && !this.#closed) this.onEnd(null);
  }

  onEnd(trailers: HeaderList | null): void {
    if (this.#closed || this.#ended !== null) return;
    if (this.#declared > this.#received) this.#fail('sent a body smaller than Content-Length declares');
    else if (this.#paused && this.#inbound.length > 0) this.#ended = { trailers };
    else this.#over(trailers);
  }

  onReset(code: number): void {
    // What had come whole before is as good as without it.
    if (this.#closed || this.#ended !== null) return;
    if (code === ERROR.none && this.headSeen) {
      // node:http2 says so instead of END_STREAM where nobody has read the request.
      this.requestDone = true;
      this.onEnd(null);
      return;
    }
    this.#close();
    this.owner.onReset(code);
  }

  /** Sends on what waits, so many frames at most. False: something is left. */
  pump(frames: number): boolean {
    const { sender, peerFrameBytes } = this.connection;
    const before = this.#waiting;
    for (let left = frames; left > 0 && this.#waiting > 0; left--) {
      const room = Math.min(peerFrameBytes, sender.window, this.sendWindow);
      const chunk = this.#outbound[0];
      if (chunk === undefined || room <= 0 || sender.isBlocked) break;
      const part = chunk.length <= room ? chunk : chunk.subarray(0, room);
      if (part === chunk) this.#outbound.shift();
      else this.#outbound[0] = chunk.subarray(room);
      this.#waiting -= part.length;
      this.sendWindow -= part.length;
      sender.data(this.id, part);
    }
    if (this.#waiting === 0 && this.#ending && !this.requestDone) this.#finish();
    if (this.#waiting < before) this.owner.onBlocked(this.#waiting > 0);
    if (this.#wantsDrain && this.#waiting < WAITING_BYTES / 2 && !this.#closed) {
      this.#wantsDrain = false;
      this.owner.onDrain();
    }
    return this.#waiting === 0 || this.#closed;
  }

  #finish(): void {
    this.requestDone = true;
    this.connection.sender.endData(this.id);
  }

  #deliver(chunk: Buffer): void {
    this.#credit += chunk.length;
    this.owner.onData(chunk);
    if (this.#closed || this.#credit < LIMITS.streamWindowBytes / 2) return;
    this.#receiveWindow += this.#credit;
    this.connection.sender.push(numberFrame(FRAME.windowUpdate, this.id, this.#credit));
    this.#credit = 0;
  }

  #over(trailers: HeaderList | null): void {
    // Whatever is left of the request has nobody to read it.
    if (!this.requestDone) this.connection.sender.push(numberFrame(FRAME.rstStream, this.id, ERROR.none));
    this.#close();
    this.owner.onEnd(trailers);
  }

  #fail(text: string): void {
    this.reset(ERROR.protocol);
    this.owner.onBad(text);
  }

  #close(): void {
    this.#closed = true;
    this.#inbound = [];
    this.#outbound = [];
    this.#waiting = 0;
    this.connection.ended(this);
  }
}
