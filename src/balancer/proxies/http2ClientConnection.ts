import type { Socket } from 'node:net';
import type { Engine } from './engine';
import { type ClientStreamOwner, Http2ClientStream } from './http2ClientStream';
import {
  CODED_HEAD_BYTES,
  ERROR,
  FLAG,
  FRAME,
  FRAME_BYTES,
  FRAME_HEADER_BYTES,
  FrameReader,
  type FrameSink,
  frame,
  goawayFrame,
  INITIAL_WINDOW,
  LARGEST_WINDOW,
  numberFrame,
  PREFACE,
  pingFrame,
  SETTING,
  settingsFrame,
} from './http2CodecFrames';
import { HpackDecoder, HpackEncoder } from './http2CodecHpack';
import { ResponseFields } from './http2CodecResponse';
import { Http2Sender } from './http2Sender';
import { LIMITS } from './limits';

/** Until the server says how many it takes. */
const STREAMS_AT_FIRST = 100;
/** Answers (to PING, SETTINGS, …) that wait for a server that does not read. */
const UNREAD_BYTES = 1024 * 1024;

/** Whose connection it is. */
export interface ClientConnectionOwner {
  readonly engine: Engine;
  /** The server wants no more streams here (GOAWAY); those it has goes on with end as they would. */
  onGoaway(): void;
  /** The server broke the protocol, and nothing more is read of it. Its streams have heard of nothing yet. */
  onBroken(text: string): void;
}

interface HeaderBlock {
  readonly stream: number;
  readonly endStream: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

/** The client's side of one HTTP/2 connection (RFC 9113): frames, streams, windows and settings, and what a server gets wrong. */
export class Http2ClientConnection implements FrameSink {
  readonly sender: Http2Sender;
  readonly streams = new Map<number, Http2ClientStream>();
  /** How many streams the server takes at a time. */
  mostStreams = STREAMS_AT_FIRST;
  peerFrameBytes = FRAME_BYTES;
  readonly #encoder = new HpackEncoder();
  readonly #decoder: HpackDecoder;
  readonly #reader = new FrameReader(this, { preface: false, mostBytes: FRAME_BYTES });
  readonly #waiting = new Set<Http2ClientStream>();
  #nextStream = 1;
  #peerWindow = INITIAL_WINDOW;
  #receiveWindow: number = LIMITS.sessionWindowBytes;
  #credit = 0;
  #data: Http2ClientStream | null = null;
  #dataEnds = false;
  #dataLength = 0;
  #dataSeen = 0;
  #block: HeaderBlock | null = null;
  #settled = false;
  #dead = false;

  /** Nothing leaves before ready() is called. */
  constructor(
    readonly socket: Socket,
    readonly owner: ClientConnectionOwner,
  ) {
    this.#decoder = new HpackDecoder(owner.engine.tolerateBareLf);
    this.sender = new Http2Sender(socket);
    this.sender.hold();
    this.sender.push(PREFACE);
    this.sender.push(
      settingsFrame([
        [SETTING.enablePush, 0],
        [SETTING.initialWindowSize, LIMITS.streamWindowBytes],
      ]),
    );
    this.sender.push(numberFrame(FRAME.windowUpdate, 0, LIMITS.sessionWindowBytes - INITIAL_WINDOW));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.sender.pump(this.#waiting));
  }

  ready(): void {
    this.sender.release();
  }

  /** Fields in the order of their names; pseudo-header fields come first. */
  open(fields: Readonly<Record<string, string | readonly string[]>>, ends: boolean, owner: ClientStreamOwner) {
    const stream = new Http2ClientStream(this, this.#nextStream, this.#peerWindow, fields[':method'] === 'HEAD', owner);
    this.#nextStream += 2;
    this.streams.set(stream.id, stream);
    this.#encoder.begin(FRAME_HEADER_BYTES);
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === 'string') this.#encoder.add(name, value);
      else for (const each of value) this.#encoder.add(name, each);
    }
    this.sender.headers(stream.id, this.#encoder.end(), ends);
    stream.requestDone = ends;
    return stream;
  }

  /** Numbers run out after a thousand million streams. */
  get isUsedUp(): boolean {
    return this.#nextStream > LARGEST_WINDOW - 2;
  }

  end(): void {
    this.#dead = true;
    this.#reader.stop();
    this.sender.close();
    this.streams.clear();
    this.#waiting.clear();
  }

  // ── For its streams ──────────────────────────────────────────────────────────────────────────────────────────────

  wait(stream: Http2ClientStream): void {
    this.#waiting.add(stream);
  }

  ended(stream: Http2ClientStream): void {
    this.streams.delete(stream.id);
    this.#waiting.delete(stream);
    if (this.#data === stream) this.#data = null;
  }

  // ── FrameSink ────────────────────────────────────────────────────────────────────────────────────────────────────

  onBroken(code: number, text: string): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#reader.stop();
    this.sender.push(goawayFrame(0, code));
    // Within a read, which holds everything back: this is the last that leaves.
    this.sender.release();
    this.sender.hold();
    this.owner.onBroken(text);
  }

  onDataBegin(flags: number, id: number, length: number): void {
    this.#data = null;
    this.#dataEnds = (flags & FLAG.endStream) !== 0;
    this.#dataLength = length;
    this.#dataSeen = 0;
    if (!this.#isInPlace() || !this.#isKnown(id, 'DATA')) return;
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) {
      this.onBroken(ERROR.flowControl, 'sent more DATA than the connection has room for');
      return;
    }
    this.#give(length);
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    if (stream.takeData(length)) this.#data = this.streams.get(id) ?? null;
    else this.onBroken(ERROR.flowControl, 'sent more DATA than the stream has room for');
  }

  onDataPart(chunk: Buffer): void {
    this.#dataSeen += chunk.length;
    this.#data?.onData(chunk);
  }

  onDataEnd(): void {
    const stream = this.#data;
    this.#data = null;
    stream?.skip(this.#dataLength - this.#dataSeen);
    if (this.#dataEnds) stream?.onEnd(null);
  }

  onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    if (!this.#isInPlace(type)) return;
    switch (type) {
      case FRAME.headers:
        this.#onHeaders(flags, id, payload);
        return;
      case FRAME.continuation:
        this.#onContinuation(flags, id, payload);
        return;
      case FRAME.rstStream:
        if (payload.length !== 4) this.onBroken(ERROR.frameSize, 'sent RST_STREAM of a wrong length');
        else if (this.#isKnown(id, 'RST_STREAM')) this.streams.get(id)?.onReset(payload.readUInt32BE(0));
        return;
      case FRAME.settings:
        this.#onSettings(flags, id, payload);
        return;
      case FRAME.ping:
        if (id !== 0) this.onBroken(ERROR.protocol, 'sent PING on a stream');
        else if (payload.length !== 8) this.onBroken(ERROR.frameSize, 'sent PING of a wrong length');
        else if ((flags & FLAG.ack) === 0) this.sender.push(pingFrame(true, payload));
        return;
      case FRAME.goaway:
        if (id !== 0) this.onBroken(ERROR.protocol, 'sent GOAWAY on a stream');
        else if (payload.length < 8) this.onBroken(ERROR.frameSize, 'sent GOAWAY of a wrong length');
        else this.#onGoaway(payload.readUInt32BE(0) & LARGEST_WINDOW, payload.readUInt32BE(4));
        return;
      case FRAME.windowUpdate:
        if (payload.length !== 4) this.onBroken(ERROR.frameSize, 'sent WINDOW_UPDATE of a wrong length');
        else this.#onWindowUpdate(id, payload.readUInt32BE(0) & LARGEST_WINDOW);
    }
  }

  // ── What frames say ──────────────────────────────────────────────────────────────────────────────────────────────

  #read(chunk: Buffer): void {
    if (this.#dead) return;
    this.sender.hold();
    this.#reader.push(chunk);
    this.sender.release();
    if (!this.#dead && this.sender.waitingBytes > UNREAD_BYTES + LIMITS.sessionWindowBytes) {
      this.onBroken(ERROR.enhanceYourCalm, 'does not read');
    }
  }

  /** SETTINGS come first (section 3.4), and nothing within a header block (section 6.10). */
  #isInPlace(type: number = FRAME.data): boolean {
    if (!this.#settled && type !== FRAME.settings)
      this.onBroken(ERROR.protocol, 'began with another frame than SETTINGS');
    else if (this.#block !== null && type !== FRAME.continuation) {
      this.onBroken(ERROR.protocol, 'sent another frame within a header block');
    }
    return !this.#dead;
  }

  /** One of ours, open or over. */
  #isKnown(id: number, what: string): boolean {
    if (id % 2 === 1 && id < this.#nextStream) return true;
    this.onBroken(ERROR.protocol, `sent ${what} on an unknown stream`);
    return false;
  }

  #onHeaders(flags: number, id: number, payload: Buffer): void {
    if (!this.#isKnown(id, 'HEADERS')) return;
    let start = 0;
    let end = payload.length;
    if ((flags & FLAG.padded) !== 0) {
      start = 1;
      end -= payload[0] ?? 0;
    }
    if ((flags & FLAG.priority) !== 0) start += 5;
    if (end < start) {
      this.onBroken(ERROR.protocol, 'sent HEADERS that are too short');
      return;
    }
    const part = payload.subarray(start, end);
    const endStream = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) this.#onBlock(id, part, endStream);
    else this.#block = { stream: id, endStream, parts: [Buffer.from(part)], bytes: part.length };
  }

  #onContinuation(flags: number, id: number, payload: Buffer): void {
    const block = this.#block;
    if (block === null || block.stream !== id) {
      this.onBroken(ERROR.protocol, 'sent CONTINUATION out of place');
      return;
    }
    // Empty ones count, too.
    block.bytes += payload.length + FRAME_HEADER_BYTES;
    if (block.bytes > CODED_HEAD_BYTES) {
      this.onBroken(ERROR.enhanceYourCalm, 'sent too large a header block');
      return;
    }
    block.parts.push(Buffer.from(payload));
    if ((flags & FLAG.endHeaders) === 0) return;
    this.#block = null;
    this.#onBlock(id, Buffer.concat(block.parts), block.endStream);
  }

  #onBlock(id: number, block: Buffer, ends: boolean): void {
    const stream = this.streams.get(id);
    const fields = new ResponseFields(stream?.headSeen === true);
    if (!this.#decoder.decode(block, (name, value) => fields.add(name, value))) {
      this.onBroken(ERROR.compression, 'sent a header block that cannot be decoded');
    } else stream?.onFields(fields, block.length + FRAME_HEADER_BYTES, ends);
  }

  #onSettings(flags: number, id: number, payload: Buffer): void {
    this.#settled = true;
    if (id !== 0) this.onBroken(ERROR.protocol, 'sent SETTINGS on a stream');
    else if (payload.length % 6 !== 0) this.onBroken(ERROR.frameSize, 'sent SETTINGS of a wrong length');
    if (this.#dead || (flags & FLAG.ack) !== 0) return;
    for (let at = 0; at < payload.length && !this.#dead; at += 6) {
      this.#onSetting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    }
    this.sender.push(frame(FRAME.settings, FLAG.ack, 0, 0));
    this.sender.pump(this.#waiting);
  }

  #onSetting(id: number, value: number): void {
    switch (id) {
      case SETTING.headerTableSize:
        this.#encoder.limit(value);
        return;
      case SETTING.maxConcurrentStreams:
        this.mostStreams = value;
        return;
      case SETTING.maxFrameSize:
        if (value < FRAME_BYTES || value > 2 ** 24 - 1) this.onBroken(ERROR.protocol, 'sent an invalid MAX_FRAME_SIZE');
        else this.peerFrameBytes = value;
        return;
      case SETTING.initialWindowSize: {
        const change = value - this.#peerWindow;
        this.#peerWindow = value;
        let widest = value;
        for (const stream of this.streams.values()) widest = Math.max(widest, stream.widen(change));
        if (widest > LARGEST_WINDOW) this.onBroken(ERROR.flowControl, 'opened a window too far');
      }
    }
  }

  #onWindowUpdate(id: number, increment: number): void {
    if (id === 0) {
      this.sender.window += increment;
      if (this.sender.window > LARGEST_WINDOW) this.onBroken(ERROR.flowControl, 'opened a window too far');
      else this.sender.pump(this.#waiting);
    } else if (this.#isKnown(id, 'WINDOW_UPDATE')) {
      const stream = this.streams.get(id);
      if (stream === undefined) return;
      if (stream.widen(increment) > LARGEST_WINDOW) this.onBroken(ERROR.flowControl, 'opened a window too far');
      else if (stream.pump(Number.POSITIVE_INFINITY)) this.#waiting.delete(stream);
    }
  }

  /** Streams above `last` were not processed; the others go on, whatever the reason (section 6.8). */
  #onGoaway(last: number, code: number): void {
    this.owner.onGoaway();
    for (const stream of [...this.streams.values()]) {
      if (stream.id > last) stream.onReset(code === ERROR.none ? ERROR.refusedStream : code);
    }
  }

  #give(length: number): void {
    this.#credit += length;
    if (this.#credit < LIMITS.sessionWindowBytes / 4) return;
    this.#receiveWindow += this.#credit;
    this.sender.push(numberFrame(FRAME.windowUpdate, 0, this.#credit));
    this.#credit = 0;
  }
}
