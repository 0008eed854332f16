import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32Finish, crc32Start, crc32Text } from '../../../../src/balancer/policies/crc32';

const of = (text: string) => crc32Finish(crc32Text(crc32Start, text));

test('the check value of the standard', () => expect(of('123456789')).toBe(0xcbf43926));

test('text of one character per byte counts as those bytes, other text as UTF-8', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(of(Buffer.from(bytes).toString('latin1'))).toBe(crc32(bytes));
    }),
  );
  expect(of('가나다')).toBe(crc32(Buffer.from('가나다', 'utf8')));
});

test('feeding in parts gives the same', () =>
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(crc32Finish(crc32Text(crc32Text(crc32Start, a), b))).toBe(crc32(Buffer.from(a + b)));
    }),
  ));
