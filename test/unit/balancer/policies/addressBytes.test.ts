import { expect, test } from 'vitest';
import { hashedAddressBytes } from '../../../../src/balancer/policies/addressBytes';

const zeros = (count: number) => new Array<number>(count).fill(0);

test.each<[string, readonly number[]]>([
  ['192.168.7.9', [192, 168, 7]],
  ['::1', [...zeros(15), 1]],
  ['::', zeros(16)],
  ['2001:db8::17', [0x20, 0x01, 0x0d, 0xb8, ...zeros(11), 0x17]],
  ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
  ['::ffff:10.1.2.3', [...zeros(10), 255, 255, 10, 1, 2, 3]],
  ['fe80::1%eth0', [0xfe, 0x80, ...zeros(13), 1]],
  ['[::1]', [...zeros(15), 1]],
  ['unix:', zeros(3)],
  ['', zeros(3)],
  ['1.2.3', zeros(3)],
  ['1.2.3.256', zeros(3)],
  ['1::2::3', zeros(3)],
  ['1:2:3', zeros(3)],
])('%s', (address, bytes) => expect(hashedAddressBytes(address)).toEqual(bytes));
