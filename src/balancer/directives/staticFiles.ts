import { message } from '../../base/message';
import type { HttpHandler } from '../plan';
import { type Context, type Entry, value } from './entry';
import type { Scope } from './scope';

/** Files: `root`, `alias` and `index` (ngx_http_static_module, ngx_http_index_module). */

const levels: readonly Context[] = ['http', 'server', 'location'];

interface Root {
  readonly path: string;
  readonly alias: boolean;
}

export const root: Entry<Root> = value<Root>({
  name: 'root',
  contexts: levels,
  initial: { path: 'html', alias: false },
  read(directive, reading, scope) {
    const [word] = directive.args;
    if (word === undefined) return undefined;
    if (scope.has(alias)) {
      reading.error(
        directive.headSpan,
        message('"{directive}" directive is duplicate, "{other}" directive was specified earlier', {
          directive: 'root',
          other: 'alias',
        }),
      );
      return undefined;
    }
    if (word.value.includes('$') && reading.refuseNotYet('root with variables', word.span)) return undefined;
    return { path: word.value, alias: false };
  },
});

export const alias: Entry<Root | null> = value<Root | null>({
  name: 'alias',
  contexts: ['location'],
  initial: null,
  inherits: true,
  read(directive, reading, scope) {
    const [word] = directive.args;
    if (word === undefined) return undefined;
    if (scope.has(root)) {
      reading.error(
        directive.headSpan,
        message('"{directive}" directive is duplicate, "{other}" directive was specified earlier', {
          directive: 'alias',
          other: 'root',
        }),
      );
      return undefined;
    }
    if (word.value.includes('$') && reading.refuseNotYet('alias with variables', word.span)) return undefined;
    return { path: word.value, alias: true };
  },
});

export const index: Entry<readonly string[]> = {
  name: 'index',
  contexts: levels,
  args: [1, 100],
  block: false,
  inherits: true,
  initial: ['index.html'],
  join: 'append',
  read: (directive) => directive.args.map((word) => word.value),
};

/** What serves a request that nothing else does. */
export function staticFiles(scope: Scope): HttpHandler {
  const own = scope.own(alias) ?? scope.own(root) ?? null;
  const place = own ?? (scope.parent === null ? root.initial : inheritedRoot(scope.parent));
  return { kind: 'static', root: place.path, alias: place.alias, index: scope.get(index) };
}

function inheritedRoot(scope: Scope): Root {
  return scope.own(alias) ?? scope.own(root) ?? (scope.parent === null ? root.initial : inheritedRoot(scope.parent));
}

export const staticEntries: readonly Entry[] = [root, alias, index];
