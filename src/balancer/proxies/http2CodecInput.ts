import {
  CODED_HEAD_BYTES,
  ERROR,
  FLAG,
  FRAME,
  FRAME_BYTES,
  FrameReader,
  type FrameSink,
  LARGEST_FRAME,
  LARGEST_WINDOW,
  SETTING,
} from './http2CodecFrames';

/** CONTINUATION frames of one header block. */
const CONTINUATIONS = 64;

/** What frames say, once their shape is right. Whether it is right at this moment is for the sink to know. */
export interface InputSink {
  onHeaders(stream: number, block: Buffer, endStream: boolean, selfDependent: boolean): void;
  onSelfDependence(stream: number): void;
  onReset(stream: number): void;
  /** All of one frame, each value valid by itself. */
  onSettings(settings: readonly (readonly [id: number, value: number])[]): void;
  onPing(ack: boolean, opaque: Buffer): void;
  onWindowUpdate(stream: number, increment: number): void;
  /** A frame that asks for nothing. */
  onIdleFrame(): void;
  onDataBegin(endStream: boolean, stream: number, length: number): void;
  onDataPart(chunk: Buffer): void;
  onDataEnd(): void;
  /** The connection is broken: read no further. */
  onBroken(code: number, text: string): void;
}

interface HeaderBlock {
  readonly stream: number;
  readonly endStream: boolean;
  /** Section 5.3.1 of RFC 7540: a stream cannot depend on itself. */
  readonly selfDependent: boolean;
  readonly parts: Buffer[];
  bytes: number;
  continuations: number;
}

/**
 * What a client sends on one connection, from its preface on: checks the shape of each frame (RFC 9113, section 6). As
 * in nginx the first one may be another than SETTINGS.
 */
export class Http2Input implements FrameSink {
  /** Counts what came whole: frames, and header blocks of several frames. */
  completed = 0;
  readonly #reader = new FrameReader(this, { preface: true, mostBytes: LARGEST_FRAME });
  #block: HeaderBlock | null = null;

  constructor(readonly sink: InputSink) {}

  /** A frame or a header block has begun and is not complete. */
  get isWithinHead(): boolean {
    return this.#block !== null || this.#reader.isWithinFrame;
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  stop(): void {
    this.#reader.stop();
  }

  // ── FrameSink ────────────────────────────────────────────────────────────────────────────────────────────────────

  onBroken(code: number, text: string): void {
    this.#reader.stop();
    this.sink.onBroken(code, text);
  }

  onDataBegin(flags: number, stream: number, length: number): void {
    if (this.#block !== null) this.onBroken(ERROR.protocol, 'sent DATA out of place');
    else this.sink.onDataBegin((flags & FLAG.endStream) !== 0, stream, length);
  }

  onDataPart(chunk: Buffer): void {
    this.sink.onDataPart(chunk);
  }

  onDataEnd(): void {
    this.sink.onDataEnd();
  }

  onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    this.#take(type, flags, stream, payload);
    if (this.#block === null) this.completed++;
  }

  #take(type: number, flags: number, stream: number, payload: Buffer): void {
    if (this.#block !== null && type !== FRAME.continuation) {
      this.onBroken(ERROR.protocol, 'sent another frame within a header block');
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
        if (payload.length !== 4) this.onBroken(ERROR.frameSize, 'sent RST_STREAM of a wrong length');
        else this.sink.onReset(stream);
        return;
      case FRAME.settings:
        this.#onSettings(flags, stream, payload);
        return;
      case FRAME.ping:
        if (stream !== 0) this.onBroken(ERROR.protocol, 'sent PING on a stream');
        else if (payload.length !== 8) this.onBroken(ERROR.frameSize, 'sent PING of a wrong length');
        else this.sink.onPing((flags & FLAG.ack) !== 0, payload);
        return;
      case FRAME.goaway:
        if (stream !== 0) this.onBroken(ERROR.protocol, 'sent GOAWAY on a stream');
        else if (payload.length < 8) this.onBroken(ERROR.frameSize, 'sent GOAWAY of a wrong length');
        else this.sink.onIdleFrame();
        return;
      case FRAME.windowUpdate:
        if (payload.length !== 4) this.onBroken(ERROR.frameSize, 'sent WINDOW_UPDATE of a wrong length');
        else this.sink.onWindowUpdate(stream, payload.readUInt32BE(0) & LARGEST_WINDOW);
        return;
      default:
        this.sink.onIdleFrame();
    }
  }

  #onHeaders(flags: number, stream: number, payload: Buffer): void {
    if (stream % 2 === 0) {
      this.onBroken(ERROR.protocol, 'sent HEADERS with a wrong stream number');
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
    if (payload.length < start) this.onBroken(ERROR.frameSize, 'sent HEADERS that are too short');
    else if (end < start) this.onBroken(ERROR.protocol, 'sent HEADERS with more padding than payload');
    else {
      const part = payload.subarray(start, end);
      const endStream = (flags & FLAG.endStream) !== 0;
      if ((flags & FLAG.endHeaders) !== 0) this.sink.onHeaders(stream, part, endStream, selfDependent);
      else {
        const parts = [Buffer.from(part)];
        this.#block = { stream, endStream, selfDependent, parts, bytes: part.length, continuations: 0 };
      }
    }
  }

  #onContinuation(flags: number, stream: number, payload: Buffer): void {
    const block = this.#block;
    if (block === null || block.stream !== stream) {
      this.onBroken(ERROR.protocol, 'sent CONTINUATION out of place');
      return;
    }
    block.bytes += payload.length;
    block.continuations++;
    if (block.bytes > CODED_HEAD_BYTES || block.continuations > CONTINUATIONS) {
      this.onBroken(ERROR.enhanceYourCalm, 'sent too large a header block');
      return;
    }
    // A copy: the frame may be a small part of what was read with it.
    block.parts.push(Buffer.from(payload));
    if ((flags & FLAG.endHeaders) === 0) return;
    this.#block = null;
    this.sink.onHeaders(stream, Buffer.concat(block.parts), block.endStream, block.selfDependent);
  }

  #onPriority(stream: number, payload: Buffer): void {
    if (stream === 0) this.onBroken(ERROR.protocol, 'sent PRIORITY on no stream');
    else if (payload.length !== 5) this.onBroken(ERROR.frameSize, 'sent PRIORITY of a wrong length');
    else if ((payload.readUInt32BE(0) & LARGEST_WINDOW) === stream) this.sink.onSelfDependence(stream);
    else this.sink.onIdleFrame();
  }

  #onSettings(flags: number, stream: number, payload: Buffer): void {
    if (stream !== 0) this.onBroken(ERROR.protocol, 'sent SETTINGS on a stream');
    else if ((flags & FLAG.ack) !== 0) {
      if (payload.length > 0) this.onBroken(ERROR.frameSize, 'acknowledged SETTINGS with a payload');
      else this.sink.onIdleFrame();
    } else if (payload.length % 6 !== 0) this.onBroken(ERROR.frameSize, 'sent SETTINGS of a wrong length');
    else {
      const settings: [number, number][] = [];
      for (let at = 0; at < payload.length; at += 6) {
        const [id, value] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
        if (id === SETTING.enablePush && value > 1) {
          this.onBroken(ERROR.protocol, 'sent an invalid ENABLE_PUSH');
          return;
        }
        if (id === SETTING.maxFrameSize && (value < FRAME_BYTES || value > 2 ** 24 - 1)) {
          this.onBroken(ERROR.protocol, 'sent an invalid MAX_FRAME_SIZE');
          return;
        }
        if (id === SETTING.initialWindowSize && value > LARGEST_WINDOW) {
          this.onBroken(ERROR.flowControl, 'sent an invalid INITIAL_WINDOW_SIZE');
          return;
        }
        settings.push([id, value]);
      }
      this.sink.onSettings(settings);
    }
  }
}
