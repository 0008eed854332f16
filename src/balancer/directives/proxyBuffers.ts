import { type Message, message } from '../../base/message';
import { type Context, type Entry, type Reading, value } from './entry';
import { parseNumber, parseSize, size } from './kinds';
import { proxy } from './proxy';
import type { Scope } from './scope';

/**
 * The buffers that nginx reads a server's answer into. Here as much is read as the client takes; but they have to fit
 * each other, as nginx checks it (ngx_http_proxy_merge_loc_conf).
 */

const levels: readonly Context[] = ['http', 'server', 'location'];

const streamed = message('It has no effect here: what a server sends goes on as the client takes it.');

function noted<T>(name: string, initial: T, read: Entry<T>['read'], args: Entry['args'] = [1, 1]): Entry<T> {
  return value<T>({
    name,
    contexts: levels,
    args,
    initial,
    read(directive, reading, scope) {
      const written = read(directive, reading, scope);
      if (written !== undefined) reading.note(directive.headSpan, streamed);
      return written;
    },
  });
}

const buffers = noted(
  'proxy_buffers',
  { count: 8, size: 4096 },
  (directive, reading) => {
    const count = parseNumber(directive.args[0]?.value ?? '') ?? 0;
    const each = parseSize(directive.args[1]?.value ?? '') ?? 0;
    if (count > 0 && each > 0) return { count, size: each };
    reading.error(
      directive.args[count > 0 ? 1 : 0]?.span ?? directive.headSpan,
      message('"{directive}" directive invalid value', { directive: 'proxy_buffers' }),
      message('A count and a size are wanted, for example "8 4k".'),
    );
    return undefined;
  },
  [2, 2],
);
const busySize = noted<number | null>('proxy_busy_buffers_size', null, size);
const fileWriteSize = noted<number | null>('proxy_temp_file_write_size', null, size);
const fileSize = noted<number | null>('proxy_max_temp_file_size', null, size);

/** Reports what does not fit on this level; where it says nothing of its own the outer level has been told. */
export function checkBuffers(scope: Scope, reading: Reading): void {
  const first = [proxy.bufferSize, ...proxyBufferEntries].find((entry) => scope.has(entry));
  const directive = first === undefined ? null : scope.source(first);
  const problem = directive === null ? null : misfit(scope);
  if (directive !== null && problem !== null) reading.error(directive.headSpan, problem);
}

function misfit(scope: Scope): Message | null {
  const { count, size: each } = scope.get(buffers);
  if (count < 2) return message('there must be at least 2 "proxy_buffers"');
  const largest = Math.max(scope.get(proxy.bufferSize), each);
  const busy = scope.get(busySize) ?? 2 * largest;
  if (busy < largest) return tooSmall('proxy_busy_buffers_size');
  if (busy > (count - 1) * each) {
    return message('"proxy_busy_buffers_size" must be less than the size of all "proxy_buffers" minus one buffer');
  }
  if ((scope.get(fileWriteSize) ?? largest) < largest) return tooSmall('proxy_temp_file_write_size');
  const file = scope.get(fileSize) ?? 0;
  return file !== 0 && file < largest ? tooSmall('proxy_max_temp_file_size') : null;
}

function tooSmall(directive: string): Message {
  return message(
    '"{directive}" must be equal to or greater than the maximum of the value of "proxy_buffer_size" and one of the "proxy_buffers"',
    { directive },
  );
}

export const proxyBufferEntries: readonly Entry[] = [buffers, busySize, fileWriteSize, fileSize];
