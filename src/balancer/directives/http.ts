import { hostname } from 'node:os';
import { message } from '../../base/message';
import type { Directive, Word } from '../../conf/ast';
import { byteText, readableText } from '../byteText';
import type { HttpSettings } from '../plan';
import { compileServerName, type ServerName } from '../servers';
import { type Context, type Entry, list, type Reading, value } from './entry';
import { flag, number, oneOf, parseNumber, parseSize, parseTime, size, someOf, text, time } from './kinds';
import { httpListen, streamListen } from './listen';
import { compileRegex } from './regex';
import { Scope } from './scope';

/** ngx_http_core_module: servers, locations, and the limits of clients. */

const levels: readonly Context[] = ['http', 'server', 'location'];

export interface ServerBlock {
  readonly scope: Scope;
  readonly directive: Directive;
}

function serverBlock(context: Context, inner: Context): Entry<readonly ServerBlock[]> {
  return list<ServerBlock>({
    name: 'server',
    contexts: [context],
    args: [0, 0],
    block: true,
    inherits: false,
    read(directive, reading, scope) {
      const own = new Scope(inner, scope, directive);
      reading.walk(directive.block ?? [], own);
      return { scope: own, directive };
    },
  });
}

export const httpServers = serverBlock('http', 'server');
export const streamServers = serverBlock('stream', 'stream-server');

export const serverName: Entry<readonly ServerName[]> = {
  name: 'server_name',
  contexts: ['server'],
  args: [1, 1000],
  block: false,
  inherits: false,
  initial: [],
  join: 'append',
  read(directive, reading, scope) {
    const names: ServerName[] = [];
    for (const word of directive.args) {
      // As nginx reads it: the machine's own name, in small letters.
      const name = compileServerName(word.value === '$hostname' ? hostname().toLowerCase() : word.value);
      if (word.value.includes('/') && !word.value.startsWith('~')) {
        reading.warn(word.span, message('server name "{name}" has suspicious symbols', { name: word.value }));
      }
      if (name.ok) {
        names.push(name.value);
        if (name.value.kind === 'regex')
          for (const capture of name.value.captures) reading.defineVariable(capture, scope);
      } else reading.error(word.span, name.error);
    }
    return names;
  },
};

export type LocationMatch =
  | { readonly kind: 'prefix' | 'exact' | 'prefix-no-regex'; readonly path: string }
  | { readonly kind: 'regex'; readonly pattern: RegExp; readonly source: string }
  | { readonly kind: 'named'; readonly name: string };

export interface LocationBlock {
  readonly match: LocationMatch;
  readonly scope: Scope;
  readonly directive: Directive;
}

export const locations = list<LocationBlock>({
  name: 'location',
  contexts: ['server', 'location'],
  args: [1, 2],
  block: true,
  inherits: false,
  read(directive, reading, scope) {
    const match = readMatch(directive, reading, scope);
    const inner = new Scope('location', scope, directive);
    if (match !== null) checkNesting(match, directive, scope, reading);
    reading.walk(directive.block ?? [], inner);
    return match === null ? undefined : { match, scope: inner, directive };
  },
});

function readMatch(directive: Directive, reading: Reading, scope: Scope): LocationMatch | null {
  const [first, second] = directive.args;
  if (first === undefined) return null;
  // nginx takes the modifier glued to the path too: `location =/exact`.
  const glued = second === undefined ? /^(=|\^~|~\*|~)(.+)$/s.exec(first.value) : null;
  const modifier = second === undefined ? (glued?.[1] ?? '') : first.value;
  const written = second === undefined ? (glued?.[2] ?? first.value) : second.value;
  const path = byteText(written);
  const place: Word = second ?? first;
  switch (modifier) {
    case '':
      return path.startsWith('@') ? { kind: 'named', name: path } : { kind: 'prefix', path };
    case '=':
      return { kind: 'exact', path };
    case '^~':
      return { kind: 'prefix-no-regex', path };
    case '~':
    case '~*': {
      const compiled = compileRegex(written, modifier === '~*');
      if (!compiled.ok) {
        reading.error(place.span, compiled.error);
        return null;
      }
      for (const capture of compiled.value.captures) reading.defineVariable(capture, scope);
      return { kind: 'regex', pattern: compiled.value.pattern, source: path };
    }
    default:
      reading.error(
        first.span,
        message('invalid location modifier "{modifier}"', { modifier }),
        message('Allowed are: {words}.', { words: '=, ^~, ~, ~*' }),
      );
      return null;
  }
}

/** What may stand inside what (ngx_http_core_location). */
function checkNesting(match: LocationMatch, directive: Directive, scope: Scope, reading: Reading): void {
  if (scope.context !== 'location') return;
  const outer = scope.directive?.args.map((word) => word.value) ?? [];
  const [first = ''] = outer;
  const own = readableText(match.kind === 'named' ? match.name : match.kind === 'regex' ? match.source : match.path);
  const place = directive.headSpan;
  const outerName = outer.at(-1) ?? '';
  if (/^=/.test(first)) {
    reading.error(
      place,
      message('location "{inner}" cannot be inside the exact location "{outer}"', { inner: own, outer: outerName }),
    );
  } else if (first.startsWith('@')) {
    reading.error(
      place,
      message('location "{inner}" cannot be inside the named location "{outer}"', { inner: own, outer: outerName }),
    );
  } else if (match.kind === 'named') {
    reading.error(place, message('named location "{inner}" can be on the server level only', { inner: own }));
  } else if (match.kind !== 'regex') {
    const prefix = scope.directive?.args.length === 1 ? outerName.replace(/^(\^~|~\*|~)/, '') : outerName;
    if (!own.startsWith(prefix)) {
      reading.error(
        place,
        message('location "{inner}" is outside location "{outer}"', { inner: own, outer: prefix }),
        message('A location inside another has to begin with its path.'),
      );
    }
  }
}

export const internal = value({
  name: 'internal',
  contexts: ['location'],
  args: [0, 0],
  initial: false,
  inherits: false,
  join: 'last',
  read: () => true,
});

export interface KeepaliveTimeout {
  readonly idleMs: number;
  /** What the client is told (`Keep-Alive: timeout=`), s; null: nothing. */
  readonly headerSeconds: number | null;
}

const seconds = 1000;

export const core = {
  clientHeaderTimeout: value({
    name: 'client_header_timeout',
    contexts: ['http', 'server'],
    initial: 60 * seconds,
    read: time,
  }),
  clientBodyTimeout: value({ name: 'client_body_timeout', contexts: levels, initial: 60 * seconds, read: time }),
  sendTimeout: value({ name: 'send_timeout', contexts: levels, initial: 60 * seconds, read: time }),
  clientHeaderBufferSize: value({
    name: 'client_header_buffer_size',
    contexts: ['http', 'server'],
    initial: 1024,
    read: size,
  }),
  keepaliveRequests: value({ name: 'keepalive_requests', contexts: levels, initial: 1000, read: number }),
  defaultType: value({ name: 'default_type', contexts: levels, initial: 'text/plain', read: text }),
  keepaliveTimeout: value<KeepaliveTimeout>({
    name: 'keepalive_timeout',
    contexts: levels,
    args: [1, 2],
    initial: { idleMs: 75 * seconds, headerSeconds: null },
    read(directive, reading) {
      const [idle, header] = directive.args;
      const idleMs = idle === undefined ? null : parseTime(idle.value);
      for (const word of [idle, header]) {
        if (word === undefined || parseTime(word.value, word === header ? 's' : 'ms') !== null) continue;
        reading.error(word.span, message('"{directive}" directive invalid value', { directive: 'keepalive_timeout' }));
        return undefined;
      }
      if (idleMs === null) return undefined;
      return { idleMs, headerSeconds: header === undefined ? null : (parseTime(header.value, 's') ?? 0) / seconds };
    },
  }),
  largeClientHeaderBuffers: value<{ readonly count: number; readonly size: number }>({
    name: 'large_client_header_buffers',
    contexts: ['http', 'server'],
    args: [2, 2],
    initial: { count: 4, size: 8192 },
    read(directive, reading) {
      const [count, each] = directive.args;
      const number = count === undefined ? null : parseNumber(count.value);
      const bytes = each === undefined ? null : parseSize(each.value);
      if (number === null || number === 0 || bytes === null || bytes === 0) {
        reading.error(
          (number === null || number === 0 ? count : each)?.span ?? directive.headSpan,
          message('"{directive}" directive invalid value', { directive: 'large_client_header_buffers' }),
          message('A count and a size are wanted, for example "4 8k".'),
        );
        return undefined;
      }
      return { count: number, size: bytes };
    },
  }),
} as const;

/** How connections end and go on. */
const connections = {
  keepaliveTime: value({ name: 'keepalive_time', contexts: levels, initial: 3600 * seconds, read: time }),
  keepaliveDisable: value<readonly ('none' | 'msie6' | 'safari')[]>({
    name: 'keepalive_disable',
    contexts: levels,
    args: [1, 3],
    initial: ['msie6'],
    join: 'append',
    read: someOf('none', 'msie6', 'safari'),
  }),
  lingeringClose: value<'on' | 'off' | 'always'>({
    name: 'lingering_close',
    contexts: levels,
    initial: 'on',
    read: oneOf('off', 'on', 'always'),
  }),
  lingeringTime: value({ name: 'lingering_time', contexts: levels, initial: 30 * seconds, read: time }),
  lingeringTimeout: value({ name: 'lingering_timeout', contexts: levels, initial: 5 * seconds, read: time }),
  resetTimedOut: value({ name: 'reset_timedout_connection', contexts: levels, initial: false, read: flag }),
  chunkedEncoding: value({ name: 'chunked_transfer_encoding', contexts: levels, initial: true, read: flag }),
} as const;

const redirects = {
  absolute: value({ name: 'absolute_redirect', contexts: levels, initial: true, read: flag }),
  port: value({ name: 'port_in_redirect', contexts: levels, initial: true, read: flag }),
  serverName: value({ name: 'server_name_in_redirect', contexts: levels, initial: false, read: flag }),
} as const;

const told = {
  notFound: value({ name: 'log_not_found', contexts: levels, initial: true, read: flag }),
  subrequests: value({ name: 'log_subrequest', contexts: levels, initial: false, read: flag }),
  recursiveErrorPages: value({ name: 'recursive_error_pages', contexts: levels, initial: false, read: flag }),
} as const;

/** How requests are read; of the server that a connection begins with. */
export const requestReading = {
  mergeSlashes: value({ name: 'merge_slashes', contexts: ['http', 'server'], initial: true, read: flag }),
  ignoreInvalidHeaders: value({
    name: 'ignore_invalid_headers',
    contexts: ['http', 'server'],
    initial: true,
    read: flag,
  }),
  underscores: value({ name: 'underscores_in_headers', contexts: ['http', 'server'], initial: false, read: flag }),
} as const;

type CoreSettings = Pick<
  HttpSettings,
  | 'keepaliveTimeMs'
  | 'keepaliveDisable'
  | 'linger'
  | 'resetTimedOut'
  | 'chunkedEncoding'
  | 'redirectForm'
  | 'logNotFound'
  | 'logSubrequests'
  | 'recursiveErrorPages'
>;

export function coreSettings(scope: Scope): CoreSettings {
  const disabled = scope.get(connections.keepaliveDisable).filter((name) => name !== 'none');
  return {
    keepaliveTimeMs: scope.get(connections.keepaliveTime),
    keepaliveDisable: new Set(disabled),
    linger: {
      mode: scope.get(connections.lingeringClose),
      timeMs: scope.get(connections.lingeringTime),
      timeoutMs: scope.get(connections.lingeringTimeout),
    },
    resetTimedOut: scope.get(connections.resetTimedOut),
    chunkedEncoding: scope.get(connections.chunkedEncoding),
    redirectForm: {
      absolute: scope.get(redirects.absolute),
      port: scope.get(redirects.port),
      serverName: scope.get(redirects.serverName),
    },
    logNotFound: scope.get(told.notFound),
    logSubrequests: scope.get(told.subrequests),
    recursiveErrorPages: scope.get(told.recursiveErrorPages),
  };
}

export const httpEntries: readonly Entry[] = [
  httpServers,
  streamServers,
  httpListen,
  streamListen,
  serverName,
  locations,
  internal,
  ...Object.values(core),
  ...Object.values(connections),
  ...Object.values(redirects),
  ...Object.values(told),
  ...Object.values(requestReading),
];
