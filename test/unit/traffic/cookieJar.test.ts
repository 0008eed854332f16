import { describe, expect, it } from 'vitest';
import { CookieJar } from '../../../src/traffic/cookieJar';

function jarAfter(...answers: readonly (readonly string[])[]): CookieJar {
  const jar = new CookieJar();
  for (const headers of answers) jar.take(headers);
  return jar;
}

describe('a cookie jar', () => {
  it('gives back what it was given, without the attributes', () => {
    const jar = jarAfter(['sid=s%3Aabc.def; Path=/; HttpOnly; SameSite=Lax', 'srv=1f2e; path=/; httponly']);
    expect(jar.header).toBe('sid=s%3Aabc.def; srv=1f2e');
  });

  it('keeps the latest of a name and the others with it', () => {
    expect(jarAfter(['sid=one', 'srv=a'], ['sid=two=2']).header).toBe('sid=two=2; srv=a');
  });

  it('drops a cookie that is over', () => {
    expect(jarAfter(['sid=one', 'srv=a'], ['sid=; Max-Age=0']).header).toBe('srv=a');
  });

  it('has no header while it is empty, and takes nothing that names no cookie', () => {
    expect(jarAfter().header).toBeNull();
    expect(jarAfter(['=value', 'nothing', '']).header).toBeNull();
  });
});
