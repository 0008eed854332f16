import type { Template } from '../template';
import { type Context, type Entry, value } from './entry';
import { size, template } from './kinds';

/** What servers are asked in place of what the client asked, and how much of the client's own body stays at hand. */

const levels: readonly Context[] = ['http', 'server', 'location'];

export const proxyRequest = {
  method: value<Template | null>({ name: 'proxy_method', contexts: levels, initial: null, read: template }),
  body: value<Template | null>({ name: 'proxy_set_body', contexts: levels, initial: null, read: template }),
  /** Two pages of memory. */
  bodyBufferSize: value({ name: 'client_body_buffer_size', contexts: levels, initial: 2 * 4096, read: size }),
} as const;

export const proxyRequestEntries: readonly Entry[] = Object.values(proxyRequest);
