import { timingSafeEqual } from 'node:crypto';
import { array, bulk, error, integer, NULL, OK, type Reply } from './respReplies';
import { wholeNumber } from './respRequests';
import type { Command, StoreSession, StoreState, Words } from './storeCommands';
import { databaseOf, NO_NUMBER, SYNTAX, upper, wrongArity } from './storeReplies';

/** Whose commands and replies the store has; clients ask for it to know what they may use. */
const SPOKEN_VERSION = '7.0.0';
const NAME = 'traffic-lab';

const NO_PASSWORD_SET =
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?';
const WRONG_PASSWORD = error('WRONGPASS invalid username-password pair or user is disabled.');
const HELLO_NEEDS_AUTH =
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time';

/** Commands about the connection and the server. */
export const connectionCommands: Readonly<Record<string, Command>> = {
  hello: { arity: -1, open: true, run: hello },
  auth: {
    arity: -2,
    open: true,
    run: (words, session) => {
      if (words.length > 3) return SYNTAX;
      const user = words.length === 3 ? words[1] : null;
      if (session.store.password === null && user === null) return error(NO_PASSWORD_SET);
      return login(user ?? null, words.at(-1), session) ? OK : WRONG_PASSWORD;
    },
  },
  client: { arity: -2, run: client },
  ping: {
    arity: -1,
    run: (words) => {
      if (words.length > 2) return wrongArity('ping');
      return words[1] === undefined ? { kind: 'simple', text: 'PONG' } : bulk(words[1]);
    },
  },
  echo: { arity: 2, run: (words) => bulk(words[1] ?? '') },
  select: {
    arity: 2,
    run: (words, session) => {
      const index = wholeNumber(words[1] ?? Buffer.alloc(0));
      if (index === null) return NO_NUMBER;
      if (index < 0 || index >= session.store.databases.length) return error('ERR DB index is out of range');
      session.database = index;
      return OK;
    },
  },
  quit: {
    arity: -1,
    open: true,
    run: (_words, session) => {
      session.closing = true;
      return OK;
    },
  },
  info: {
    arity: -1,
    run: (words, { store }) => ({ kind: 'verbatim', text: infoOf(store, words.slice(1).map(upper)) }),
  },
  dbsize: { arity: 1, run: (_words, session) => integer(databaseOf(session).size) },
  flushdb: { arity: -1, run: (words, session) => flush(words, () => databaseOf(session).clear()) },
  flushall: {
    arity: -1,
    run: (words, { store }) => flush(words, () => store.databases.forEach((database) => void database.clear())),
  },
};

function hello(words: Words, session: StoreSession): Reply {
  let protocol = session.protocol;
  if (words[1] !== undefined) {
    const wanted = wholeNumber(words[1]);
    if (wanted === null) return error('ERR Protocol version is not an integer or out of range');
    if (wanted !== 2 && wanted !== 3) return error('NOPROTO unsupported protocol version');
    protocol = wanted;
  }
  let name: string | null = null;
  for (let at = 2; at < words.length; ) {
    const option = upper(words[at]);
    if (option === 'AUTH' && at + 2 < words.length) {
      if (!login(words[at + 1] ?? null, words[at + 2], session)) return WRONG_PASSWORD;
      at += 3;
    } else if (option === 'SETNAME' && at + 1 < words.length) {
      name = words[at + 1]?.toString('latin1') ?? '';
      if (!isPlain(name)) return BAD_NAME;
      at += 2;
    } else return error(`ERR Syntax error in HELLO option '${words[at]?.toString('latin1') ?? ''}'`);
  }
  if (!session.authenticated) return error(HELLO_NEEDS_AUTH);
  if (name !== null) session.name = name;
  session.protocol = protocol;
  return {
    kind: 'map',
    entries: [
      ['server', bulk(NAME)],
      ['version', bulk(SPOKEN_VERSION)],
      ['proto', integer(protocol)],
      ['id', integer(session.id)],
      ['mode', bulk('standalone')],
      ['role', bulk('master')],
      ['modules', array([])],
    ],
  };
}

const BAD_NAME = error('ERR Client names cannot contain spaces, newlines or special characters.');

function client(words: Words, session: StoreSession): Reply {
  const subcommand = words[1]?.toString('latin1') ?? '';
  const full = `client|${subcommand.toLowerCase()}`;
  switch (subcommand.toLowerCase()) {
    case 'id':
      return words.length === 2 ? integer(session.id) : wrongArity(full);
    case 'getname':
      if (words.length !== 2) return wrongArity(full);
      return session.name === '' ? NULL : bulk(session.name);
    case 'setname': {
      if (words.length !== 3) return wrongArity(full);
      const name = words[2]?.toString('latin1') ?? '';
      if (!isPlain(name)) return BAD_NAME;
      session.name = name;
      return OK;
    }
    case 'setinfo': {
      if (words.length !== 4) return wrongArity(full);
      const attribute = words[2]?.toString('latin1').toLowerCase() ?? '';
      if (attribute !== 'lib-name' && attribute !== 'lib-ver') return error(`ERR Unrecognized option '${attribute}'`);
      return isPlain(words[3]?.toString('latin1') ?? '')
        ? OK
        : error(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
    }
    default:
      return error(`ERR unknown subcommand '${subcommand.slice(0, 128)}'. Try CLIENT HELP.`);
  }
}

/** Only "default" exists; without a password it takes any. */
function login(user: Buffer | null, password: Buffer | undefined, session: StoreSession): boolean {
  if (user !== null && user.toString('latin1') !== 'default') return false;
  const { password: wanted } = session.store;
  if (wanted !== null && !same(Buffer.from(wanted, 'utf8'), password ?? Buffer.alloc(0))) return false;
  session.authenticated = true;
  return true;
}

function same(wanted: Buffer, given: Buffer): boolean {
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

function isPlain(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

function flush(words: Words, clear: () => void): Reply {
  if (words.length > 2 || (words.length === 2 && !['ASYNC', 'SYNC'].includes(upper(words[1])))) return SYNTAX;
  clear();
  return OK;
}

/** The sections of INFO that a session store has something to say in. */
function infoOf(store: StoreState, wanted: readonly string[]): string {
  const seconds = Math.floor((store.clock.now() - store.startedAt) / 1000);
  const used = store.databases.reduce((sum, { bytes }) => sum + bytes, 0);
  const sections: Readonly<Record<string, readonly string[]>> = {
    Server: [
      `server_name:${NAME}`,
      `redis_version:${SPOKEN_VERSION}`,
      'redis_mode:standalone',
      `tcp_port:${store.port}`,
      `uptime_in_seconds:${seconds}`,
    ],
    Clients: [`connected_clients:${store.counts.connectionsOpen}`],
    Memory: [`used_memory:${used}`, `maxmemory:${store.maxBytes}`, 'maxmemory_policy:noeviction'],
    Persistence: ['loading:0', 'aof_enabled:0'],
    Stats: [
      `total_connections_received:${store.counts.connectionsAccepted}`,
      `total_commands_processed:${store.counts.commands}`,
    ],
    Replication: ['role:master', 'connected_slaves:0'],
    Keyspace: store.databases.flatMap((database, index) =>
      database.size === 0 ? [] : [`db${index}:keys=${database.size},expires=${database.expiring},avg_ttl=0`],
    ),
  };
  const all = wanted.length === 0 || wanted.some((name) => ['ALL', 'DEFAULT', 'EVERYTHING'].includes(name));
  return Object.entries(sections)
    .filter(([name]) => all || wanted.includes(name.toUpperCase()))
    .map(([name, lines]) => [`# ${name}`, ...lines, ''].join('\r\n'))
    .join('\r\n');
}
