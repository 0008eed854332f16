import type { Socket } from 'node:net';
import {
  FLAG,
  FRAME,
  FRAME_BYTES,
  FRAME_HEADER_BYTES,
  frame,
  INITIAL_WINDOW,
  writeFrameHeader,
} from './http2CodecFrames';

/** So much waits in the socket before no more DATA is made. */
const SOCKET_BYTES = 256 * 1024;
/** Up to here what was gathered is copied into one write. */
const JOIN_BYTES = 16 * 1024;

/** A stream with DATA that waits for a window or for the socket. */
export interface WaitingStream {
  /** Sends so many frames at most. False: something is left. */
  pump(frames: number): boolean;
}

/** The outgoing half of an HTTP/2 connection: gathers frames and writes them together. */
export class Http2Sender {
  /** The connection's send window (RFC 9113, section 6.9). */
  window = INITIAL_WINDOW;
  #out: Buffer[] = [];
  #bytes = 0;
  #scheduled = false;
  #held = 0;
  #closed = false;
  /** The last frame gathered, where it is DATA that may still get END_STREAM. */
  #lastData: Buffer | null = null;
  #lastStream = 0;

  constructor(readonly socket: Socket) {}

  /** DATA has to wait for the socket's drain. */
  get isBlocked(): boolean {
    return this.socket.writableLength + this.#bytes >= SOCKET_BYTES;
  }

  /** Bytes that wait for a client that does not read. */
  get waitingBytes(): number {
    return this.socket.writableLength + this.#bytes;
  }

  push(bytes: Buffer): void {
    if (this.#closed) return;
    this.#out.push(bytes);
    this.#bytes += bytes.length;
    this.#lastData = null;
    this.#schedule();
  }

  /** A header block with room for the frame's header before it; in more frames where it is larger than one may be. */
  headers(stream: number, block: Buffer, endStream: boolean): void {
    const end = endStream ? FLAG.endStream : 0;
    const length = block.length - FRAME_HEADER_BYTES;
    if (length <= FRAME_BYTES) {
      writeFrameHeader(block, length, FRAME.headers, FLAG.endHeaders | end, stream);
      this.push(block);
      return;
    }
    for (let at = FRAME_HEADER_BYTES; at < block.length; at += FRAME_BYTES) {
      const part = block.subarray(at, at + FRAME_BYTES);
      const first = at === FRAME_HEADER_BYTES;
      const last = at + FRAME_BYTES >= block.length;
      const flags = (last ? FLAG.endHeaders : 0) | (first ? end : 0);
      const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
      writeFrameHeader(header, part.length, first ? FRAME.headers : FRAME.continuation, flags, stream);
      this.push(header);
      this.push(part);
    }
  }

  /** No more than a frame and the windows hold. */
  data(stream: number, chunk: Buffer): void {
    if (this.#closed) return;
    const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
    writeFrameHeader(header, chunk.length, FRAME.data, 0, stream);
    this.window -= chunk.length;
    this.push(header);
    this.#out.push(chunk);
    this.#bytes += chunk.length;
    this.#lastData = header;
    this.#lastStream = stream;
  }

  /** Ends the stream with its last DATA frame where that is still here, else with an empty one. */
  endData(stream: number): void {
    if (this.#lastData !== null && this.#lastStream === stream) this.#lastData[4] = FLAG.endStream;
    else this.push(frame(FRAME.data, FLAG.endStream, stream, 0));
  }

  /** A frame each for those that wait, and again, while there is room; who has nothing left waits no longer. */
  pump(waiting: Set<WaitingStream>): void {
    while (waiting.size > 0 && this.window > 0 && !this.isBlocked) {
      let moved = false;
      for (const stream of [...waiting]) {
        const before = this.window;
        if (stream.pump(1)) waiting.delete(stream);
        if (this.window < before) moved = true;
      }
      if (!moved) return;
    }
  }

  /** Between these two nothing is written: more is sure to come. */
  hold(): void {
    this.#held++;
  }

  release(): void {
    this.#held--;
    if (this.#held === 0) this.flush();
  }

  flush(): void {
    if (this.#held > 0 || this.#out.length === 0 || this.#closed) return;
    const out = this.#out;
    const bytes = this.#bytes;
    this.#out = [];
    this.#bytes = 0;
    this.#lastData = null;
    const { socket } = this;
    if (out.length === 1) socket.write(out[0] ?? Buffer.alloc(0));
    else if (bytes <= JOIN_BYTES) socket.write(Buffer.concat(out, bytes));
    else {
      socket.cork();
      for (const each of out) socket.write(each);
      socket.uncork();
    }
  }

  close(): void {
    this.#closed = true;
    this.#out = [];
    this.#bytes = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#held > 0) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
