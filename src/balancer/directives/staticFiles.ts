import { message } from '../../base/message';
import type { Directive, Word } from '../../conf/ast';
import type { Conditions, FileRoot, HttpHandler, TryFiles } from '../plan';
import { literalTemplate, type Template } from '../template';
import { type Context, type Entry, type Reading, value } from './entry';
import { flag, number, oneOf, parseNumber } from './kinds';
import type { Scope } from './scope';

/** Files: `root`, `alias` and `index` (ngx_http_static_module, ngx_http_index_module). */

const levels: readonly Context[] = ['http', 'server', 'location'];

export const root: Entry<FileRoot> = value<FileRoot>({
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

export const alias: Entry<FileRoot | null> = value<FileRoot | null>({
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
): FileRoot | undefined {
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

const usualIndex = [literalTemplate('index.html')];

export const index: Entry<readonly Template[]> = {
  name: 'index',
  contexts: levels,
  args: [1, 100],
  block: false,
  inherits: true,
  initial: usualIndex,
  join: 'append',
  read(directive, reading, scope) {
    return directive.args.map((word, i) => {
      if (word.value === '') {
        reading.error(
          word.span,
          message('index "{name}" in "{directive}" directive is invalid', { name: '', directive: 'index' }),
        );
      } else if (word.value.startsWith('/') && i < directive.args.length - 1) {
        reading.warn(
          word.span,
          message('only the last index in "{directive}" directive should be absolute', { directive: 'index' }),
        );
      }
      return reading.template(word, scope);
    });
  },
};

/** What serves a request that nothing else does. */
export function staticFiles(scope: Scope): HttpHandler {
  const place = rootOf(scope);
  return { kind: 'static', root: place.path, alias: place.alias, index: scope.get(index) };
}

/** The root that holds in a scope, whatever serves it. */
export function rootOf(scope: Scope): FileRoot {
  return scope.own(alias) ?? scope.own(root) ?? (scope.parent === null ? root.initial : rootOf(scope.parent));
}

const conditions = {
  etag: value({ name: 'etag', contexts: levels, initial: true, read: flag }),
  ifModifiedSince: value<Conditions['modifiedSince']>({
    name: 'if_modified_since',
    contexts: levels,
    initial: 'exact',
    read: oneOf('off', 'exact', 'before'),
  }),
  maxRanges: value({ name: 'max_ranges', contexts: levels, initial: Number.POSITIVE_INFINITY, read: number }),
} as const;

export const tryFiles = value<TryFiles | null>({
  name: 'try_files',
  contexts: ['server', 'location'],
  args: [2, 100],
  initial: null,
  inherits: false,
  read(directive, reading, scope) {
    const words = [...directive.args];
    const last = words.pop();
    if (last === undefined) return undefined;
    // The "/" only says what is looked for (ngx_http_try_files).
    const files = words.map((word) => ({
      path: reading.templatePart(word, 0, word.value.replace(/\/$/, ''), scope),
      isDirectory: word.value.endsWith('/'),
    }));
    if (!last.value.startsWith('=')) return { files, otherwise: reading.template(last, scope) };
    const status = parseNumber(last.value.slice(1));
    if (status !== null && status <= 999) return { files, otherwise: status };
    reading.error(last.span, message('invalid code "{code}"', { code: last.value.slice(1) }));
    return undefined;
  },
});

/** What a client may ask of a file that it has, or has a part of. */
export function conditionsOf(scope: Scope): Conditions {
  return {
    etag: scope.get(conditions.etag),
    modifiedSince: scope.get(conditions.ifModifiedSince),
    maxRanges: scope.get(conditions.maxRanges),
  };
}

export const staticEntries: readonly Entry[] = [root, alias, index, tryFiles, ...Object.values(conditions)];
