import { describe, expect, test } from 'vitest';
import { policies } from '../../../../src/balancer/policies';
import { renderMessage } from '../../../../src/base/message';
import { directive } from '../../../harness/upstreams';

function read(text: string) {
  const written = directive(text);
  const policy = policies.find((candidate) => candidate.directive === written.name.value);
  if (policy === undefined) throw new Error(`no policy for ${text}`);
  const config = policy.parse(written);
  return { policy, config };
}

describe('good directives', () => {
  test.each([
    ['least_conn', 'least_conn', null],
    ['ip_hash', 'ip_hash', null],
    ['hash $remote_addr', 'hash', '$remote_addr'],
    ['hash "$arg_k$host" consistent', 'hash consistent', '$arg_k$host'],
    ['random', 'random', null],
    ['random two', 'random two', null],
    ['random two least_conn', 'random two', null],
    ['sticky cookie srv_id expires=1h30m path=/', 'sticky over round_robin', '$cookie_srv_id'],
  ])('%s', (text, name, key) => {
    const { policy, config } = read(text);
    if (!config.ok) throw new Error('refused');
    expect(policy.nameOf?.(config.value) ?? policy.name).toBe(name);
    expect(policy.keyArgument?.(config.value)?.source ?? null).toBe(key);
  });
});

describe('bad directives are refused where they are bad', () => {
  test.each([
    ['least_conn now', 'invalid number of arguments in "least_conn" directive', 1],
    ['ip_hash $remote_addr', 'invalid number of arguments in "ip_hash" directive', 1],
    ['hash', 'invalid number of arguments in "hash" directive', 1],
    ['hash $arg_k consistant', 'invalid parameter "consistant"', 13],
    ['hash $arg_k consistent 160', 'invalid number of arguments in "hash" directive', 1],
    ['random three', 'invalid parameter "three"', 8],
    ['random two least_time', 'invalid parameter "least_time"', 12],
    ['sticky cookie', 'invalid number of arguments in "sticky" directive', 1],
    ['sticky route $a', '"sticky route" is not supported here, only "sticky cookie"', 8],
    ['sticky cookie a-b', '"a-b" cannot name a cookie', 15],
    ['sticky cookie id expires=soon', 'invalid parameter "expires=soon"', 18],
    ['sticky cookie id samesite=never', 'invalid parameter "samesite=never"', 18],
  ])('%s', (text, problem, column) => {
    const { config } = read(text);
    expect(config.ok ? [] : config.error.map(({ message, span }) => [renderMessage(message), span.column])).toEqual([
      [problem, column],
    ]);
  });

  test('all problems of one directive at once', () => {
    const { config } = read('sticky cookie a-b httponly=1 bare');
    expect(config.ok ? 0 : config.error.length).toBe(3);
  });
});

describe('sticky cookie', () => {
  const sticky = (text: string) => {
    const { policy, config } = read(text);
    if (!config.ok) throw new Error('refused');
    return { policy, config: config.value };
  };

  test('says who, for how long and where, in the order in which nginx does', () => {
    const { policy, config } = sticky(
      'sticky cookie id expires=1h domain=.example.com path=/ httponly secure samesite=lax',
    );
    const peer = { address: '127.0.0.1:4311' } as Parameters<NonNullable<typeof policy.sessionCookie>>[1];
    // The MD5 of "127.0.0.1:4311".
    expect(policy.sessionCookie?.(config, peer, 0)).toMatch(
      /^id=[0-9a-f]{32}; expires=Thu, 01-Jan-70 01:00:00 GMT; max-age=3600; domain=\.example\.com; httponly; secure; samesite=lax; path=\/$/,
    );
  });

  test('lies over a policy without a key, and refuses one with a key', () => {
    const { policy, config } = sticky('sticky cookie id');
    const least = read('least_conn');
    const hashed = read('hash $arg_k');
    if (!least.config.ok || !hashed.config.ok) throw new Error('refused');
    const over = policy.over?.(config, least.policy, least.config.value);
    expect(over?.ok === true && policy.nameOf?.(over.value)).toBe('sticky over least_conn');
    expect(policy.over?.(config, hashed.policy, hashed.config.value).ok).toBe(false);
  });
});
