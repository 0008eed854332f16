import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ProtocolError,
  RequestParser,
  STRANGER_LIMITS,
  TRUSTED_LIMITS,
} from '../../../../src/backends/store/respRequests';
import { fuzz } from '../../../harness/fuzz';
import { asRequest } from '../../../harness/redis';

function parse(chunks: readonly Buffer[], limits = TRUSTED_LIMITS): string[][] {
  const parser = new RequestParser(limits);
  const requests: string[][] = [];
  for (const chunk of chunks) {
    parser.push(chunk);
    for (let words = parser.next(); words !== null; words = parser.next()) {
      requests.push(words.map((word) => word.toString('latin1')));
    }
  }
  return requests;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const word = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 12,
});

describe('requests', () => {
  it('are the same however their bytes are cut', () => {
    const cut = fc.tuple(
      fc.array(fc.array(word, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }),
    );
    fuzz(cut, { runs: 500 }, ([requests, sizes]) => {
      let rest = bytes(requests.map((words) => asRequest(...words)).join(''));
      const chunks: Buffer[] = [];
      for (let turn = 0; rest.length > 0; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        chunks.push(rest.subarray(0, size));
        rest = rest.subarray(size);
      }
      expect(parse(chunks)).toEqual(requests);
    });
  });

  it('end in words or in a protocol error, whatever the bytes', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '*',
        '$',
        '\r\n',
        '\n',
        '\r',
        '*1\r\n',
        '$3\r\nget\r\n',
        '-1',
        '0',
        '99999999999',
        '"',
        "'",
        '\\x4',
      ),
      word,
    );
    fuzz(fc.array(piece, { maxLength: 12 }), { runs: 3000 }, (pieces) => {
      try {
        for (const words of parse([bytes(pieces.join(''))])) expect(words.length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    });
  });

  it.each([
    ['as typed', 'set a b\r\n', [['set', 'a', 'b']]],
    ['as typed, ended by a bare LF', '  get   a \nping\n', [['get', 'a'], ['ping']]],
    ['in quotes', 'set "a b" \'c"d\' "\\x41\\n"\r\n', [['set', 'a b', 'c"d', 'A\n']]],
    ['of nothing, which are none', '\r\n*0\r\n*-1\r\nping\r\n', [['ping']]],
    [
      'whose value looks like a request',
      asRequest('set', 'a', '*1\r\n$4\r\nping\r\n'),
      [['set', 'a', '*1\r\n$4\r\nping\r\n']],
    ],
  ])('%s', (_name, text, expected) => {
    expect(parse([bytes(text)])).toEqual(expected);
  });

  it.each([
    ['*x\r\n', 'invalid multibulk length'],
    ['*+1\r\n', 'invalid multibulk length'],
    ['*01\r\n', 'invalid multibulk length'],
    ['*1000000\r\n', 'invalid multibulk length'],
    ['*1\n$4\r\nping\r\n', 'a line does not end with CR LF'],
    ['*1\r\nping\r\n', "expected '$', got 'p'"],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$9999999999\r\n', 'invalid bulk length'],
    ['*1\r\n$4\r\npingXY', 'a bulk string does not end with CR LF'],
    ['set "a\r\n', 'unbalanced quotes in request'],
    [`*${'1'.repeat(70_000)}`, 'too big mbulk count string'],
    ['x'.repeat(70_000), 'too big inline request'],
  ])('%j are refused', (text, reason) => {
    expect(() => parse([bytes(text)])).toThrow(reason);
  });

  it('may be small only before a password was given', () => {
    expect(() => parse([bytes('*11\r\n')], STRANGER_LIMITS)).toThrow('unauthenticated multibulk length');
    expect(() => parse([bytes('*1\r\n$16385\r\n')], STRANGER_LIMITS)).toThrow('unauthenticated bulk length');
    expect(parse([bytes(asRequest('auth', 'x'))], STRANGER_LIMITS)).toEqual([['auth', 'x']]);
  });
});
