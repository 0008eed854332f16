import { message } from '../../base/message';
import type { ErrorLogPlan } from '../plan';
import { type Context, type Entry, value } from './entry';
import { flag, number, text, time } from './kinds';
import { Scope } from './scope';

/** Directives of the file's outermost level and of `events {}` (ngx_core_module, ngx_events_module). */

export const logLevels = ['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg'] as const;

/** A block that may stand once and whose directives belong to it alone. */
function section(name: string, context: Context, at: Context): Entry<Scope | null> {
  return {
    name,
    contexts: [at],
    args: [0, 0],
    block: true,
    inherits: false,
    initial: null,
    join: null,
    read(directive, reading, scope) {
      const inner = new Scope(context, scope, directive);
      reading.walk(directive.block ?? [], inner);
      return inner;
    },
  };
}

export const eventsBlock = section('events', 'events', 'main');
export const httpBlock = section('http', 'http', 'main');
export const streamBlock = section('stream', 'stream', 'main');

export const pid = value<string | null>({ name: 'pid', contexts: ['main'], initial: null, read: text });
export const daemon = value({ name: 'daemon', contexts: ['main'], initial: true, read: flag });
export const shutdownTimeout = value({ name: 'worker_shutdown_timeout', contexts: ['main'], initial: 0, read: time });
const usualConnections = 512;

export const workerConnections = value({
  name: 'worker_connections',
  contexts: ['events'],
  initial: usualConnections,
  read(directive, reading) {
    const count = number(directive, reading);
    // Whoever raises it has what they want: there are always enough here.
    if (count !== undefined && count < usualConnections) {
      reading.note(
        directive.headSpan,
        message('Connections are not limited here; the number matters to a real nginx only.'),
      );
    }
    return count;
  },
});

export const workerProcesses = value<number>({
  name: 'worker_processes',
  contexts: ['main'],
  initial: 1,
  read(directive, reading) {
    const [word] = directive.args;
    if (word === undefined) return undefined;
    if (word.value !== 'auto' && !/^\d{1,9}$/.test(word.value)) {
      reading.error(word.span, message('invalid value "{value}"', { value: word.value }));
      return undefined;
    }
    if (word.value !== '1') {
      reading.note(word.span, message('One worker serves here; the number matters to a real nginx only.'));
    }
    return 1;
  },
});

/** A level that has any hides those of the outer levels; those of the file's outermost level are for all that has no server. */
export const errorLog: Entry<readonly ErrorLogPlan[]> = {
  name: 'error_log',
  contexts: ['main', 'http', 'server', 'location', 'stream', 'stream-server'],
  args: [1, 2],
  block: false,
  inherits: true,
  initial: [],
  join: 'append',
  read(directive, reading) {
    const [path, level] = directive.args;
    if (path === undefined) return undefined;
    if (path.value === '' || path.value.startsWith('syslog:') || path.value.startsWith('memory:')) {
      reading.error(path.span, message('only a file, "stderr" or "off" is supported as a log'));
      return undefined;
    }
    const named = logLevels.find((name) => name === level?.value);
    if (level !== undefined && named === undefined) {
      reading.error(
        level.span,
        message('invalid log level "{level}"', { level: level.value }),
        message('Allowed are: {words}.', { words: logLevels.join(', ') }),
      );
      return undefined;
    }
    return [{ path: path.value, level: named ?? 'error' }];
  },
};

/** The logs of a server or location; null: none of its levels but the outermost says anything. */
export function errorLogsOf(scope: Scope): readonly ErrorLogPlan[] | null {
  if (scope.context === 'main') return null;
  return scope.own(errorLog) ?? (scope.parent === null ? null : errorLogsOf(scope.parent));
}

export const mainEntries: readonly Entry[] = [
  eventsBlock,
  httpBlock,
  streamBlock,
  pid,
  daemon,
  workerConnections,
  shutdownTimeout,
  workerProcesses,
  errorLog,
];
