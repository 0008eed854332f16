import { error, integer, type Reply } from './respReplies';
import { wholeNumber } from './respRequests';
import type { Command, StoreSession, Words } from './storeCommands';
import { databaseOf, expiryAt, invalidExpiry, keyOf, NO_NUMBER, upper } from './storeReplies';

/** Commands about how long a key is kept. */
export const expiryCommands: Readonly<Record<string, Command>> = {
  expire: { arity: -3, run: (words, session) => expire(words, session, 'expire', 1000) },
  pexpire: { arity: -3, run: (words, session) => expire(words, session, 'pexpire', 1) },
  // Rounded to the nearest second, as in Redis.
  ttl: { arity: 2, run: (words, session) => left(words, session, (ms) => Math.floor((ms + 500) / 1000)) },
  pttl: { arity: 2, run: (words, session) => left(words, session, (ms) => ms) },
  persist: {
    arity: 2,
    run: (words, session) => {
      const keyspace = databaseOf(session);
      const key = keyOf(words[1]);
      const expires = typeof keyspace.expiryOf(key) === 'number';
      if (expires) keyspace.setExpiry(key, null);
      return integer(expires ? 1 : 0);
    },
  },
};

function left(words: Words, session: StoreSession, inUnit: (ms: number) => number): Reply {
  const expiresAt = databaseOf(session).expiryOf(keyOf(words[1]));
  if (expiresAt === undefined) return integer(-2);
  return integer(expiresAt === null ? -1 : inUnit(Math.max(0, expiresAt - session.store.clock.wallNow())));
}

const CONDITIONS = ['NX', 'XX', 'GT', 'LT'] as const;

/** EXPIRE key time [NX | XX | GT | LT] */
function expire(words: Words, session: StoreSession, name: string, unitMs: number): Reply {
  const keyspace = databaseOf(session);
  const key = keyOf(words[1]);
  const wanted = new Set<string>();
  for (const word of words.slice(3)) {
    const option = CONDITIONS.find((condition) => condition === upper(word));
    if (option === undefined) return error(`ERR Unsupported option ${word.toString('latin1')}`);
    wanted.add(option);
  }
  if (wanted.has('NX') && wanted.size > 1) {
    return error('ERR NX and XX, GT or LT options at the same time are not compatible');
  }
  if (wanted.has('GT') && wanted.has('LT')) return error('ERR GT and LT options at the same time are not compatible');
  const amount = wholeNumber(words[2] ?? Buffer.alloc(0));
  if (amount === null) return NO_NUMBER;
  const now = session.store.clock.wallNow();
  const expiresAt = expiryAt(amount, unitMs, now);
  if (expiresAt === null) return invalidExpiry(name);
  const before = keyspace.expiryOf(key);
  if (before === undefined) return integer(0);
  // Never to expire is later than any time.
  const endsBefore = before ?? Number.POSITIVE_INFINITY;
  const allowed =
    (!wanted.has('NX') || before === null) &&
    (!wanted.has('XX') || before !== null) &&
    (!wanted.has('GT') || expiresAt > endsBefore) &&
    (!wanted.has('LT') || expiresAt < endsBefore);
  if (!allowed) return integer(0);
  if (expiresAt <= now) keyspace.delete(key);
  else keyspace.setExpiry(key, expiresAt);
  return integer(1);
}
