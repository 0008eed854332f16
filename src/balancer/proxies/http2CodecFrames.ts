/** RFC 9113: frames on the wire. Knows no stream and no state but that of the bytes. */

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Section 7. */
export const ERROR = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

/** Section 6.5.2. */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

export const FRAME_HEADER_BYTES = 9;
/** SETTINGS_MAX_FRAME_SIZE's initial value. */
export const FRAME_BYTES = 16_384;
/** The largest value that it may have; as nginx, we take such frames. */
export const LARGEST_FRAME = 2 ** 24 - 1;
/** A header block in coded form, beyond what its fields may take: then the connection ends, decoded or not. */
export const CODED_HEAD_BYTES = 256 * 1024;
export const INITIAL_WINDOW = 65_535;
export const LARGEST_WINDOW = 2 ** 31 - 1;

/** What a client says first (section 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export function writeFrameHeader(into: Buffer, length: number, type: number, flags: number, stream: number): void {
  into[0] = length >>> 16;
  into[1] = length >>> 8;
  into[2] = length;
  into[3] = type;
  into[4] = flags;
  into.writeUInt32BE(stream, 5);
}

/** A frame with room for its payload. */
export function frame(type: number, flags: number, stream: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
  writeFrameHeader(bytes, length, type, flags, stream);
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = frame(FRAME.settings, 0, 0, settings.length * 6);
  settings.forEach(([id, value], i) => {
    bytes.writeUInt16BE(id, FRAME_HEADER_BYTES + i * 6);
    bytes.writeUInt32BE(value, FRAME_HEADER_BYTES + i * 6 + 2);
  });
  return bytes;
}

/** RST_STREAM and WINDOW_UPDATE: a number about a stream. */
export function numberFrame(type: number, stream: number, value: number): Buffer {
  const bytes = frame(type, 0, stream, 4);
  bytes.writeUInt32BE(value, FRAME_HEADER_BYTES);
  return bytes;
}

export function goawayFrame(lastStream: number, code: number): Buffer {
  const bytes = frame(FRAME.goaway, 0, 0, 8);
  bytes.writeUInt32BE(lastStream, FRAME_HEADER_BYTES);
  bytes.writeUInt32BE(code, FRAME_HEADER_BYTES + 4);
  return bytes;
}

export function pingFrame(ack: boolean, opaque: Buffer): Buffer {
  const bytes = frame(FRAME.ping, ack ? FLAG.ack : 0, 0, 8);
  opaque.copy(bytes, FRAME_HEADER_BYTES, 0, 8);
  return bytes;
}

/** Whoever reads frames. DATA comes in pieces as it arrives, padding taken off; all else whole. */
export interface FrameSink {
  onFrame(type: number, flags: number, stream: number, payload: Buffer): void;
  /** `length` with padding, which counts against the windows. */
  onDataBegin(flags: number, stream: number, length: number): void;
  onDataPart(chunk: Buffer): void;
  onDataEnd(): void;
  /** The bytes are no frames, or not allowed ones: read no further. */
  onBroken(code: number, text: string): void;
}

const NOTHING = Buffer.alloc(0);

/** Takes a byte stream apart. Holds at most one frame that is not DATA. */
export class FrameReader {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** So many bytes have to be there before it is worth another look. */
  #needed = 0;
  #preface: number;
  #stopped = false;
  /** Within a DATA frame: bytes of payload to come, padding aside. */
  #data = -1;
  #padding = 0;
  /** Within a frame that says nothing to us: bytes to come. */
  #skipping = 0;

  constructor(
    readonly sink: FrameSink,
    readonly expects: {
      /** A client's connection preface comes first. */
      readonly preface: boolean;
      /** What we announced as SETTINGS_MAX_FRAME_SIZE. */
      readonly mostBytes: number;
    },
  ) {
    this.#preface = expects.preface ? 0 : PREFACE.length;
  }

  /** The rest of a frame (other than DATA) is awaited. */
  get isWithinFrame(): boolean {
    return this.#data < 0 && (this.#pendingBytes > 0 || this.#skipping > 0);
  }

  stop(): void {
    this.#stopped = true;
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  push(chunk: Buffer): void {
    if (this.#stopped) return;
    let bytes = chunk;
    if (this.#pendingBytes > 0) {
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.length;
      // A large frame that comes in small pieces is put together once, not with each of them.
      if (this.#pendingBytes < this.#needed) return;
      bytes = Buffer.concat(this.#pending, this.#pendingBytes);
      this.#pending = [];
      this.#pendingBytes = 0;
    }
    if (this.#preface < PREFACE.length) {
      const length = Math.min(PREFACE.length - this.#preface, bytes.length);
      if (PREFACE.compare(bytes, 0, length, this.#preface, this.#preface + length) !== 0) {
        this.#broken(ERROR.protocol, 'sent an invalid connection preface');
        return;
      }
      this.#preface += length;
      bytes = bytes.subarray(length);
    }
    let at = 0;
    while (!this.#stopped) {
      if (this.#data >= 0) {
        at = this.#readData(bytes, at);
        if (this.#data >= 0) break;
        continue;
      }
      if (this.#skipping > 0) {
        const skip = Math.min(this.#skipping, bytes.length - at);
        this.#skipping -= skip;
        at += skip;
        if (this.#skipping > 0) break;
      }
      const used = this.#readFrame(bytes, at);
      if (used === 0) break;
      at += used;
    }
    if (this.#stopped || at >= bytes.length) return;
    this.#pending = [at === 0 ? bytes : bytes.subarray(at)];
    this.#pendingBytes = bytes.length - at;
  }

  /** Bytes used; 0: there are too few. */
  #readFrame(bytes: Buffer, at: number): number {
    this.#needed = FRAME_HEADER_BYTES;
    if (bytes.length - at < FRAME_HEADER_BYTES) return 0;
    const length = bytes.readUIntBE(at, 3);
    const type = bytes[at + 3] ?? 0;
    const flags = bytes[at + 4] ?? 0;
    const stream = bytes.readUInt32BE(at + 5) & LARGEST_WINDOW;
    if (length > this.expects.mostBytes) {
      this.#broken(ERROR.frameSize, `sent too large http2 frame: ${length}`);
      return 0;
    }
    if (type === FRAME.data) return this.#beginData(bytes, at, length, flags, stream);
    if (type === FRAME.pushPromise) {
      this.#broken(ERROR.protocol, 'sent PUSH_PROMISE');
      return 0;
    }
    if (length > FRAME_BYTES && !this.#takesLarge(type, flags, stream, length)) {
      return this.#stopped ? 0 : FRAME_HEADER_BYTES;
    }
    this.#needed = FRAME_HEADER_BYTES + length;
    const end = at + this.#needed;
    if (bytes.length < end) return 0;
    this.sink.onFrame(type, flags, stream, bytes.subarray(at + FRAME_HEADER_BYTES, end));
    return end - at;
  }

  /** Whether a frame larger than usual is gathered whole. One of an unknown kind passes unread. */
  #takesLarge(type: number, flags: number, stream: number, length: number): boolean {
    if (type === FRAME.headers || type === FRAME.continuation) {
      if (length <= CODED_HEAD_BYTES) return true;
      this.#broken(ERROR.enhanceYourCalm, 'sent too large a header block');
    } else if (type > FRAME.continuation) {
      this.#skipping = length;
      this.sink.onFrame(type, flags, stream, NOTHING);
    } else this.#broken(ERROR.frameSize, `sent a frame of ${length} bytes`);
    return false;
  }

  #beginData(bytes: Buffer, at: number, length: number, flags: number, stream: number): number {
    const padded = (flags & FLAG.padded) !== 0;
    let used = FRAME_HEADER_BYTES;
    let padding = 0;
    if (padded) {
      this.#needed = used + 1;
      if (length > 0 && bytes.length - at <= used) return 0;
      padding = length === 0 ? 0 : (bytes[at + used] ?? 0);
      used++;
      if (padding >= length) {
        this.#broken(ERROR.protocol, 'sent a DATA frame with more padding than payload');
        return 0;
      }
    }
    this.#data = length - padding - (padded ? 1 : 0);
    this.#padding = padding;
    this.sink.onDataBegin(flags, stream, length);
    return used;
  }

  #readData(bytes: Buffer, from: number): number {
    let at = from;
    const take = Math.min(this.#data, bytes.length - at);
    if (take > 0) {
      this.#data -= take;
      this.sink.onDataPart(bytes.subarray(at, at + take));
      at += take;
    }
    if (this.#data > 0 || this.#stopped) return at;
    const skip = Math.min(this.#padding, bytes.length - at);
    this.#padding -= skip;
    at += skip;
    if (this.#padding === 0) {
      this.#data = -1;
      this.sink.onDataEnd();
    }
    return at;
  }

  #broken(code: number, text: string): void {
    this.stop();
    this.sink.onBroken(code, text);
  }
}
