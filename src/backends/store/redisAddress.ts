import { ReaderError } from '../../base/errors';
import { message } from '../../base/message';

/** Where a Redis is, read from "redis://[[user][:password]@]host[:port][/database]"; `rediss` is Redis over TLS. */
export interface RedisAddress {
  /** As the client library takes it. */
  readonly url: string;
  /** For readers: without user and password. */
  readonly shown: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: number;
}

const DEFAULT_PORT = 6379;

/** Throws ReaderError 'redis-address'. */
export function readRedisAddress(text: string): RedisAddress {
  const parsed = URL.canParse(text) ? new URL(text) : null;
  const database = /^\/?(\d{0,5})$/.exec(parsed?.pathname ?? '-');
  if (
    parsed === null ||
    (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') ||
    parsed.hostname === '' ||
    parsed.search !== '' ||
    parsed.hash !== '' ||
    database === null
  ) {
    throw notAnAddress(text);
  }
  const port = parsed.port === '' ? DEFAULT_PORT : Number(parsed.port);
  const decoded = (part: string): string | null => {
    try {
      return part === '' ? null : decodeURIComponent(part);
    } catch {
      throw notAnAddress(text);
    }
  };
  return {
    url: text,
    shown: `${parsed.protocol}//${parsed.hostname}:${port}${database[1] ? `/${database[1]}` : ''}`,
    // An IPv6 address stands in brackets in a URL only.
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    tls: parsed.protocol === 'rediss:',
    user: decoded(parsed.username),
    password: decoded(parsed.password),
    database: Number(database[1] ?? 0),
  };
}

function notAnAddress(text: string): ReaderError {
  // A password that stands in it is not shown again.
  const shown = text.replace(/\/\/[^/]*@/, '//…@');
  return new ReaderError(
    'redis-address',
    message(
      '“{url}” is no address of a Redis. Write it like redis://127.0.0.1:6379 or redis://:password@host:6379/0.',
      {
        url: shown,
      },
    ),
  );
}
