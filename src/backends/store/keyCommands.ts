import { globMatches } from './globPattern';
import { array, bulk, error, integer, NULL, OK, type Reply } from './respReplies';
import { wholeNumber } from './respRequests';
import type { Command, StoreSession, Words } from './storeCommands';
import { databaseOf, expiryAt, invalidExpiry, keyOf, NO_NUMBER, SYNTAX, upper } from './storeReplies';

/** Commands that read and write values. */
export const keyCommands: Readonly<Record<string, Command>> = {
  get: {
    arity: 2,
    run: (words, session) => value(databaseOf(session).get(keyOf(words[1]))),
  },
  mget: {
    arity: -2,
    run: (words, session) => array(words.slice(1).map((key) => value(databaseOf(session).get(keyOf(key))))),
  },
  set: { arity: -3, grows: true, run: set },
  setex: { arity: 4, grows: true, run: (words, session) => setFor(words, session, 'setex', 1000) },
  psetex: { arity: 4, grows: true, run: (words, session) => setFor(words, session, 'psetex', 1) },
  del: { arity: -2, run: remove },
  // Frees the memory in another thread in Redis; the reply is the same.
  unlink: { arity: -2, run: remove },
  exists: {
    arity: -2,
    run: (words, session) => integer(words.slice(1).filter((key) => databaseOf(session).has(keyOf(key))).length),
  },
  scan: { arity: -2, run: scan },
};

function value(bytes: Buffer | null): Reply {
  return bytes === null ? NULL : bulk(bytes);
}

function remove(words: Words, session: StoreSession): Reply {
  return integer(words.slice(1).filter((key) => databaseOf(session).delete(keyOf(key))).length);
}

function setFor(words: Words, session: StoreSession, name: string, unitMs: number): Reply {
  const amount = wholeNumber(words[2] ?? Buffer.alloc(0));
  if (amount === null) return NO_NUMBER;
  const expiresAt = expiryAt(amount, unitMs, session.store.clock.wallNow());
  if (amount <= 0 || expiresAt === null) return invalidExpiry(name);
  databaseOf(session).set(keyOf(words[1]), words[3] ?? Buffer.alloc(0), expiresAt);
  return OK;
}

const EXPIRY_OPTIONS: Readonly<Record<string, { readonly unitMs: number; readonly absolute: boolean }>> = {
  EX: { unitMs: 1000, absolute: false },
  PX: { unitMs: 1, absolute: false },
  EXAT: { unitMs: 1000, absolute: true },
  PXAT: { unitMs: 1, absolute: true },
};

/** SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL] */
function set(words: Words, session: StoreSession): Reply {
  const key = keyOf(words[1]);
  const keyspace = databaseOf(session);
  let condition: 'NX' | 'XX' | null = null;
  let wantsOld = false;
  let keepsExpiry = false;
  let expiry: { readonly word: Buffer; readonly option: string } | null = null;
  for (let at = 3; at < words.length; at += 1) {
    const option = upper(words[at]);
    const next = words[at + 1];
    if ((option === 'NX' || option === 'XX') && (condition === null || condition === option)) condition = option;
    else if (option === 'GET') wantsOld = true;
    else if (option === 'KEEPTTL' && expiry === null) keepsExpiry = true;
    else if (Object.hasOwn(EXPIRY_OPTIONS, option) && expiry === null && !keepsExpiry && next !== undefined) {
      expiry = { word: next, option };
      at += 1;
    } else return SYNTAX;
  }
  let expiresAt = keepsExpiry ? (keyspace.expiryOf(key) ?? null) : null;
  if (expiry !== null) {
    const { unitMs, absolute } = EXPIRY_OPTIONS[expiry.option] ?? { unitMs: 1, absolute: false };
    const amount = wholeNumber(expiry.word);
    if (amount === null) return NO_NUMBER;
    expiresAt = expiryAt(amount, unitMs, absolute ? 0 : session.store.clock.wallNow());
    if (amount <= 0 || expiresAt === null) return invalidExpiry('set');
  }
  const old = keyspace.get(key);
  const allowed = condition === null || (condition === 'NX') === (old === null);
  if (allowed) keyspace.set(key, words[2] ?? Buffer.alloc(0), expiresAt);
  if (wantsOld) return value(old);
  return allowed ? OK : NULL;
}

/** SCAN cursor [MATCH pattern] [COUNT n] [TYPE type] */
function scan(words: Words, session: StoreSession): Reply {
  const cursor = wholeNumber(words[1] ?? Buffer.alloc(0));
  if (cursor === null || cursor < 0) return error('ERR invalid cursor');
  let pattern: string | null = null;
  let count = 10;
  let ofStrings = true;
  for (let at = 2; at < words.length; at += 2) {
    const word = words[at + 1];
    if (word === undefined) return SYNTAX;
    switch (upper(words[at])) {
      case 'MATCH':
        pattern = keyOf(word);
        break;
      case 'COUNT': {
        const wanted = wholeNumber(word);
        if (wanted === null) return NO_NUMBER;
        if (wanted < 1) return SYNTAX;
        count = wanted;
        break;
      }
      case 'TYPE':
        ofStrings = upper(word) === 'STRING';
        break;
      default:
        return SYNTAX;
    }
  }
  const found = databaseOf(session).scan(cursor, count);
  const keys = found.keys.filter((key) => ofStrings && (pattern === null || globMatches(pattern, key)));
  return array([bulk(String(found.cursor)), array(keys.map(bulk))]);
}
