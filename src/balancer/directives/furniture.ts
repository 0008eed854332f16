import { message } from '../../base/message';
import type { Context, Entry } from './entry';
import { flag, number, oneOf, size, time } from './kinds';
import { noted } from './notes';

/** What files that were written for nginx often say of its processes, tables and buffers, none of which are here. */

const levels: readonly Context[] = ['http', 'server', 'location'];
const servers: readonly Context[] = ['http', 'server'];

const noSuchProcess = message('It has no effect here: the balancer is one process, set up by who started it.');
const noSuchLoop = message('It has no effect here: connections are accepted as the runtime does.');
const noSuchTable = message('It has no effect here: tables grow as they need.');
const noSuchBuffer = message('It has no effect here: memory and files are read as the runtime does.');

const processes: readonly Entry[] = [
  noted('master_process', ['main'], noSuchProcess, { check: flag }),
  noted('worker_rlimit_nofile', ['main'], noSuchProcess, { check: number }),
  noted('worker_rlimit_core', ['main'], noSuchProcess),
  noted('worker_priority', ['main'], noSuchProcess),
  noted('worker_cpu_affinity', ['main'], noSuchProcess, { args: [1, 100] }),
  noted('timer_resolution', ['main'], noSuchProcess, { check: time }),
  noted('pcre_jit', ['main'], noSuchProcess, { check: flag }),
  noted('thread_pool', ['main'], noSuchProcess, { args: [2, 3], repeatable: true }),
  noted('env', ['main'], noSuchProcess, { repeatable: true }),
  noted('lock_file', ['main'], noSuchProcess),
  noted('working_directory', ['main'], noSuchProcess),
  noted('use', ['events'], noSuchLoop),
  noted('multi_accept', ['events'], noSuchLoop, { check: flag }),
  noted('accept_mutex', ['events'], noSuchLoop, { check: flag }),
  noted('accept_mutex_delay', ['events'], noSuchLoop, { check: time }),
  noted('worker_aio_requests', ['events'], noSuchLoop, { check: number }),
];

function table(name: string, contexts: readonly Context[]): Entry[] {
  return [`${name}_max_size`, `${name}_bucket_size`].map((each) =>
    noted(each, contexts, noSuchTable, { check: number }),
  );
}

const tables: readonly Entry[] = [
  ...table('server_names_hash', ['http']),
  ...table('variables_hash', ['http', 'stream']),
  ...table('types_hash', levels),
  noted('map_hash_max_size', ['http', 'stream'], noSuchTable, { check: number }),
  noted('map_hash_bucket_size', ['http', 'stream'], noSuchTable, { check: number }),
];

const buffers: readonly Entry[] = [
  noted('connection_pool_size', servers, noSuchBuffer, { check: size }),
  noted('request_pool_size', servers, noSuchBuffer, { check: size }),
  noted('output_buffers', levels, noSuchBuffer, { args: [2, 2], check: number }),
  noted('postpone_output', levels, noSuchBuffer, { check: size }),
  noted('read_ahead', levels, noSuchBuffer, { check: size }),
  noted('sendfile_max_chunk', levels, noSuchBuffer, { check: size }),
  noted('subrequest_output_buffer_size', levels, noSuchBuffer, { check: size }),
  noted('aio', levels, noSuchBuffer),
  noted('directio', levels, noSuchBuffer),
  noted('open_file_cache', levels, noSuchBuffer, { args: [1, 2] }),
  noted('open_file_cache_errors', levels, noSuchBuffer, { check: flag }),
  noted('open_file_cache_min_uses', levels, noSuchBuffer, { check: number }),
  noted('open_file_cache_valid', levels, noSuchBuffer, { check: time }),
  noted('gzip_buffers', levels, noSuchBuffer, { args: [2, 2], check: number }),
  noted('gzip_http_version', levels, message('It has no effect here: answers are compressed from HTTP/1.1 on.'), {
    check: oneOf('1.1'),
  }),
];

export const furnitureEntries: readonly Entry[] = [...processes, ...tables, ...buffers];
