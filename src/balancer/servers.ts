import { type Message, message } from '../base/message';
import { err, ok, type Result } from '../base/result';
import { compileRegex } from './directives/regex';

/** One name of `server_name`, ready to be matched (ngx_http_core_module, "Server names"). */
export type ServerName =
  | { readonly kind: 'exact'; readonly text: string; readonly name: string }
  /** `*.example.org` (or `.example.org`, which also means `example.org` itself): `suffix` begins with the dot. */
  | { readonly kind: 'leading'; readonly text: string; readonly suffix: string; readonly bare: boolean }
  /** `www.example.*`: `prefix` ends with the dot. */
  | { readonly kind: 'trailing'; readonly text: string; readonly prefix: string }
  | { readonly kind: 'regex'; readonly text: string; readonly pattern: RegExp; readonly captures: readonly string[] };

/** Reads one argument of `server_name`. */
export function compileServerName(text: string): Result<ServerName, Message> {
  const invalid = err(message('invalid server name or wildcard "{name}"', { name: text }));
  if (text.startsWith('~')) {
    if (text === '~') return err(message('empty regex in server name "{name}"', { name: text }));
    // nginx matches lower-cased names, and ignores case where the expression has capitals.
    const compiled = compileRegex(text.slice(1), /[A-Z]/.test(text));
    return compiled.ok ? ok({ kind: 'regex', text, ...compiled.value }) : compiled;
  }
  const name = text.toLowerCase();
  if (!name.includes('*') && !name.startsWith('.')) {
    return name.includes('..') ? invalid : ok({ kind: 'exact', text, name });
  }
  if (/^\.[^.*]+(\.[^.*]+)*\.?$/.test(name)) return ok({ kind: 'leading', text, suffix: name, bare: true });
  if (/^\*\.[^.*]+(\.[^.*]+)*\.?$/.test(name)) return ok({ kind: 'leading', text, suffix: name.slice(1), bare: false });
  if (/^[^.*]+(\.[^.*]+)*\.\*$/.test(name)) return ok({ kind: 'trailing', text, prefix: name.slice(0, -1) });
  return invalid;
}

export interface NamedServer {
  readonly names: readonly ServerName[];
}

/** The server that a name chose, and how: the captures of a regular expression become variables. */
export interface ServerChoice<S> {
  readonly server: S;
  readonly captures: RegExpExecArray | null;
}

/**
 * Chooses among the servers of one listening address by the name in Host (or TLS SNI), without port: an exact name,
 * then the longest `*.name`, then the longest `name.*`, then the first regular expression in the order of the file,
 * then the default server. Of two servers with the same name the first wins.
 */
export function selectServer<S extends NamedServer>(
  servers: readonly S[],
  host: string,
  defaultServer: S,
): ServerChoice<S> {
  const name = host.toLowerCase().replace(/\.$/, '');
  const plain = (server: S | null) => (server === null ? null : { server, captures: null });
  return (
    plain(best(servers, (each) => (each.kind === 'exact' && each.name === name ? 1 : 0))) ??
    plain(best(servers, (each) => (each.kind === 'leading' ? leadingLength(each, name) : 0))) ??
    plain(
      best(servers, (each) =>
        each.kind === 'trailing' && trailingMatches(each.prefix, name) ? each.prefix.length : 0,
      ),
    ) ??
    byRegex(servers, name) ?? { server: defaultServer, captures: null }
  );
}

function best<S extends NamedServer>(servers: readonly S[], score: (name: ServerName) => number): S | null {
  let found: S | null = null;
  let highest = 0;
  for (const server of servers) {
    for (const name of server.names) {
      const own = score(name);
      if (own > highest) {
        highest = own;
        found = server;
      }
    }
  }
  return found;
}

function leadingLength(pattern: Extract<ServerName, { kind: 'leading' }>, name: string): number {
  // `.example.org` matches the bare name as an exact one does, so that it wins over any wildcard.
  if (pattern.bare && name === pattern.suffix.slice(1)) return Number.MAX_SAFE_INTEGER;
  return name.length > pattern.suffix.length && name.endsWith(pattern.suffix) ? pattern.suffix.length : 0;
}

function trailingMatches(prefix: string, name: string): boolean {
  return name.length > prefix.length && name.startsWith(prefix);
}

function byRegex<S extends NamedServer>(servers: readonly S[], name: string): ServerChoice<S> | null {
  for (const server of servers) {
    for (const each of server.names) {
      if (each.kind !== 'regex') continue;
      const captures = each.pattern.exec(name);
      if (captures !== null) return { server, captures };
    }
  }
  return null;
}
