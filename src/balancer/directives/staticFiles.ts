import { message } from '../../base/message';
import type { Directive, Word } from '../../conf/ast';
import type { HttpHandler } from '../plan';
import { literalTemplate, type Template } from '../template';
import { type Context, type Entry, type Reading, value } from './entry';
import type { Scope } from './scope';

/** Files: `root`, `alias` and `index` (ngx_http_static_module, ngx_http_index_module). */

const levels: readonly Context[] = ['http', 'server', 'location'];

interface Root {
  readonly path: Template;
  readonly alias: boolean;
}

export const root: Entry<Root> = value<Root>({
  name: 'root',
  contexts: levels,
  initial: { path: literalTemplate('html'), alias: false },
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
    return readRoot(directive, word, false, reading, scope);
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
    return readRoot(directive, word, true, reading, scope);
  },
});

function readRoot(
  directive: Directive,
  word: Word,
  isAlias: boolean,
  reading: Reading,
  scope: Scope,
): Root | undefined {
  const own = /\$(?:document_root|\{document_root\}|realpath_root|\{realpath_root\})/.exec(word.value);
  if (own !== null) {
    reading.error(
      word.span,
      message('the {variable} variable cannot be used in the "{directive}" directive', {
        variable: own[0].replace(/[{}]/g, ''),
        directive: directive.name.value,
      }),
    );
    return undefined;
  }
  return { path: reading.template(word, scope), alias: isAlias };
}

export const index: Entry<readonly string[]> = {
  name: 'index',
  contexts: levels,
  args: [1, 100],
  block: false,
  inherits: true,
  initial: ['index.html'],
  join: 'append',
  read(directive, reading) {
    const varying = directive.args.find((word) => word.value.includes('$'));
    if (varying !== undefined && reading.refuseNotYet('index with variables', varying.span)) return undefined;
    return directive.args.map((word) => word.value);
  },
};

/** What serves a request that nothing else does. */
export function staticFiles(scope: Scope): HttpHandler {
  const place = rootOf(scope);
  return { kind: 'static', root: place.path, alias: place.alias, index: scope.get(index) };
}

/** The root that holds in a scope, whatever serves it. */
export function rootOf(scope: Scope): Root {
  return scope.own(alias) ?? scope.own(root) ?? (scope.parent === null ? root.initial : rootOf(scope.parent));
}

export const staticEntries: readonly Entry[] = [root, alias, index];
