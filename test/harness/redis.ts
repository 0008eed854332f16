import { connect } from 'node:net';
import { findRedisProgram, RedisProgram } from '../../src/backends/store/redisProgram';
import { StoreServer } from '../../src/backends/store/storeServer';
import { systemClock } from '../../src/base/clock';

/** The redis-server of this machine, the judge of the store in the box; null where there is none. */
export const redisBinary: string | null = findRedisProgram(process.env.PATH ?? '');

/** For `describe.skipIf`. On CI it must be there. */
export const redisIsMissing: boolean = redisBinary === null;
if (redisIsMissing && process.env.CI === 'true') {
  throw new Error('redis-server is not installed, and CI=true demands it');
}

const clock = systemClock({ keepAlive: true });

export function startRedis(): Promise<RedisProgram> {
  if (redisBinary === null) throw new Error('redis-server is not installed');
  return RedisProgram.start(redisBinary, 0, clock);
}

export function startOwnStore(password: string | null = null): Promise<StoreServer> {
  return StoreServer.start({ clock, port: 0, password });
}

/** A request as an array of bulk strings. */
export function asRequest(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word, 'latin1')}\r\n${word}\r\n`).join('')}`;
}

/** Sends these bytes and the end of the stream; resolves to all that comes back before the connection ends. */
export function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      heard += text;
    });
    // A server that refuses the bytes may reset while we still send.
    socket.on('error', () => {});
    socket.once('close', () => resolve(heard));
    socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}
