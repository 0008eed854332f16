import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FRAME,
  FRAME_BYTES,
  FrameReader,
  type FrameSink,
  LARGEST_FRAME,
  PREFACE,
  writeFrameHeader,
} from '../../../../src/balancer/proxies/http2CodecFrames';
import { HpackDecoder, HpackEncoder } from '../../../../src/balancer/proxies/http2CodecHpack';
import { decodeHuffman, encodeHuffman, huffmanLength } from '../../../../src/balancer/proxies/http2CodecHuffman';
import { CODE_LENGTHS } from '../../../../src/balancer/proxies/http2CodecTables';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const latin1 = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

function decoded(decoder: HpackDecoder, block: Buffer): [string, string][] | null {
  const fields: [string, string][] = [];
  return decoder.decode(block, (name, value) => fields.push([name, value])) ? fields : null;
}

function coded(encoder: HpackEncoder, fields: readonly (readonly [string, string])[]): Buffer {
  encoder.begin(0);
  for (const [name, value] of fields) encoder.add(name, value);
  return encoder.end();
}

describe('the Huffman code', () => {
  it('is complete: no bits are left without a meaning', () => {
    expect(CODE_LENGTHS).toHaveLength(257);
    expect(CODE_LENGTHS.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
  });

  it('gives back any text', () => {
    fc.assert(
      fc.property(latin1, (text) => {
        const into = Buffer.alloc(1_000);
        const end = encodeHuffman(text, into, 3);
        expect(end - 3).toBe(huffmanLength(text));
        expect(decodeHuffman(into, 3, end)).toBe(text);
      }),
    );
  });

  it('refuses padding of zeros, of eight bits, and the end-of-string symbol', () => {
    expect(decodeHuffman(hex('18'), 0, 1)).toBeNull();
    expect(decodeHuffman(hex('ff'), 0, 1)).toBeNull();
    expect(decodeHuffman(hex('3fffffff'), 0, 4)).toBeNull();
    expect(decodeHuffman(hex('fffffffc'), 0, 4)).toBeNull();
  });

  it('takes a byte of padding too many only where it is told to', () => {
    // "a" and three bits of padding, then a byte, then two.
    expect(decodeHuffman(hex('1f'), 0, 1)).toBe('a');
    expect(decodeHuffman(hex('1fff'), 0, 2)).toBeNull();
    expect(decodeHuffman(hex('1fff'), 0, 2, true)).toBe('a');
    expect(decodeHuffman(hex('1fffff'), 0, 3, true)).toBeNull();
  });
});

describe('HPACK', () => {
  it('reads the examples of RFC 7541, C.4 and C.6', () => {
    const requests = new HpackDecoder();
    expect(decoded(requests, hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))).toEqual([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'www.example.com'],
    ]);
    expect(decoded(requests, hex('8286 84be 5886 a8eb 1064 9cbf'))).toContainEqual(['cache-control', 'no-cache']);
    expect(decoded(requests, hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))).toEqual([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/index.html'],
      [':authority', 'www.example.com'],
      ['custom-key', 'custom-value'],
    ]);
  });

  it('gives back any sequence of blocks, whatever table the other side allows meanwhile', () => {
    const field = fc.tuple(
      fc.constantFrom('a', 'content-type', ':status', 'set-cookie', 'x-y', 'date', 'grpc-status'),
      fc.oneof(latin1, fc.constantFrom('200', '0', 'application/grpc', 'x'.repeat(200))),
    );
    const step = fc.record({ limit: fc.option(fc.nat(5_000), { nil: null }), fields: fc.array(field) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder();
        for (const { limit, fields } of steps) {
          if (limit !== null) encoder.limit(limit);
          expect(decoded(decoder, coded(encoder, fields))).toEqual(fields);
        }
      }),
    );
  });

  it('sends what it has sent before in one byte', () => {
    const encoder = new HpackEncoder();
    coded(encoder, [['content-type', 'application/grpc']]);
    expect(coded(encoder, [['content-type', 'application/grpc']])).toHaveLength(1);
  });

  it('takes any bytes without a throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (blocks) => {
        const decoder = new HpackDecoder();
        for (const block of blocks) {
          const fields = decoded(decoder, Buffer.from(block));
          if (fields === null) return;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

/** What a reader tells, DATA put together. */
class Recorder implements FrameSink {
  readonly seen: string[] = [];
  #data = '';
  onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    this.seen.push(`${type} ${flags} ${stream} ${payload.toString('hex')}`);
  }
  onDataBegin(flags: number, stream: number, length: number): void {
    this.#data = `data ${flags} ${stream} ${length} `;
  }
  onDataPart(chunk: Buffer): void {
    this.#data += chunk.toString('hex');
  }
  onDataEnd(): void {
    this.seen.push(this.#data);
  }
  onBroken(code: number, text: string): void {
    this.seen.push(`broken ${code} ${text}`);
  }
}

function readIn(bytes: Buffer, cuts: readonly number[]): string[] {
  const recorder = new Recorder();
  const reader = new FrameReader(recorder, { preface: true, mostBytes: LARGEST_FRAME });
  let at = 0;
  for (const cut of [...cuts.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    reader.push(bytes.subarray(at, cut));
    at = cut;
  }
  return recorder.seen;
}

describe('the frame reader', () => {
  const frame = fc
    .record({
      type: fc.nat(11),
      flags: fc.nat(255),
      stream: fc.nat(9),
      payload: fc.uint8Array({ maxLength: 80 }),
    })
    .map(({ type, flags, stream, payload }) => {
      const bytes = Buffer.alloc(9 + payload.length);
      writeFrameHeader(bytes, payload.length, type, flags, stream);
      bytes.set(payload, 9);
      return bytes;
    });

  it('reads the same wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat()), (frames, cuts) => {
        const bytes = Buffer.concat([PREFACE, ...frames]);
        const whole = readIn(bytes, []);
        expect(readIn(bytes, cuts)).toEqual(whole);
        expect(
          readIn(
            bytes,
            Array.from({ length: bytes.length }, (_, i) => i),
          ),
        ).toEqual(whole);
        if (!whole.some((each) => each.startsWith('broken'))) expect(whole).toHaveLength(frames.length);
      }),
    );
  });

  it('stops at the first byte that is none of the preface', () => {
    const recorder = new Recorder();
    new FrameReader(recorder, { preface: true, mostBytes: LARGEST_FRAME }).push(Buffer.from('PRI * HTTP/1'));
    expect(recorder.seen).toEqual(['broken 1 sent an invalid connection preface']);
  });

  it('stops at the head of a frame that is too large', () => {
    const recorder = new Recorder();
    const bytes = Buffer.alloc(9);
    writeFrameHeader(bytes, FRAME_BYTES + 1, FRAME.settings, 0, 0);
    new FrameReader(recorder, { preface: false, mostBytes: LARGEST_FRAME }).push(bytes);
    expect(recorder.seen).toEqual([`broken 6 sent a frame of ${FRAME_BYTES + 1} bytes`]);
  });

  it('takes larger header blocks and DATA, and passes over what it does not know', () => {
    const large = (type: number, stream: number, length: number) => {
      const bytes = Buffer.alloc(9 + length, 'x');
      writeFrameHeader(bytes, length, type, 0, stream);
      return bytes;
    };
    const bytes = Buffer.concat([
      PREFACE,
      large(FRAME.headers, 1, 40_000),
      large(99, 0, 50_000),
      large(FRAME.data, 1, 60_000),
    ]);
    const whole = readIn(bytes, []);
    expect(whole).toHaveLength(3);
    expect(whole[1]).toBe('99 0 0 ');
    expect(readIn(bytes, [1_000, 40_030, 41_000, 90_100, 90_200])).toEqual(whole);
  });
});
