import { type Message, message } from '../../base/message';
import { type Arity, type Context, type Entry, type Reading, value } from './entry';
import { flag, size } from './kinds';

/** Directives that a file may say, that are checked as nginx checks them, and that change nothing here: the reader is told. */

export function noted(
  name: string,
  contexts: readonly Context[],
  why: Message,
  options: { readonly args?: Arity; readonly check?: Entry['read']; readonly repeatable?: boolean } = {},
): Entry {
  return value<null>({
    name,
    contexts,
    args: options.args ?? [1, 1],
    initial: null,
    inherits: false,
    join: options.repeatable === true ? 'last' : null,
    read(directive, reading: Reading, scope) {
      if (options.check !== undefined && options.check(directive, reading, scope) === undefined) return undefined;
      reading.note(directive.headSpan, why);
      return null;
    },
  });
}

const levels: readonly Context[] = ['http', 'server', 'location'];

const oneProcess = message('It has no effect here: the balancer runs as the user who started it.');
const builtIn = message('It has no effect here: every supported module is built in.');
const noTempFiles = message('It has no effect here: bodies are streamed, never kept in files.');
const noNamedFiles = message(
  'It has no effect here: bodies are streamed; what has to be kept of one is in a nameless file of the system’s temporary ones.',
);
const inOnePiece = message('It has no effect here: what is kept of a body is in one piece when it is read.');
const socketsDecide = message('It has no effect here: the sockets of this balancer are set for low latency.');

export const noteEntries: readonly Entry[] = [
  noted('user', ['main'], oneProcess, { args: [1, 2] }),
  noted('load_module', ['main'], builtIn, { repeatable: true }),
  noted('client_body_temp_path', levels, noNamedFiles, { args: [1, 4] }),
  noted('proxy_temp_path', levels, noTempFiles, { args: [1, 4] }),
  noted('client_body_in_single_buffer', levels, inOnePiece, { check: flag }),
  noted('sendfile', levels, socketsDecide, { check: flag }),
  noted('tcp_nodelay', [...levels, 'stream', 'stream-server'], socketsDecide, { check: flag }),
  noted('tcp_nopush', levels, socketsDecide, { check: flag }),
  noted('ssl_buffer_size', ['http', 'server'], socketsDecide, { check: size }),
  noted('server_tokens', levels, message('It has no effect here: the version is never told.'), {
    check(directive, reading) {
      const [word] = directive.args;
      // A text of one's own is for nginx's commercial version; "build" is old enough for all.
      if (word?.value === 'build') return true;
      return flag(directive, reading);
    },
  }),
];
