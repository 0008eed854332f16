import type { Clock } from '../../base/clock';
import { connectionCommands } from './connectionCommands';
import { expiryCommands } from './expiryCommands';
import { keyCommands } from './keyCommands';
import type { Keyspace } from './keyspace';
import { error, type Protocol, type Reply } from './respReplies';
import { wrongArity } from './storeReplies';

/** What the commands of one connection see and change. */
export interface StoreSession {
  readonly id: number;
  readonly store: StoreState;
  protocol: Protocol;
  name: string;
  database: number;
  authenticated: boolean;
  /** Set by a command after which the connection is to be closed. */
  closing: boolean;
}

/** What all connections share. */
export interface StoreState {
  readonly clock: Clock;
  readonly databases: readonly Keyspace[];
  /** null: none is asked for. */
  readonly password: string | null;
  readonly maxBytes: number;
  readonly startedAt: number;
  readonly port: number;
  readonly counts: {
    readonly connectionsAccepted: number;
    readonly connectionsOpen: number;
    readonly commands: number;
  };
}

export type Words = readonly Buffer[];

export interface Command {
  /** Words with the command's own name: exactly so many, or, where negative, at least. */
  readonly arity: number;
  /** May be used before the password was given. */
  readonly open?: boolean;
  /** Takes memory: refused when the store is full. */
  readonly grows?: boolean;
  run(words: Words, session: StoreSession): Reply;
}

const commands: Readonly<Record<string, Command>> = { ...connectionCommands, ...keyCommands, ...expiryCommands };

/** Obeys one request. Names, arities, replies and errors are those of Redis 7. https://redis.io/docs/latest/commands/ */
export function runCommand(words: Words, session: StoreSession): Reply {
  const name = words[0]?.toString('latin1') ?? '';
  const lower = name.toLowerCase();
  // A web page that posts to this port speaks HTTP: its first words end the connection, as with Redis.
  if (lower === 'post' || lower === 'host:') {
    session.closing = true;
    return error('ERR this is no HTTP server');
  }
  const command = Object.hasOwn(commands, lower) ? commands[lower] : undefined;
  if (command === undefined) return unknownCommand(name, words);
  if (command.arity > 0 ? words.length !== command.arity : words.length < -command.arity) return wrongArity(lower);
  if (!session.authenticated && command.open !== true) return error('NOAUTH Authentication required.');
  const { store } = session;
  if (command.grows === true && store.databases.reduce((sum, { bytes }) => sum + bytes, 0) > store.maxBytes) {
    return error("OOM command not allowed when used memory > 'maxmemory'.");
  }
  return command.run(words, session);
}

function unknownCommand(name: string, words: Words): Reply {
  let shown = '';
  for (const word of words.slice(1)) {
    if (shown.length >= 128) break;
    shown += `'${word.toString('latin1').slice(0, 128 - shown.length)}' `;
  }
  return error(`ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${shown}`);
}
