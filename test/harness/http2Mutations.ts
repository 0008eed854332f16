import fc from 'fast-check';
import { badInputs } from './http2BadInputs';
import { flags, frame, get, post, preface, request, settings, types, uint32 } from './http2Wire';

/** A conversation without a fault. */
const sound: readonly Buffer[] = [
  settings([[4, 100_000]]),
  request(1),
  request(3, post, false),
  frame(types.data, 0, 3, 'some '),
  frame(types.ping, 0, 0, Buffer.alloc(8)),
  frame(types.data, flags.endStream, 3, 'body'),
  frame(types.windowUpdate, 0, 0, uint32(1_000)),
  frame(types.priority, 0, 5, Buffer.alloc(5)),
  request(5, [...get, ['cookie', 'a=b'], ['te', 'trailers']]),
  frame(types.headers, flags.endHeaders | flags.endStream, 7, Buffer.from([0x82, 0x86, 0x84, 0x41, 3, 108, 97, 98])),
  request(9, post, false),
  frame(types.reset, 0, 9, uint32(8)),
  frame(types.settings, flags.ack, 0),
];

const parts = [...sound, ...badInputs.filter(({ bytes }) => bytes.length < 400).map(({ bytes }) => bytes.subarray(33))];

const damage = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('flip' as const, 'insert' as const, 'remove' as const),
  byte: fc.nat(255),
});

/** What clients might send: sound and bad frames in any order, a few bytes of them damaged. */
export const damaged: fc.Arbitrary<Buffer> = fc
  .tuple(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), fc.array(damage, { maxLength: 4 }), fc.boolean())
  .map(([chosen, damages, inOrder]) => {
    let bytes: Buffer = Buffer.concat([settings(), ...(inOrder ? sound : chosen)]);
    for (const { at, kind, byte } of damages) {
      const index = at % bytes.length;
      const skipped = kind === 'insert' ? 0 : 1;
      const added = kind === 'remove' ? [] : [byte];
      bytes = Buffer.concat([bytes.subarray(0, index), Buffer.from(added), bytes.subarray(index + skipped)]);
    }
    return Buffer.concat([preface, bytes]);
  });
