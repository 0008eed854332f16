import type { Socket } from 'node:net';
import type { Engine } from './engine';
import {
  ERROR,
  FLAG,
  FRAME,
  FRAME_BYTES,
  FrameReader,
  type FrameSink,
  goawayFrame,
  INITIAL_WINDOW,
  LARGEST_WINDOW,
  numberFrame,
  pingFrame,
  SETTING,
  settingsFrame,
} from './http2CodecFrames';
import { HpackDecoder, HpackEncoder } from './http2CodecHpack';
import { RequestFields } from './http2CodecRequest';
import { Floods } from './http2Floods';
import { Http2Sender } from './http2Sender';
import { Http2Stream, type StreamOwner } from './http2Stream';
import { LIMITS } from './limits';

/** A header block in coded form, beyond what its fields may take: then the connection ends, decoded or not. */
const CODED_HEAD_BYTES = 256 * 1024;
/** CONTINUATION frames of one header block. */
const CONTINUATIONS = 64;
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

interface HeaderBlock {
  readonly stream: number;
  readonly flags: number;
  /** Section 5.3.1 of RFC 7540: a stream cannot depend on itself. */
  readonly selfDependent: boolean;
  readonly parts: Buffer[];
  bytes: number;
  continuations: number;
}

/** The server's side of one HTTP/2 connection (RFC 9113): frames in, streams, windows, settings, and what is wrong. */
export class Http2Connection implements FrameSink, StreamOwner {
  readonly engine: Engine;
  readonly sender: Http2Sender;
  readonly encoder = new HpackEncoder();
  readonly streams = new Map<number, Http2Stream>();
  lastStream = 0;
  /** Counts what came whole: frames, and header blocks of several frames. */
  completed = 0;
  readonly #decoder = new HpackDecoder();
  readonly #reader: FrameReader;
  readonly #floods: Floods;
  readonly #waiting = new Set<Http2Stream>();
  readonly #resets = new Set<number>();
  readonly #touched: Http2Stream[] = [];
  #settled = false;
  #block: HeaderBlock | null = null;
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
    this.sender = new Http2Sender(socket);
    this.#reader = new FrameReader(this, true);
    this.#floods = new Floods(owner.engine.clock);
    this.sender.push(
      settingsFrame([
        [SETTING.maxConcurrentStreams, LIMITS.streamsPerSession],
        [SETTING.initialWindowSize, LIMITS.streamWindowBytes],
        [SETTING.maxFrameSize, FRAME_BYTES],
        [SETTING.maxHeaderListSize, owner.headBytes],
      ]),
    );
    this.sender.push(numberFrame(FRAME.windowUpdate, 0, LIMITS.sessionWindowBytes - INITIAL_WINDOW));
  }

  /** A frame or a header block has begun and is not complete. */
  get isWithinHead(): boolean {
    return this.#block !== null || this.#reader.isWithinFrame;
  }

  read(chunk: Buffer): void {
    if (this.#dead) return;
    this.sender.hold();
    this.#reader.push(chunk);
    for (const stream of this.#touched.splice(0)) stream.onPause();
    this.sender.release();
    if (!this.#dead && this.sender.waitingBytes > UNREAD_BYTES) this.#fatal(ERROR.enhanceYourCalm, 'does not read');
  }

  onDrain(): void {
    this.#pump();
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
    this.#reader.stop();
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

  // ── FrameSink ────────────────────────────────────────────────────────────────────────────────────────────────────

  onBroken(code: number, text: string): void {
    this.#fatal(code, text);
  }

  onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    this.#take(type, flags, stream, payload);
    if (this.#block === null) this.completed++;
  }

  #take(type: number, flags: number, stream: number, payload: Buffer): void {
    if (!this.#settled) {
      if (type !== FRAME.settings || (flags & FLAG.ack) !== 0) {
        this.#fatal(ERROR.protocol, 'began with another frame than SETTINGS');
        return;
      }
      this.#settled = true;
    }
    if (this.#block !== null && type !== FRAME.continuation) {
      this.#fatal(ERROR.protocol, 'sent another frame within a header block');
      return;
    }
    switch (type) {
      case FRAME.headers:
        this.#onHeaders(flags, stream, payload);
        return;
      case FRAME.continuation:
        this.#onContinuation(flags, stream, payload);
        return;
      case FRAME.priority:
        this.#onPriority(stream, payload);
        return;
      case FRAME.rstStream:
        this.#onReset(stream, payload);
        return;
      case FRAME.settings:
        this.#onSettings(flags, stream, payload);
        return;
      case FRAME.pushPromise:
        this.#fatal(ERROR.protocol, 'sent PUSH_PROMISE');
        return;
      case FRAME.ping:
        this.#onPing(flags, stream, payload);
        return;
      case FRAME.goaway:
        if (stream !== 0) this.#fatal(ERROR.protocol, 'sent GOAWAY on a stream');
        else if (payload.length < 8) this.#fatal(ERROR.frameSize, 'sent GOAWAY of a wrong length');
        else this.#idleFrame();
        return;
      case FRAME.windowUpdate:
        this.#onWindowUpdate(stream, payload);
        return;
      default:
        this.#idleFrame();
    }
  }

  onDataBegin(flags: number, id: number, length: number): void {
    this.#data = null;
    this.#dataEnds = (flags & FLAG.endStream) !== 0;
    this.#dataLength = length;
    this.#dataSeen = 0;
    if (!this.#settled || this.#block !== null) {
      this.#fatal(ERROR.protocol, 'sent DATA out of place');
      return;
    }
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
      this.#touched.push(stream);
    }
  }

  onDataPart(chunk: Buffer): void {
    this.#dataSeen += chunk.length;
    this.#data?.onBody(chunk);
  }

  onDataEnd(): void {
    const stream = this.#data;
    this.#data = null;
    if (stream === null) return;
    if (this.#dataLength > this.#dataSeen) stream.skip(this.#dataLength - this.#dataSeen);
    if (this.#dataEnds) stream.onEnd();
  }

  // ── Frames ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #onHeaders(flags: number, stream: number, payload: Buffer): void {
    if (stream % 2 === 0) {
      this.#fatal(ERROR.protocol, 'sent HEADERS with a wrong stream number');
      return;
    }
    let start = 0;
    let end = payload.length;
    if ((flags & FLAG.padded) !== 0) {
      start = 1;
      end -= payload[0] ?? 0;
    }
    let selfDependent = false;
    if ((flags & FLAG.priority) !== 0) {
      if (payload.length >= start + 5) selfDependent = (payload.readUInt32BE(start) & LARGEST_WINDOW) === stream;
      start += 5;
    }
    if (payload.length < start) this.#fatal(ERROR.frameSize, 'sent HEADERS that are too short');
    else if (end < start) this.#fatal(ERROR.protocol, 'sent HEADERS with more padding than payload');
    else {
      const part = payload.subarray(start, end);
      this.#block = { stream, flags, selfDependent, parts: [part], bytes: part.length, continuations: 0 };
      if ((flags & FLAG.endHeaders) !== 0) this.#endBlock(this.#block);
    }
  }

  #onContinuation(flags: number, stream: number, payload: Buffer): void {
    const block = this.#block;
    if (block === null || block.stream !== stream) {
      this.#fatal(ERROR.protocol, 'sent CONTINUATION out of place');
      return;
    }
    block.bytes += payload.length;
    block.continuations++;
    if (block.bytes > CODED_HEAD_BYTES || block.continuations > CONTINUATIONS) {
      this.#fatal(ERROR.enhanceYourCalm, 'sent too large a header block');
      return;
    }
    // A copy: the frame may be a small part of what was read with it.
    block.parts.push(Buffer.from(payload));
    if ((flags & FLAG.endHeaders) !== 0) this.#endBlock(block);
  }

  #endBlock(block: HeaderBlock): void {
    this.#block = null;
    const id = block.stream;
    const open = this.streams.get(id);
    const isNew = id > this.lastStream;
    const [first] = block.parts;
    const bytes = block.parts.length === 1 && first !== undefined ? first : Buffer.concat(block.parts);
    const fields = new RequestFields(this.owner.headBytes, this.owner.lineBytes, !isNew);
    if (!this.#decoder.decode(bytes, (name, value) => fields.add(name, value))) {
      this.#fatal(ERROR.compression, 'sent a header block that cannot be decoded');
      return;
    }
    const ended = (block.flags & FLAG.endStream) !== 0;
    if (isNew) {
      this.lastStream = id;
      this.#open(id, ended, fields, block.selfDependent);
    } else if (open === undefined || open.requestDone) {
      if (this.#resets.has(id)) return;
      if (open === undefined) this.#fatal(ERROR.streamClosed, 'sent HEADERS on a closed stream');
      else this.#streamFault(id, ERROR.streamClosed);
    } else if (!ended || block.selfDependent) this.#streamFault(id, ERROR.protocol);
    else {
      this.#touched.push(open);
      if (fields.bad !== null || fields.tooLarge) open.onBad(400, fields.bad?.reason ?? 'sent too large trailers');
      else open.onEnd();
    }
  }

  #open(id: number, ended: boolean, fields: RequestFields, selfDependent: boolean): void {
    if (id > this.#lastAccepted) return;
    if (selfDependent) this.#refuseStream(id, ERROR.protocol);
    else if (this.streams.size >= LIMITS.streamsPerSession) this.#refuseStream(id, ERROR.refusedStream);
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

  #onPriority(stream: number, payload: Buffer): void {
    if (stream === 0) this.#fatal(ERROR.protocol, 'sent PRIORITY on no stream');
    else if (payload.length !== 5) this.#fatal(ERROR.frameSize, 'sent PRIORITY of a wrong length');
    else if ((payload.readUInt32BE(0) & LARGEST_WINDOW) !== stream) this.#idleFrame();
    else if (this.#isIdle(stream)) this.#fatal(ERROR.protocol, 'made an idle stream depend on itself');
    else this.#streamFault(stream, ERROR.protocol);
  }

  #onReset(id: number, payload: Buffer): void {
    if (payload.length !== 4) this.#fatal(ERROR.frameSize, 'sent RST_STREAM of a wrong length');
    else if (id === 0 || this.#isIdle(id)) this.#fatal(ERROR.protocol, 'reset an idle stream');
    else {
      const stream = this.streams.get(id);
      if (stream === undefined) this.#idleFrame();
      else if (this.#floods.reset()) stream.onGone();
      else this.#fatal(ERROR.enhanceYourCalm, 'reset too many streams');
    }
  }

  #onSettings(flags: number, stream: number, payload: Buffer): void {
    if (stream !== 0) this.#fatal(ERROR.protocol, 'sent SETTINGS on a stream');
    else if ((flags & FLAG.ack) !== 0) {
      if (payload.length > 0) this.#fatal(ERROR.frameSize, 'acknowledged SETTINGS with a payload');
      else this.#idleFrame();
    } else if (payload.length % 6 !== 0) this.#fatal(ERROR.frameSize, 'sent SETTINGS of a wrong length');
    else if (this.#idleFrame(4)) {
      for (let at = 0; at < payload.length && !this.#dead; at += 6) {
        this.#setting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
      }
      if (this.#dead) return;
      this.sender.push(Buffer.from([0, 0, 0, FRAME.settings, FLAG.ack, 0, 0, 0, 0]));
      this.#pump();
    }
  }

  #setting(id: number, value: number): void {
    if (id === SETTING.headerTableSize) this.encoder.limit(value);
    else if (id === SETTING.enablePush && value > 1) this.#fatal(ERROR.protocol, 'sent an invalid ENABLE_PUSH');
    else if (id === SETTING.maxFrameSize && (value < FRAME_BYTES || value > 2 ** 24 - 1)) {
      this.#fatal(ERROR.protocol, 'sent an invalid MAX_FRAME_SIZE');
    } else if (id === SETTING.initialWindowSize) {
      if (value > LARGEST_WINDOW) {
        this.#fatal(ERROR.flowControl, 'sent an invalid INITIAL_WINDOW_SIZE');
        return;
      }
      const change = value - this.#peerWindow;
      this.#peerWindow = value;
      for (const stream of this.streams.values()) {
        stream.sendWindow += change;
        if (stream.sendWindow > LARGEST_WINDOW) this.#fatal(ERROR.flowControl, 'opened a window too far');
      }
    }
  }

  #onPing(flags: number, stream: number, payload: Buffer): void {
    if (stream !== 0) this.#fatal(ERROR.protocol, 'sent PING on a stream');
    else if (payload.length !== 8) this.#fatal(ERROR.frameSize, 'sent PING of a wrong length');
    else if (!this.#idleFrame()) return;
    else if ((flags & FLAG.ack) !== 0) this.owner.onPong();
    else this.sender.push(pingFrame(true, payload));
  }

  #onWindowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) {
      this.#fatal(ERROR.frameSize, 'sent WINDOW_UPDATE of a wrong length');
      return;
    }
    const increment = payload.readUInt32BE(0) & LARGEST_WINDOW;
    if (id !== 0 && this.#isIdle(id)) this.#fatal(ERROR.protocol, 'opened the window of an idle stream');
    else if (id === 0) {
      this.sender.window += increment;
      if (increment === 0) this.#fatal(ERROR.protocol, 'sent WINDOW_UPDATE of nothing');
      else if (this.sender.window > LARGEST_WINDOW) this.#fatal(ERROR.flowControl, 'opened a window too far');
      else if (this.#idleFrame()) this.#pump();
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

  #isIdle(id: number): boolean {
    return id > this.lastStream || id % 2 === 0;
  }

  /** A frame each for those that wait, and again, while there is room. */
  #pump(): void {
    while (this.#waiting.size > 0 && this.sender.window > 0 && !this.sender.isBlocked) {
      let moved = false;
      for (const stream of [...this.#waiting]) {
        const before = this.sender.window;
        if (stream.pump(1)) this.#waiting.delete(stream);
        if (this.sender.window < before) moved = true;
      }
      if (!moved) return;
    }
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
    this.#reader.stop();
    this.sender.push(goawayFrame(this.lastStream, code));
    this.owner.onFatal(text);
  }
}
