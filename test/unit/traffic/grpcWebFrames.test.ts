import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grpcWebReply, messageFrame, statusName } from '../../../src/traffic/clients/grpcWebFrames';

const trailers = (text: string): Buffer => {
  const frame = messageFrame(Buffer.from(text, 'latin1'));
  frame[0] = 0x80;
  return frame;
};
const reply = (...frames: Buffer[]) => grpcWebReply(200, {}, Buffer.concat(frames));

describe('a unary gRPC-Web response', () => {
  it('gives back any message, with the status from the trailers in its body', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const read = reply(messageFrame(Buffer.from(bytes)), trailers('grpc-status: 0\r\nx-lab-server: edge-a\r\n'));
        expect(read.status).toBe(0);
        expect(read.message?.equals(Buffer.from(bytes))).toBe(true);
        expect(read.trailers.get('x-lab-server')).toBe('edge-a');
      }),
    );
  });

  it('has no message with an error, wherever that is told', () => {
    expect(reply(trailers('grpc-status: 14\r\ngrpc-message: gone\r\n'))).toMatchObject({ status: 14, message: null });
    expect(grpcWebReply(200, { 'grpc-status': '5' }, Buffer.alloc(0))).toMatchObject({ status: 5, message: null });
  });

  it('reads an HTTP error as the gRPC status that stands for it', () => {
    expect(
      [401, 403, 404, 429, 502, 503, 504].map((status) => statusName(grpcWebReply(status, {}, Buffer.alloc(0)).status)),
    ).toEqual([
      'UNAUTHENTICATED',
      'PERMISSION_DENIED',
      'UNIMPLEMENTED',
      'UNAVAILABLE',
      'UNAVAILABLE',
      'UNAVAILABLE',
      'UNAVAILABLE',
    ]);
  });

  it('is INTERNAL when it is cut off anywhere', () => {
    const whole = Buffer.concat([messageFrame(Buffer.from('hello')), trailers('grpc-status: 0\r\n')]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(statusName(grpcWebReply(200, {}, whole.subarray(0, length)).status)).toBe('INTERNAL');
      }),
    );
  });
});
