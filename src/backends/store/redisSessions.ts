import { RedisStore } from 'connect-redis';
import type { Store } from 'express-session';
import { createClient } from 'redis';
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/dispose';
import type { SharedStore } from '../../protocol/backendWorker';
import type { Counters } from '../counters';

/** A page does not wait longer for its session. */
const COMMAND_LIMIT_MS = 3_000;
const CONNECT_LIMIT_MS = 1_000;
/** Tried again so soon at first, then ever later. */
const RETRY_MS = { first: 25, last: 500 } as const;

export interface RedisSessions extends Disposable {
  readonly store: Store;
  /** Resolved when it is connected, or the first try has failed or takes too long: it goes on trying. */
  readonly connected: Promise<void>;
}

/**
 * express-session's store over one connection of the official Redis client. While there is no connection every command
 * fails at once, and no command waits longer than three seconds: a request ends in an error rather than not at all.
 */
export function redisSessions(
  { url, prefix }: SharedStore,
  counters: Counters,
  clock: Clock,
  sessionMs: number,
): RedisSessions {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_LIMIT_MS,
      reconnectStrategy: (retries) => Math.min(RETRY_MS.last, RETRY_MS.first * 2 ** retries),
    },
  });
  let isOpen = false;
  const opened = (open: boolean): void => {
    if (open === isOpen) return;
    isOpen = open;
    if (open) counters.add('storeConnections');
    counters.add('storeConnectionsOpen', open ? 1 : -1);
  };
  let lastError: Error | null = null;
  const connected = new Promise<void>((resolve) => {
    // A server starts with its store or without it.
    clock.setTimeout(resolve, CONNECT_LIMIT_MS);
    client.on('ready', () => {
      lastError = null;
      opened(true);
      resolve();
    });
    // It comes again with every try; who is answered hears of it.
    client.on('error', (error: Error) => {
      lastError = error;
      opened(false);
      resolve();
    });
    client.on('end', () => {
      opened(false);
      resolve();
    });
  });
  // Rejects only when it is closed while it connects.
  client.connect().catch(() => {});

  /** Rejects after COMMAND_LIMIT_MS: the client itself waits for as long as the connection lives. */
  const limited = async <T>(send: () => Promise<T>): Promise<T> => {
    counters.add('storeCommands');
    if (!client.isReady) throw new Error(lastError?.message || 'it cannot be reached');
    return new Promise<T>((resolve, reject) => {
      const limit = clock.setTimeout(
        () => reject(new Error(`it did not answer within ${COMMAND_LIMIT_MS} ms`)),
        COMMAND_LIMIT_MS,
      );
      send()
        .then(resolve, reject)
        .finally(() => limit.cancel());
    });
  };
  const store = new RedisStore({
    prefix,
    ttl: Math.ceil(sessionMs / 1000),
    // The part of the client that connect-redis uses for one session.
    client: {
      get: (key: string) => limited(() => client.get(key)),
      set: (key: string, value: string, options?: { expiration: { type: 'EX'; value: number } }) =>
        limited(() => client.set(key, value, options)),
      expire: (key: string, seconds: number) => limited(() => client.expire(key, seconds)),
      del: (keys: string[]) => limited(() => client.del(keys)),
    },
  });
  return {
    store,
    connected,
    dispose: () => {
      client.destroy();
    },
  };
}
