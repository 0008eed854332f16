import { connect, type Socket } from 'node:net';
import { woken } from './patience';

/** HTTP/2 bytes written and read by hand, so that a test can say what no client library would. */

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flags = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Error codes by number (RFC 9113, section 7). */
export const errorNames: Readonly<Record<number, string>> = {
  0: 'NO_ERROR',
  1: 'PROTOCOL_ERROR',
  2: 'INTERNAL_ERROR',
  3: 'FLOW_CONTROL_ERROR',
  5: 'STREAM_CLOSED',
  6: 'FRAME_SIZE_ERROR',
  7: 'REFUSED_STREAM',
  8: 'CANCEL',
  9: 'COMPRESSION_ERROR',
  11: 'ENHANCE_YOUR_CALM',
};

export function frame(type: number, flagBits: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flagBits;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function settings(pairs: readonly (readonly [number, number])[] = []): Buffer {
  const parts = pairs.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), uint32(value)]));
  return frame(types.settings, 0, 0, Buffer.concat(parts));
}

export type Fields = readonly (readonly [name: string, value: string])[];

/** HPACK in its plainest form: every field literal, without table and Huffman code. */
export function block(fields: Fields): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of fields) parts.push(Buffer.from([0]), literal(name), literal(value));
  return Buffer.concat(parts);
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length = [Math.min(bytes.length, 127)];
  if (bytes.length >= 127) {
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

export const get: Fields = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'lab'],
];
export const post: Fields = [[':method', 'POST'], ...get.slice(1)];

/** A whole request in one HEADERS frame, split over CONTINUATION frames where it is too large for one. */
export function request(stream: number, fields: Fields = get, endStream = true): Buffer {
  const bytes = block(fields);
  const end = endStream ? flags.endStream : 0;
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 16_384) {
    const last = at + 16_384 >= bytes.length ? flags.endHeaders : 0;
    const part = bytes.subarray(at, at + 16_384);
    parts.push(
      at === 0 ? frame(types.headers, last | end, stream, part) : frame(types.continuation, last, stream, part),
    );
  }
  return Buffer.concat(parts);
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The status in a response's header block: servers write it first, by number or as a literal of the static table. */
export function statusOf(headers: Buffer): number {
  let at = 0;
  // Changes of the table's size come first.
  while (((headers[at] ?? 0) & 0xe0) === 0x20) at++;
  const first = headers[at] ?? 0;
  const indexed: Readonly<Record<number, number>> = {
    136: 200,
    137: 204,
    138: 206,
    139: 304,
    140: 400,
    141: 404,
    142: 500,
  };
  const known = indexed[first];
  if (known !== undefined) return known;
  const length = headers[at + 1] ?? 0;
  if ((length & 0x80) === 0) return Number(headers.toString('latin1', at + 2, at + 2 + length));
  // Huffman: digits are "0" to "2" in five bits, "3" to "9" in six (011001 to 011111).
  let bits = '';
  for (const byte of headers.subarray(at + 2, at + 2 + (length & 127))) bits += byte.toString(2).padStart(8, '0');
  let digits = '';
  while (digits.length < 3 && bits.length > 0) {
    const five = Number.parseInt(bits.slice(0, 5), 2);
    if (five <= 2) {
      digits += String(five);
      bits = bits.slice(5);
    } else {
      digits += String(Number.parseInt(bits.slice(0, 6), 2) - 22);
      bits = bits.slice(6);
    }
  }
  return Number(digits);
}

/** A connection of which every frame is seen. */
export class WireClient {
  readonly frames: Frame[] = [];
  closed = false;
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(
    port: number,
    readonly acknowledges = true,
  ) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#read();
      this.#wake();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  send(...parts: readonly Buffer[]): this {
    this.socket.write(Buffer.concat(parts));
    return this;
  }

  /** Preface and settings. */
  open(): this {
    return this.send(preface, settings());
  }

  /** Until a frame matches (it), or the connection closed without (undefined). */
  async until(matches: (frame: Frame) => boolean): Promise<Frame | undefined> {
    for (let seen = 0; ; ) {
      for (; seen < this.frames.length; seen++) {
        const each = this.frames[seen];
        if (each !== undefined && matches(each)) return each;
      }
      if (this.closed) return undefined;
      await woken(
        (wake) => {
          this.#wake = wake;
        },
        () => `no such frame; so far: ${this.frames.map(({ type, stream }) => `${type} on ${stream}`).join(', ')}`,
      );
    }
  }

  /** How a stream ends: "200", "RST …" or, where the connection ends first, "GOAWAY …" or "closed". */
  async outcome(stream: number): Promise<string> {
    const found = await this.until(
      (each) =>
        (each.type === types.goaway && each.payload.readUInt32BE(4) !== 0) ||
        (each.stream === stream && (each.type === types.headers || each.type === types.reset)),
    );
    if (found === undefined) return 'closed';
    if (found.type === types.headers) return String(statusOf(found.payload));
    const code = found.payload.readUInt32BE(found.type === types.goaway ? 4 : 0);
    return `${found.type === types.goaway ? 'GOAWAY' : 'RST'} ${errorNames[code] ?? code}`;
  }

  close(): void {
    this.socket.destroy();
  }

  #read(): void {
    while (this.#bytes.length >= 9) {
      const length = this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < 9 + length) return;
      const [type = 0, flagBits = 0] = [this.#bytes[3], this.#bytes[4]];
      const stream = this.#bytes.readUInt32BE(5);
      const payload = Buffer.from(this.#bytes.subarray(9, 9 + length));
      this.#bytes = this.#bytes.subarray(9 + length);
      this.frames.push({ type, flags: flagBits, stream, payload });
      if (this.acknowledges && type === types.settings && (flagBits & flags.ack) === 0) {
        this.socket.write(frame(types.settings, flags.ack, 0));
      }
    }
  }
}
