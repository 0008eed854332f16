import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstLanguage, type ReaderSigns } from '../../../src/host/firstLanguage';

const english: ReaderSigns = { editor: 'en', locale: 'en-US', timeZone: 'America/New_York', env: {} };

function languageFor(signs: Partial<ReaderSigns>, available: readonly string[] = ['ko', 'en']): string {
  return firstLanguage(available, { ...english, ...signs });
}

/** Each a sign by itself. */
const koreanSigns: readonly (readonly [string, Partial<ReaderSigns>])[] = [
  ['VS Code is in Korean', { editor: 'ko' }],
  ['JavaScript’s locale is Korean', { locale: 'ko-KR' }],
  ['the time zone is Seoul’s', { timeZone: 'Asia/Seoul' }],
  ['the time zone is Korea’s by its old name', { timeZone: 'ROK' }],
  ['LANG is Korean', { env: { LANG: 'ko_KR.UTF-8' } }],
  ['LC_ALL is Korean', { env: { LC_ALL: 'ko_KR.UTF-8' } }],
  ['LC_MESSAGES is Korean', { env: { LC_MESSAGES: 'ko_KR.eucKR' } }],
  ['LANGUAGE begins with Korean', { env: { LANGUAGE: 'ko:en' } }],
  ['LANG is Korean and only messages are English', { env: { LANG: 'ko_KR.UTF-8', LC_MESSAGES: 'en_US.UTF-8' } }],
  ['LANG is Korean and all is overridden', { env: { LANG: 'ko_KR.UTF-8', LC_ALL: 'C.UTF-8' } }],
  ['TZ is Seoul', { timeZone: 'UTC', env: { TZ: 'Asia/Seoul' } }],
  ['TZ names a file', { timeZone: 'UTC', env: { TZ: ':Asia/Seoul' } }],
  ['TZ is a rule', { timeZone: 'Etc/Unknown', env: { TZ: 'KST-9' } }],
  [
    'the desktop editor is in English on a Korean system',
    { env: { VSCODE_NLS_CONFIG: '{"userLocale":"en","osLocale":"ko-kr","resolvedLanguage":"en"}' } },
  ],
];

describe('the first language of a course', () => {
  it.each(koreanSigns)('is Korean when %s', (_sign, signs) => {
    expect(languageFor(signs)).toBe('ko');
  });

  it('is Korean however many of the signs there are', () => {
    fc.assert(
      fc.property(fc.subarray([...koreanSigns], { minLength: 1 }), (chosen) => {
        const env = Object.assign({}, ...chosen.map(([, { env }]) => env ?? {}));
        const signs: Partial<ReaderSigns> = Object.assign({}, ...chosen.map(([, one]) => one), { env });
        expect(languageFor(signs)).toBe('ko');
      }),
    );
  });

  it.each<readonly [string, Partial<ReaderSigns>]>([
    ['nothing is told', {}],
    ['everything is the neutral locale', { locale: 'en-US', env: { LANG: 'C.UTF-8', LC_ALL: 'C', TZ: 'UTC' } }],
    ['the clock is as Korea’s, but Japan’s', { timeZone: 'Asia/Tokyo', env: { TZ: 'Asia/Tokyo' } }],
    ['the locale is Konkani', { locale: 'kok-IN', env: { LANG: 'kok_IN' } }],
    ['Korean is a second choice', { env: { LANGUAGE: 'en:ko' } }],
    ['the system is English', { env: { VSCODE_NLS_CONFIG: '{"userLocale":"en","osLocale":"en-us"}' } }],
    ['what VS Code tells cannot be read', { env: { VSCODE_NLS_CONFIG: '{osLocale: ko' } }],
    ['what VS Code tells has no locale', { env: { VSCODE_NLS_CONFIG: '{"osLocale":7}' } }],
    ['VS Code is in a language that the course has not', { editor: 'ja' }],
  ])('is English when %s', (_sign, signs) => {
    expect(languageFor(signs)).toBe('en');
  });

  it('is VS Code’s where the course has it, and Korean before that for who reads Korean', () => {
    expect(languageFor({ editor: 'pt-br' }, ['ko', 'en', 'pt'])).toBe('pt');
    expect(languageFor({ editor: 'ja', timeZone: 'Asia/Seoul' }, ['ja', 'ko', 'en'])).toBe('ko');
    expect(languageFor({ editor: 'ja', timeZone: 'Asia/Seoul' }, ['ja', 'en'])).toBe('ja');
  });

  it('is one that the course has', () => {
    expect(languageFor({ editor: 'ko' }, ['en'])).toBe('en');
    expect(languageFor({}, ['ko'])).toBe('ko');
    expect(languageFor({}, ['fr', 'de'])).toBe('fr');
  });

  it.each(['Asia/Seoul', ':Asia/Seoul', 'ROK', 'KST-9'])('is Korean in a process with TZ=%s', (TZ) => {
    // What Node makes of TZ is Node's affair; the two together must know it.
    const print = 'process.stdout.write(String(Intl.DateTimeFormat().resolvedOptions().timeZone))';
    const timeZone = execFileSync(process.execPath, ['-e', print], { env: { TZ, LC_ALL: 'C' }, encoding: 'utf8' });
    expect(languageFor({ timeZone, env: { TZ } })).toBe('ko');
  });
});
