import { message } from '../../base/message';
import type { ListenPlan } from '../plan';
import type { Reading } from './entry';

interface Listening {
  readonly listens: readonly ListenPlan[];
  readonly names?: readonly { readonly text: string }[];
}

/** What servers on one address may not do together (ngx_http_add_listen, ngx_stream_core_listen). */
export function checkListens(servers: readonly Listening[], context: 'http' | 'stream', reading: Reading): void {
  const defaults = new Map<string, ListenPlan>();
  const names = new Map<string, Set<string>>();
  const taken = new Map<string, ListenPlan>();
  for (const server of servers) {
    const own = new Set<string>();
    for (const listen of server.listens) {
      const address = addressOf(listen);
      if (own.has(address) || (context === 'stream' && taken.has(address))) {
        reading.error(
          listen.span,
          context === 'http'
            ? message('a duplicate listen {address}', { address })
            : message('duplicate "{address}" address and port pair', { address }),
        );
        continue;
      }
      own.add(address);
      taken.set(address, listen);
      if (listen.defaultServer) {
        const first = defaults.get(address);
        if (first !== undefined) {
          reading.error(
            listen.span,
            message('a duplicate default server for {address}', { address }),
            message('The first one is on line {line}.', { line: first.span.line }),
          );
        }
        defaults.set(address, first ?? listen);
      }
      const seen = names.get(address) ?? new Set<string>();
      names.set(address, seen);
      for (const name of server.names ?? []) {
        const text = name.text.toLowerCase();
        if (seen.has(text)) {
          reading.warn(
            listen.span,
            message('conflicting server name "{name}" on {address}, ignored', { name: name.text, address }),
          );
        }
        seen.add(text);
      }
    }
  }
}

/** As nginx tells addresses apart: all addresses of a port are another one than 127.0.0.1 of that port. */
function addressOf(listen: ListenPlan): string {
  if (!listen.wildcard) return listen.declared;
  return listen.host.includes(':') ? `[::]:${listen.port}` : `0.0.0.0:${listen.port}`;
}
