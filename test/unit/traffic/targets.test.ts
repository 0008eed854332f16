import { expect, test } from 'vitest';
import { ReaderError } from '../../../src/base/errors';
import { parseTarget } from '../../../src/traffic/targets';

test.each([
  ['127.0.0.1:4150', { host: '127.0.0.1', port: 4150 }],
  ['127.8.200.255:1', { host: '127.8.200.255', port: 1 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['[::1]:65535', { host: '::1', port: 65_535 }],
])('%s is on this machine', (text, target) => {
  expect(parseTarget(text)).toEqual(target);
});

const codeOf = (text: string): string => {
  try {
    parseTarget(text);
    return 'accepted';
  } catch (error) {
    return error instanceof ReaderError ? error.code : 'bug';
  }
};

test.each([
  '10.0.0.1:80',
  'example.org:80',
  '0.0.0.0:80',
  '127.0.0.1.example.org:80',
  '127.0.0.256:80',
  '[::2]:80',
  '128.0.0.1:1',
])('%s is refused: traffic stays on this machine', (text) => expect(codeOf(text)).toBe('not-loopback'));

test.each(['', '127.0.0.1', '127.0.0.1:', ':80', '127.0.0.1:0', '127.0.0.1:65536', 'http://127.0.0.1:80'])(
  '"%s" is no address',
  (text) => expect(codeOf(text)).toBe('bad-target'),
);
