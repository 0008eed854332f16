import fc from 'fast-check';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RedisProgram } from '../../src/backends/store/redisProgram';
import type { StoreServer } from '../../src/backends/store/storeServer';
import { fuzzAsync } from '../harness/fuzz';
import { asRequest, redisIsMissing, sendRaw, startOwnStore, startRedis } from '../harness/redis';

/** The store in the box, over real connections: what clients use of Redis, and Redis itself as the judge. */

let own: StoreServer;
const opened: { destroy(): void }[] = [];

beforeAll(async () => {
  own = await startOwnStore();
});
afterEach(() => {
  for (const client of opened.splice(0)) client.destroy();
});
afterAll(async () => {
  await own.dispose();
});

async function clientOf(url: string, RESP: 2 | 3 = 3) {
  const client = createClient({ url, RESP, socket: { reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect();
  opened.push(client);
  return client;
}

/** One connection each: words of its requests, then QUIT so that it ends. */
const conversations: readonly (readonly (readonly string[])[])[] = [
  [['PING'], ['PING', 'hi'], ['PING', 'a', 'b'], ['ECHO', 'x\r\ny'], ['ECHO']],
  [
    ['SET', 'k', 'v'],
    ['GET', 'k'],
    ['GET', 'none'],
    ['GET'],
    ['GET', 'a', 'b'],
    ['MGET', 'k', 'none'],
    ['EXISTS', 'k', 'k', 'no'],
  ],
  [
    ['SET', 'k', 'v', 'EX', '100'],
    ['TTL', 'k'],
    ['SET', 'k', 'w', 'KEEPTTL'],
    ['TTL', 'k'],
    ['PERSIST', 'k'],
    ['TTL', 'k'],
    ['PERSIST', 'k'],
  ],
  [
    ['SET', 'k', '1', 'NX'],
    ['SET', 'k', '2', 'NX'],
    ['SET', 'k', '3', 'XX', 'GET'],
    ['SET', 'new', '1', 'XX'],
    ['SET', 'new', '1', 'NX', 'GET'],
    ['GET', 'k'],
  ],
  [
    ['SET', 'k', 'v', 'EX'],
    ['SET', 'k', 'v', 'EX', '0'],
    ['SET', 'k', 'v', 'EX', '-1'],
    ['SET', 'k', 'v', 'EX', 'x'],
    ['SET', 'k', 'v', 'PX', '1.5'],
    ['SET', 'k', 'v', 'WHAT'],
    ['SET', 'k', 'v', 'NX', 'XX'],
    ['SET', 'k', 'v', 'EX', '1', 'PX', '1'],
    ['SET', 'k'],
  ],
  [
    ['SETEX', 'k', '100', 'v'],
    ['TTL', 'k'],
    ['SETEX', 'k', '0', 'v'],
    ['SETEX', 'k', 'x', 'v'],
    ['PSETEX', 'k', '100000', 'v'],
    ['TTL', 'k'],
    ['SETEX', 'k', '1'],
  ],
  [
    ['SET', 'k', 'v'],
    ['EXPIRE', 'k', '100'],
    ['TTL', 'k'],
    ['EXPIRE', 'k', '50', 'GT'],
    ['EXPIRE', 'k', '200', 'GT'],
    ['EXPIRE', 'k', '100', 'NX'],
    ['EXPIRE', 'k', '100', 'LT', 'XX'],
    ['TTL', 'k'],
    ['EXPIRE', 'no', '1'],
    ['EXPIRE', 'k', '-1'],
    ['GET', 'k'],
  ],
  [
    ['SET', 'k', 'v'],
    ['EXPIRE', 'k', 'x'],
    ['EXPIRE', 'k', '1', 'WHAT'],
    ['EXPIRE', 'k', '1', 'NX', 'XX'],
    ['EXPIRE', 'k', '1', 'GT', 'LT'],
    ['EXPIRE', 'k'],
    ['TTL', 'k'],
    ['PTTL', 'k'],
    ['TTL', 'no'],
    ['PTTL', 'no'],
  ],
  [['SET', 'a', '1'], ['SET', 'b', '2'], ['DEL', 'a', 'b', 'c', 'a'], ['UNLINK', 'a'], ['DEL'], ['DBSIZE']],
  [
    ['SCAN', '0'],
    ['SET', 'a:1', 'x'],
    ['SCAN', '0', 'MATCH', 'a:*', 'COUNT', '100'],
    ['SCAN', '0', 'MATCH', 'b*'],
    ['SCAN', 'x'],
    ['SCAN', '0', 'COUNT', '0'],
    ['SCAN', '0', 'COUNT', 'x'],
    ['SCAN', '0', 'WHAT'],
    ['SCAN', '0', 'MATCH'],
    ['SCAN', '0', 'TYPE', 'string'],
    ['SCAN', '0', 'TYPE', 'list'],
    ['SCAN'],
  ],
  [
    ['SELECT', '1'],
    ['SET', 'one', '1'],
    ['DBSIZE'],
    ['SELECT', '0'],
    ['GET', 'one'],
    ['SELECT', '16'],
    ['SELECT', '-1'],
    ['SELECT', 'x'],
    ['SELECT', '1'],
    ['FLUSHDB'],
    ['DBSIZE'],
    ['FLUSHDB', 'WHAT'],
    ['FLUSHDB', 'ASYNC'],
    ['FLUSHALL', 'SYNC'],
  ],
  [
    ['CLIENT', 'SETNAME', 'shop'],
    ['CLIENT', 'GETNAME'],
    ['CLIENT', 'SETNAME', 'a b'],
    ['CLIENT', 'SETNAME'],
    ['CLIENT', 'NOPE'],
    ['CLIENT'],
  ],
  [['AUTH', 'x'], ['AUTH', 'default', 'x'], ['AUTH', 'other', 'x'], ['AUTH'], ['AUTH', 'a', 'b', 'c']],
  [
    ['HELLO', '9'],
    ['HELLO', 'x'],
    ['HELLO', '3', 'NOPE'],
    ['HELLO', '3', 'AUTH', 'other', 'x'],
    ['GET', 'none'],
    ['MGET', 'none'],
  ],
  [['NOPE', 'a', 'b'], ['nope'], ['', ''], ['get', 'K'], ['gEt', 'k']],
];

describe.skipIf(redisIsMissing)('the same replies as redis-server', () => {
  let redis: RedisProgram;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.dispose();
  });

  const both = (bytes: string) => Promise.all([sendRaw(own.port, bytes), sendRaw(redis.port, bytes)]);
  const cleared = async (requests: readonly (readonly string[])[]) => {
    const text = [['FLUSHALL'], ...requests, ['QUIT']].map((words) => asRequest(...words)).join('');
    return both(text);
  };

  it.each(conversations.map((requests) => [requests.map((words) => words.join(' ')).join(' | '), requests] as const))(
    '%s',
    async (_name, requests) => {
      const [ours, theirs] = await cleared(requests);
      expect(ours).toBe(theirs);
    },
  );

  it('in RESP3', async () => {
    const asked = [
      ['HELLO', '3'],
      ['GET', 'none'],
      ['CLIENT', 'GETNAME'],
      ['SET', 'k', 'v', 'GET'],
      ['MGET', 'k', 'none'],
    ];
    const [ours, theirs] = await cleared(asked);
    const afterHello = (text: string): string => text.slice(text.indexOf('modules'));
    expect(afterHello(ours)).toBe(afterHello(theirs));
    expect(ours.startsWith('+OK\r\n%7\r\n$6\r\nserver\r\n')).toBe(true);
    expect(theirs.startsWith('+OK\r\n%7\r\n$6\r\nserver\r\n')).toBe(true);
  });

  it.each([
    '*1\r\nping\r\n',
    '*x\r\n',
    '*1\r\n$x\r\n',
    '*1\r\n$-5\r\n',
    'set "a\r\n',
    'PING\r\nECHO "a b"\r\nquit\r\n',
    '*0\r\nPING\r\nQUIT\r\n',
    '*-7\r\nPING\r\nQUIT\r\n',
  ])('to the bytes %j', async (bytes) => {
    const [ours, theirs] = await both(bytes);
    expect(ours).toBe(theirs);
  });

  it('to generated requests', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const amount = fc.constantFrom('100', '-1', '0', 'x', '7', '500');
    const option = fc.constantFrom('NX', 'XX', 'GET', 'KEEPTTL', 'GT', 'LT', 'nope');
    const request = fc.oneof(
      fc.tuple(fc.constant('SET'), key, fc.constantFrom('1', '', 'value')),
      fc.tuple(fc.constant('SET'), key, fc.constant('2'), option),
      fc.tuple(fc.constant('SET'), key, fc.constant('3'), option, fc.constantFrom('EX', 'EXAT'), amount),
      fc.tuple(fc.constantFrom('GET', 'TTL', 'PERSIST', 'DEL', 'EXISTS'), key),
      fc.tuple(fc.constant('EXPIRE'), key, amount),
      fc.tuple(fc.constant('EXPIRE'), key, amount, option),
      fc.tuple(fc.constant('SETEX'), key, amount, fc.constant('4')),
    );
    await fuzzAsync(fc.array(request, { minLength: 1, maxLength: 12 }), { runs: 60 }, async (requests) => {
      const [ours, theirs] = await cleared(requests);
      expect(ours).toBe(theirs);
    });
  });
});

describe('the official client', () => {
  it.each([2, 3] as const)('keeps, prolongs, finds and forgets over RESP%d', async (resp) => {
    const client = await clientOf(`redis://127.0.0.1:${own.port}/${resp}`, resp);
    await client.set('sess:1', 'one', { expiration: { type: 'EX', value: 100 } });
    await client.set('sess:2', 'two');
    expect(await client.get('sess:1')).toBe('one');
    expect(await client.expire('sess:2', 50)).toBe(1);
    expect(await client.ttl('sess:2')).toBe(50);
    const found: string[] = [];
    for await (const keys of client.scanIterator({ MATCH: 'sess:*', COUNT: 1 })) found.push(...keys);
    expect(found.sort()).toEqual(['sess:1', 'sess:2']);
    expect(await client.mGet(['sess:1', 'none'])).toEqual(['one', null]);
    expect(await client.del(['sess:1', 'sess:2'])).toBe(2);
    expect(await client.info('server')).toContain('server_name:traffic-lab');
  });

  it('is let in with the password and not without', async () => {
    const locked = await startOwnStore('open sesame');
    try {
      const inside = await clientOf(`redis://:open%20sesame@127.0.0.1:${locked.port}`);
      expect(await inside.ping()).toBe('PONG');
      await expect(clientOf(`redis://:wrong@127.0.0.1:${locked.port}`)).rejects.toThrow('WRONGPASS');
      expect(await sendRaw(locked.port, asRequest('GET', 'a'))).toBe('-NOAUTH Authentication required.\r\n');
    } finally {
      for (const client of opened.splice(0)) client.destroy();
      await locked.dispose();
    }
  });
});

describe('whatever is sent to it', () => {
  it('does not end the store', async () => {
    const piece = fc.oneof(
      fc.constantFrom('*', '*3\r\n', '$', '$3\r\nset\r\n', '\r\n', '*99999\r\n', '"', 'SET a', '\u0000', '*-1\r\n'),
      fc.string({ unit: 'binary-ascii', maxLength: 10 }),
    );
    await fuzzAsync(fc.array(piece, { maxLength: 10 }), { runs: 150 }, async (pieces) => {
      await sendRaw(own.port, pieces.join(''));
    });
    expect(await sendRaw(own.port, asRequest('PING'))).toBe('+PONG\r\n');
  });

  it('is no page: HTTP ends the connection before it reaches a key', async () => {
    const body = asRequest('SET', 'planted', '1');
    await sendRaw(own.port, `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    expect(await sendRaw(own.port, asRequest('GET', 'planted'))).toBe('$-1\r\n');
  });

  it('fills no more than its memory', async () => {
    const small = await startOwnStore();
    try {
      const value = 'x'.repeat(1_000_000);
      const requests = Array.from({ length: 70 }, (_, index) => asRequest('SET', `k${index}`, value)).join('');
      const replies = await sendRaw(small.port, requests + asRequest('GET', 'none') + asRequest('QUIT'));
      expect(replies).toContain("-OOM command not allowed when used memory > 'maxmemory'.");
      expect(replies.endsWith('$-1\r\n+OK\r\n')).toBe(true);
    } finally {
      await small.dispose();
    }
  });
});
