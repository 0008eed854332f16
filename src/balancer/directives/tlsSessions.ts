import { message } from '../../base/message';
import type { Word } from '../../conf/ast';
import type { TlsSessions } from '../plan';
import { type Context, type Reading, value } from './entry';
import { flag, parseNumber, parseSize, parseTime } from './kinds';
import type { Scope } from './scope';

/** How clients go on with an earlier TLS session: ssl_session_cache, _tickets and _timeout. */

/** Eight pages: nginx refuses a smaller zone. */
const SMALLEST_CACHE = 8 * 4096;

interface SessionCache {
  readonly keeps: boolean;
}

export function sessionSide(contexts: readonly Context[]) {
  return {
    cache: value<SessionCache>({
      name: 'ssl_session_cache',
      contexts,
      args: [1, 2],
      initial: { keeps: false },
      read(directive, reading) {
        let keeps = false;
        let off = false;
        for (const word of directive.args) {
          const kind = cacheOf(word, reading);
          if (kind === null) return undefined;
          if (kind === 'off') off = true;
          if (kind === 'kept') keeps = true;
        }
        if (keeps && !off) reading.note(directive.headSpan, message('Clients keep their sessions here, in tickets.'));
        return { keeps: keeps && !off };
      },
    }),
    tickets: value({ name: 'ssl_session_tickets', contexts, initial: true, read: flag }),
    timeout: value<number>({
      name: 'ssl_session_timeout',
      contexts,
      initial: 300,
      read(directive, reading) {
        const ms = parseTime(directive.args[0]?.value ?? '', 's');
        if (ms !== null) return ms / 1000;
        reading.error(
          directive.args[0]?.span ?? directive.headSpan,
          message('"{directive}" directive invalid value', { directive: 'ssl_session_timeout' }),
        );
        return undefined;
      },
    }),
  } as const;
}

function cacheOf(word: Word, reading: Reading): 'off' | 'none' | 'kept' | null {
  const text = word.value;
  if (text === 'off' || text === 'none') return text;
  if (text === 'builtin') return 'kept';
  const [, size] = /^builtin:(.*)$/.exec(text) ?? [];
  if (size !== undefined && parseNumber(size) !== null) return 'kept';
  const [, zone] = /^shared:[^:]+:(.*)$/.exec(text) ?? [];
  const bytes = zone === undefined ? null : parseSize(zone);
  if (bytes === null) {
    reading.error(
      word.span,
      message('invalid session cache "{cache}"', { cache: text }),
      message('Allowed are: {words}.', { words: 'off, none, builtin, builtin:SIZE, shared:NAME:SIZE' }),
    );
    return null;
  }
  if (bytes >= SMALLEST_CACHE) return 'kept';
  reading.error(word.span, message('session cache "{cache}" is too small', { cache: text }), message('At least 32k.'));
  return null;
}

export function tlsSessions(scope: Scope, side: ReturnType<typeof sessionSide>): TlsSessions {
  return {
    resumable: scope.get(side.tickets) || scope.get(side.cache).keeps,
    timeoutSeconds: scope.get(side.timeout),
  };
}
