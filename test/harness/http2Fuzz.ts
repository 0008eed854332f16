import fc from 'fast-check';
import { expect } from 'vitest';
import {
  FLAG,
  FRAME,
  FRAME_BYTES,
  FrameReader,
  type FrameSink,
  LARGEST_FRAME,
  PREFACE,
  writeFrameHeader,
} from '../../src/balancer/proxies/http2CodecFrames';
import { HpackDecoder, HpackEncoder } from '../../src/balancer/proxies/http2CodecHpack';
import { cut, cuts, type Effort, fuzz } from './fuzz';

/* What must hold of the HTTP/2 codec for any bytes. */

interface AnyFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
  /** What the header says of the length beyond what is there. */
  readonly lie: number;
}

const anyFrame: fc.Arbitrary<AnyFrame> = fc.record({
  type: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...Object.values(FRAME)) },
    { weight: 1, arbitrary: fc.nat(255) },
  ),
  flags: fc.oneof(fc.constantFrom(0, FLAG.endStream, FLAG.endHeaders, FLAG.padded, FLAG.priority), fc.nat(255)),
  stream: fc.oneof(fc.nat(5), fc.nat(2 ** 31 - 1)),
  payload: fc.uint8Array({ maxLength: 60 }),
  lie: fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 1, 5, FRAME_BYTES, 2 ** 23) },
  ),
});

const connection = fc
  .tuple(
    fc.array(anyFrame, { maxLength: 8 }),
    fc.oneof({ weight: 9, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(PREFACE.length - 1) }),
  )
  .map(([frames, spoilt]) => {
    const preface = Buffer.from(PREFACE);
    if (spoilt >= 0) preface[spoilt] = 0;
    const parts = frames.map(({ type, flags, stream, payload, lie }) => {
      const header = Buffer.alloc(9);
      writeFrameHeader(header, Math.max(0, payload.length + lie), type, flags, stream);
      return Buffer.concat([header, payload]);
    });
    return Buffer.concat([preface, ...parts]);
  });

/** What was read, DATA joined. */
class Transcript implements FrameSink {
  readonly said: string[] = [];
  #data = '';
  broken = false;

  onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    expect(this.broken).toBe(false);
    expect(payload.length).toBeLessThanOrEqual(FRAME_BYTES);
    this.said.push(`${type} ${flags} ${stream} ${payload.toString('hex')}`);
  }
  onDataBegin(flags: number, stream: number, length: number): void {
    this.#data = '';
    this.said.push(`data ${flags} ${stream} ${length}`);
  }
  onDataPart(chunk: Buffer): void {
    expect(chunk.length).toBeGreaterThan(0);
    this.#data += chunk.toString('hex');
  }
  onDataEnd(): void {
    this.said.push(`end ${this.#data}`);
    this.#data = '';
  }
  onBroken(code: number, text: string): void {
    expect(this.broken).toBe(false);
    this.broken = true;
    this.said.push(`broken ${code} ${text}`);
  }
  end(): readonly string[] {
    return [...this.said, this.#data];
  }
}

function read(pieces: readonly Buffer[]): readonly string[] {
  const transcript = new Transcript();
  const reader = new FrameReader(transcript, { preface: true, mostBytes: LARGEST_FRAME });
  for (const piece of pieces) reader.push(piece);
  return transcript.end();
}

export function framesReadTheSameHoweverCut(effort: Effort): void {
  fuzz(fc.tuple(connection, cuts), effort, ([bytes, places]) => {
    const whole = read([bytes]);
    expect(read(cut(bytes, places))).toEqual(whole);
    expect(read(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual(whole);
  });
}

const latin1 = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const fields = fc.array(fc.tuple(fc.oneof(fc.constantFrom(':path', 'te', 'cookie', 'x-a'), latin1), latin1), {
  maxLength: 6,
});

/** Blocks of any bytes are decoded or refused, in bounded size; what the encoder made comes back, garbage before it or not. */
export function headerBlocksAreDecodedOrRefused(effort: Effort): void {
  const block = fc.oneof(fc.uint8Array({ maxLength: 80 }), fields);
  fuzz(fc.array(block, { maxLength: 5 }), effort, (blocks) => {
    const decoder = new HpackDecoder();
    const encoder = new HpackEncoder();
    const paired = new HpackDecoder();
    for (const each of blocks) {
      if (each instanceof Uint8Array) {
        let bytes = 0;
        const good = decoder.decode(Buffer.from(each), (name, value) => {
          bytes += name.length + value.length;
        });
        // An entry of the table is at most 4 KB; each byte of a block can name one.
        expect(bytes).toBeLessThanOrEqual(each.length * 4_096 + 4_096);
        if (!good) return;
        continue;
      }
      encoder.begin(0);
      for (const [name, value] of each) encoder.add(name, value);
      const got: [string, string][] = [];
      expect(paired.decode(encoder.end(), (name, value) => got.push([name, value]))).toBe(true);
      expect(got).toEqual(each);
    }
  });
}
