import type { Socket } from 'node:net';
import type { Http2Settings } from '../plan';
import type { Engine } from './engine';
import {
  ERROR,
  FLAG,
  FRAME,
  FRAME_BYTES,
  frame,
  goawayFrame,
  INITIAL_WINDOW,
  LARGEST_FRAME,
  LARGEST_WINDOW,
  numberFrame,
  pingFrame,
  SETTING,
  settingsFrame,
} from './http2CodecFrames';
import { HpackDecoder, HpackEncoder } from './http2CodecHpack';
import { Http2Input, type InputSink } from './http2CodecInput';
import { RequestFields } from './http2CodecRequest';
import { Floods } from './http2Floods';
import { Http2Sender } from './http2Sender';
import { Http2Stream, type StreamOwner } from './http2Stream';
import { LIMITS } from './limits';

/** Answers (to PING, SETTINGS, …) that wait for a client that does not read. */
const UNREAD_BYTES = 1024 * 1024;
/** Streams of which is remembered that we reset them: their frames may be on the way still. */
const REMEMBERED_RESETS = 256;

/** Whose connection it is. */
export interface ConnectionOwner {
  readonly engine: Engine;
  /** All names and values of one head together, and one of them; bytes. */
  readonly headBytes: number;
  readonly lineBytes: number;
  readonly settings: Http2Settings;
  /** A request began, good or bad. */
  onRequest(stream: Http2Stream, fields: RequestFields): void;
  onStreamsDone(): void;
  /** Call onDeadline() of the streams then. */
  watch(deadlineAt: number): void;
  /** The answer to the ping that a drain sends. */
  onPong(): void;
  /** The client broke the protocol, or floods: GOAWAY is on its way, nothing more is read. */
  onFatal(text: string): void;
}

/** The server's side of one HTTP/2 connection (RFC 9113): frames in, streams, windows, settings, and what is wrong. */
export class Http2Connection implements InputSink, StreamOwner {
  readonly engine: Engine;
  readonly sender: Http2Sender;
  readonly encoder = new HpackEncoder();
  readonly streams = new Map<number, Http2Stream>();
  lastStream = 0;
  peerFrameBytes = FRAME_BYTES;
  readonly #decoder: HpackDecoder;
  readonly #input = new Http2Input(this);
  readonly #floods: Floods;
  readonly #waiting = new Set<Http2Stream>();
  readonly #resets = new Set<number>();
  readonly #touched: Http2Stream[] = [];
  #peerWindow = INITIAL_WINDOW;
  #receiveWindow: number = LIMITS.sessionWindowBytes;
  #credit = 0;
  #data: Http2Stream | null = null;
  #dataEnds = false;
  #dataLength = 0;
  #dataSeen = 0;
  /** Streams above this one came after the final GOAWAY. */
  #lastAccepted = LARGEST_WINDOW;
  #dead = false;

  constructor(
    readonly socket: Socket,
    readonly owner: ConnectionOwner,
  ) {
    this.engine = owner.engine;
    this.#decoder = new HpackDecoder(this.engine.tolerateBareLf);
    this.sender = new Http2Sender(socket);
    this.#floods = new Floods(owner.engine.clock);
    this.sender.push(
      settingsFrame([
        [SETTING.maxConcurrentStreams, owner.settings.maxConcurrentStreams],
        [SETTING.initialWindowSize, owner.settings.prereadBytes ?? LIMITS.streamWindowBytes],
        [SETTING.maxFrameSize, LARGEST_FRAME],
        [SETTING.maxHeaderListSize, owner.headBytes],
      ]),
    );
    this.sender.push(numberFrame(FRAME.windowUpdate, 0, LIMITS.sessionWindowBytes - INITIAL_WINDOW));
  }

  get prereadBytes(): number | null {
    return this.owner.settings.prereadBytes;
  }

  /** A frame or a header block has begun and is not complete. */
  get isWithinHead(): boolean {
    return this.#input.isWithinHead;
  }

  /** Counts what came whole: frames, and header blocks of several frames. */
  get completed(): number {
    return this.#input.completed;
  }

  read(chunk: Buffer): void {
    if (this.#dead) return;
    this.sender.hold();
    this.#input.push(chunk);
    for (const stream of this.#touched.splice(0)) stream.onPause();
    this.sender.release();
    if (!this.#dead && this.sender.waitingBytes > UNREAD_BYTES) this.#fatal(ERROR.enhanceYourCalm, 'does not read');
  }

  onDrain(): void {
    this.sender.pump(this.#waiting);
  }

  /** Tells the client to open no more streams; `final`: those above the last one seen are ignored from now on. */
  goaway(final: boolean): void {
    if (final) this.#lastAccepted = this.lastStream;
    this.sender.push(goawayFrame(final ? this.lastStream : LARGEST_WINDOW, ERROR.none));
  }

  ping(): void {
    this.sender.push(pingFrame(false, Buffer.alloc(8)));
  }

  /** The socket is gone: so are all streams. */
  end(): void {
    this.#dead = true;
    this.#input.stop();
    this.sender.close();
    for (const stream of [...this.streams.values()]) stream.onGone();
  }

  // ── StreamOwner ──────────────────────────────────────────────────────────────────────────────────────────────────

  wait(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  sent(): void {
    this.#floods.payload();
  }

  watch(deadlineAt: number): void {
    this.owner.watch(deadlineAt);
  }

  streamClosed(stream: Http2Stream, reset: boolean): void {
    this.streams.delete(stream.id);
    this.#waiting.delete(stream);
    if (this.#data === stream) this.#data = null;
    if (reset) {
      this.#resets.add(stream.id);
      if (this.#resets.size > REMEMBERED_RESETS)
        for (const oldest of this.#resets) {
          this.#resets.delete(oldest);
          break;
        }
    }
    if (this.streams.size === 0 && !this.#dead) this.owner.onStreamsDone();
  }

  // ── InputSink ────────────────────────────────────────────────────────────────────────────────────────────────────

  onBroken(code: number, text: string): void {
    this.#fatal(code, text);
  }

  onDataBegin(endStream: boolean, id: number, length: number): void {
    this.#data = null;
    this.#dataEnds = endStream;
    this.#dataLength = length;
    this.#dataSeen = 0;
    if (id === 0 || this.#isIdle(id)) {
      this.#fatal(ERROR.protocol, 'sent DATA on an idle stream');
      return;
    }
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) {
      this.#fatal(ERROR.flowControl, 'sent more DATA than the connection has room for');
      return;
    }
    this.#give(length);
    if (length === 0 && !this.#dataEnds && !this.#idleFrame(4)) return;
    if (length > 0) this.#floods.payload();
    const stream = this.streams.get(id);
    if (stream === undefined || stream.requestDone) {
      if (!this.#resets.has(id)) this.#streamFault(id, ERROR.streamClosed);
    } else if (!stream.takeWindow(length)) this.#streamFault(id, ERROR.flowControl);
    else {
      this.#data = stream;
      this.#touch(stream);
    }
  }

  onDataPart(chunk: Buffer): void {
    this.#dataSeen += chunk.length;
    if (this.#data === null) return;
    // A frame may come in several reads, and each ends with what came in it given on.
    this.#touch(this.#data);
    this.#data.onBody(chunk);
  }

  onDataEnd(): void {
    const stream = this.#data;
    this.#data = null;
    if (stream === null) return;
    this.#touch(stream);
    if (this.#dataLength > this.#dataSeen) stream.skip(this.#dataLength - this.#dataSeen);
    if (this.#dataEnds) stream.onEnd();
  }

  onHeaders(id: number, block: Buffer, ended: boolean, selfDependent: boolean): void {
    const open = this.streams.get(id);
    const isNew = id > this.lastStream;
    if (isNew) this.lastStream = id;
    const fields = new RequestFields(this.owner.headBytes, this.owner.lineBytes, !isNew);
    fields.wireBytes = block.length;
    if (!this.#decoder.decode(block, (name, value) => fields.add(name, value))) {
      this.#fatal(ERROR.compression, 'sent a header block that cannot be decoded');
      return;
    }
    if (isNew) this.#open(id, ended, fields, selfDependent);
    else if (open === undefined || open.requestDone) {
      if (this.#resets.has(id)) return;
      if (open === undefined) this.#fatal(ERROR.protocol, 'sent HEADERS on a closed stream');
      else this.#streamFault(id, ERROR.streamClosed);
    } else if (!ended || selfDependent) this.#streamFault(id, ERROR.protocol);
    else {
      this.#touch(open);
      if (fields.bad !== null || fields.tooLarge) open.onBad(400, fields.bad?.reason ?? 'sent too large trailers');
      else open.onEnd();
    }
  }

  #open(id: number, ended: boolean, fields: RequestFields, selfDependent: boolean): void {
    if (id > this.#lastAccepted) return;
    if (selfDependent) this.#refuseStream(id, ERROR.protocol);
    else if (this.streams.size >= this.owner.settings.maxConcurrentStreams) this.#refuseStream(id, ERROR.refusedStream);
    else if (fields.tooLarge) this.#refuseStream(id, ERROR.enhanceYourCalm);
    else {
      const stream = new Http2Stream(this, id, ended, this.#peerWindow);
      this.streams.set(id, stream);
      if (fields.bad !== null && !this.#floods.fault()) {
        this.#fatal(ERROR.enhanceYourCalm, 'sent too many bad requests');
        return;
      }
      this.#floods.payload();
      if (!ended) this.#touched.push(stream);
      this.owner.onRequest(stream, fields);
    }
  }

  onSelfDependence(id: number): void {
    if (this.#isIdle(id)) this.#fatal(ERROR.protocol, 'made an idle stream depend on itself');
    else this.#streamFault(id, ERROR.protocol);
  }

  onReset(id: number): void {
    if (id === 0 || this.#isIdle(id)) this.#fatal(ERROR.protocol, 'reset an idle stream');
    else {
      const stream = this.streams.get(id);
      if (stream === undefined) this.#idleFrame();
      else if (this.#floods.reset()) stream.onGone();
      else this.#fatal(ERROR.enhanceYourCalm, 'reset too many streams');
    }
  }

  onSettings(settings: readonly (readonly [id: number, value: number])[]): void {
    if (!this.#idleFrame(4)) return;
    for (const [id, value] of settings) {
      if (id === SETTING.headerTableSize) this.encoder.limit(value);
      if (id === SETTING.maxFrameSize) this.peerFrameBytes = value;
      if (id !== SETTING.initialWindowSize) continue;
      const change = value - this.#peerWindow;
      this.#peerWindow = value;
      for (const stream of this.streams.values()) {
        stream.sendWindow += change;
        if (stream.sendWindow > LARGEST_WINDOW) {
          this.#fatal(ERROR.flowControl, 'opened a window too far');
          return;
        }
      }
    }
    this.sender.push(frame(FRAME.settings, FLAG.ack, 0, 0));
    this.sender.pump(this.#waiting);
  }

  onPing(ack: boolean, opaque: Buffer): void {
    if (!this.#idleFrame()) return;
    if (ack) this.owner.onPong();
    else this.sender.push(pingFrame(true, opaque));
  }

  onIdleFrame(): void {
    this.#idleFrame();
  }

  onWindowUpdate(id: number, increment: number): void {
    if (id !== 0 && this.#isIdle(id)) this.#fatal(ERROR.protocol, 'opened the window of an idle stream');
    else if (id === 0) {
      this.sender.window += increment;
      if (increment === 0) this.#fatal(ERROR.protocol, 'sent WINDOW_UPDATE of nothing');
      else if (this.sender.window > LARGEST_WINDOW) this.#fatal(ERROR.flowControl, 'opened a window too far');
      else if (this.#idleFrame()) this.sender.pump(this.#waiting);
    } else if (this.#idleFrame()) {
      const stream = this.streams.get(id);
      if (stream === undefined) return;
      stream.sendWindow += increment;
      if (increment === 0) this.#streamFault(id, ERROR.protocol);
      else if (stream.sendWindow > LARGEST_WINDOW) this.#streamFault(id, ERROR.flowControl);
      else if (stream.pump(Number.POSITIVE_INFINITY)) this.#waiting.delete(stream);
    }
  }

  // ── What they share ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Its onPause() is due at the end of this read. */
  #touch(stream: Http2Stream): void {
    if (this.#touched.at(-1) !== stream) this.#touched.push(stream);
  }

  #isIdle(id: number): boolean {
    return id > this.lastStream || id % 2 === 0;
  }

  #give(length: number): void {
    this.#credit += length;
    if (this.#credit < LIMITS.sessionWindowBytes / 4) return;
    this.#receiveWindow += this.#credit;
    this.sender.push(numberFrame(FRAME.windowUpdate, 0, this.#credit));
    this.#credit = 0;
  }

  /** False: one too many, and the connection is over. */
  #idleFrame(cost = 1): boolean {
    if (this.#floods.idleFrame(cost)) return true;
    this.#fatal(ERROR.enhanceYourCalm, 'floods');
    return false;
  }

  #streamFault(id: number, code: number): void {
    if (!this.#floods.fault()) {
      this.#fatal(ERROR.enhanceYourCalm, 'sent too many bad frames');
      return;
    }
    const stream = this.streams.get(id);
    if (stream !== undefined) stream.cutOff(code);
    else this.sender.push(numberFrame(FRAME.rstStream, id, code));
  }

  #refuseStream(id: number, code: number): void {
    if (code !== ERROR.refusedStream && !this.#floods.fault()) {
      this.#fatal(ERROR.enhanceYourCalm, 'sent too many bad requests');
      return;
    }
    if (code === ERROR.refusedStream && !this.#floods.reset()) {
      this.#fatal(ERROR.enhanceYourCalm, 'opened too many streams');
      return;
    }
    this.#resets.add(id);
    this.sender.push(numberFrame(FRAME.rstStream, id, code));
  }

  #fatal(code: number, text: string): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#input.stop();
    this.sender.push(goawayFrame(this.lastStream, code));
    this.owner.onFatal(text);
  }
}
