import type { Keyspace } from './keyspace';
import { error, type Reply } from './respReplies';
import type { StoreSession } from './storeCommands';

/** What several commands answer and read alike. */

export const SYNTAX = error('ERR syntax error');
export const NO_NUMBER = error('ERR value is not an integer or out of range');

export function wrongArity(name: string): Reply {
  return error(`ERR wrong number of arguments for '${name}' command`);
}

export function invalidExpiry(command: string): Reply {
  return error(`ERR invalid expire time in '${command}' command`);
}

/** Milliseconds since the Unix epoch; null: further away than time can be told. */
export function expiryAt(amount: number, unitMs: number, from: number): number | null {
  const at = amount * unitMs + from;
  return Number.isSafeInteger(Math.trunc(at)) ? at : null;
}

export function databaseOf(session: StoreSession): Keyspace {
  const database = session.store.databases[session.database];
  if (database === undefined) throw new Error('SELECT takes known databases only');
  return database;
}

/** A word as it names something: case does not matter. */
export function upper(word: Buffer | undefined): string {
  return word?.toString('latin1').toUpperCase() ?? '';
}

/** A key: bytes, one character each. */
export function keyOf(word: Buffer | undefined): string {
  return word?.toString('latin1') ?? '';
}
