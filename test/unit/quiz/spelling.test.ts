import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSpelling, saysSomething } from '../../../src/quiz/spelling';

describe('a spelling', () => {
  it.each([
    ['Round Robin', 'round-robin'],
    ['ROUND_ROBIN', 'round robin'],
    ['the round robin', 'round robin'],
    ['“round robin”.', 'round robin'],
    ['ｒｏｕｎｄ　ｒｏｂｉｎ', 'round robin'],
    ['라운드로빈', '라운드 로빈'],
    ['라운드 로빈입니다', '라운드로빈'],
    ['라운드로빈을', '라운드 로빈'],
    ['연결의 수명을 제한', '연결 수명 제한'],
    ['세션 저장소에서', '세션 저장소'],
    ['라운드 로빈'.normalize('NFD'), '라운드 로빈'],
    ['grpc.max_connection_age_ms', 'max connection age'.replace(/^/, '*').concat('*')],
    ['연결의 최대 수명', '연결*수명'],
  ])('%j is a way to write %j', (given, accepted) => {
    expect(isSpelling(given, accepted)).toBe(true);
  });

  it.each([
    ['least conn', 'round robin'],
    ['round', 'round robin'],
    ['round robin and more', 'round robin'],
    ['L4', 'L7'],
    ['수명 연결', '연결*수명'],
    ['*', 'round robin'],
    ['*', '*age'],
    ['', 'round robin'],
    ['c', 'c++'],
  ])('%j is no way to write %j', (given, accepted) => {
    expect(isSpelling(given, accepted)).toBe(false);
  });

  it('says nothing with punctuation alone', () => {
    expect([' ', '…', '*', '?!', '＊'].map(saysSomething)).toEqual([false, false, false, false, false]);
    expect(['a b', '4', '가'].map(saysSomething)).toEqual([true, true, true]);
  });

  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((one) => saysSomething(one) && !/[*＊]/.test(one));

  it('is one of itself, in capitals, with spaces around and in full width', () => {
    fc.assert(
      fc.property(text, (one) => {
        for (const written of [one, `  ${one}\n`, `«${one}»`, one.normalize('NFKD')]) {
          expect(isSpelling(written, one)).toBe(true);
        }
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9 ]{3,30}$/).filter(saysSomething), (one) => {
        expect(isSpelling(one.toUpperCase(), one)).toBe(true);
      }),
    );
  });

  it('does not mind which of the two was given', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(isSpelling(one, other)).toBe(isSpelling(other, one));
      }),
    );
  });
});
