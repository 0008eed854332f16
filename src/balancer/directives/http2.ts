import { message } from '../../base/message';
import { type Context, type Entry, value } from './entry';
import { flag, number, size } from './kinds';

/** ngx_http_v2_module. */

const servers: readonly Context[] = ['http', 'server'];
const levels: readonly Context[] = ['http', 'server', 'location'];

/** SETTINGS_MAX_FRAME_SIZE may not go further (RFC 9113, section 6.5.2). */
const MOST_FRAME_BYTES = 2 ** 24 - 1;
/** Nor a window (section 6.9.1). */
const MOST_WINDOW_BYTES = 2 ** 31 - 1;

export const http2 = {
  enabled: value({ name: 'http2', contexts: servers, initial: false, read: flag }),
  maxConcurrentStreams: value({ name: 'http2_max_concurrent_streams', contexts: servers, initial: 128, read: number }),
  /** Null: the file says nothing, and a stream's window is as large from the start as it gets later. */
  bodyPrereadSize: value<number | null>({
    name: 'http2_body_preread_size',
    contexts: servers,
    initial: null,
    read(directive, reading) {
      const bytes = size(directive, reading);
      if (bytes === undefined || bytes <= MOST_WINDOW_BYTES) return bytes;
      reading.error(
        directive.headSpan,
        message('the maximum body preread size is {bytes}', { bytes: MOST_WINDOW_BYTES }),
      );
      return undefined;
    },
  }),
  chunkSize: value({
    name: 'http2_chunk_size',
    contexts: levels,
    initial: 8 * 1024,
    read(directive, reading) {
      const bytes = size(directive, reading);
      if (bytes !== 0) return bytes === undefined ? undefined : Math.min(bytes, MOST_FRAME_BYTES);
      reading.error(directive.headSpan, message('the http2_chunk_size value cannot be zero'));
      return undefined;
    },
  }),
} as const;

/** As nginx tells it; the older versions that took the value take the other directive's now. */
function obsolete(name: string, instead: string): Entry {
  return value<null>({
    name,
    contexts: servers,
    initial: null,
    inherits: false,
    join: 'last',
    read(directive, reading) {
      reading.warn(
        directive.headSpan,
        message('the "{directive}" directive is obsolete, use the "{instead}" directive instead', {
          directive: name,
          instead,
        }),
      );
      return null;
    },
  });
}

export const http2Entries: readonly Entry[] = [
  ...Object.values(http2),
  obsolete('http2_max_field_size', 'large_client_header_buffers'),
  obsolete('http2_max_header_size', 'large_client_header_buffers'),
  obsolete('http2_max_requests', 'keepalive_requests'),
  obsolete('http2_recv_timeout', 'client_header_timeout'),
  obsolete('http2_idle_timeout', 'keepalive_timeout'),
];
