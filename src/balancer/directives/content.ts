import { message } from '../../base/message';
import type { Gzip } from '../plan';
import { type Context, type Entry, value } from './entry';
import { flag, parseNumber, size } from './kinds';
import type { Scope } from './scope';

/** What a body is and how it travels: `types`, `gzip`. */

const levels: readonly Context[] = ['http', 'server', 'location'];

export interface FileType {
  readonly extension: string;
  readonly type: string;
}

/** nginx's own table where no `types` block stands. */
const usualTypes: readonly FileType[] = [
  { extension: 'html', type: 'text/html' },
  { extension: 'gif', type: 'image/gif' },
  { extension: 'jpg', type: 'image/jpeg' },
];

export const types: Entry<readonly FileType[]> = {
  name: 'types',
  contexts: levels,
  args: [0, 0],
  block: true,
  inherits: true,
  initial: usualTypes,
  join: 'append',
  read(directive, reading) {
    const found: FileType[] = [];
    for (const row of reading.contentOf(directive)) {
      if (row.block !== null) {
        reading.error(
          row.headSpan,
          message('directive "{directive}" is not terminated by ";"', { directive: row.name.value }),
        );
        continue;
      }
      for (const word of row.args) {
        const extension = word.value.toLowerCase();
        const before = found.find((type) => type.extension === extension);
        if (before !== undefined) {
          reading.warn(
            word.span,
            message('duplicate extension "{extension}", content type: "{type}", previous content type: "{before}"', {
              extension,
              type: row.name.value,
              before: before.type,
            }),
          );
        }
        found.push({ extension, type: row.name.value });
      }
    }
    return found;
  },
};

const gzipEntries = {
  on: value({ name: 'gzip', contexts: levels, initial: false, read: flag }),
  vary: value({ name: 'gzip_vary', contexts: levels, initial: false, read: flag }),
  minLength: value({ name: 'gzip_min_length', contexts: levels, initial: 20, read: size }),
  level: value<number>({
    name: 'gzip_comp_level',
    contexts: levels,
    initial: 1,
    read(directive, reading) {
      const [word] = directive.args;
      const level = word === undefined ? null : parseNumber(word.value);
      if (level !== null && level >= 1 && level <= 9) return level;
      reading.error(
        directive.headSpan,
        level === null
          ? message('"{directive}" directive invalid number', { directive: 'gzip_comp_level' })
          : message('"{directive}" directive value must be between {least} and {most}', {
              directive: 'gzip_comp_level',
              least: 1,
              most: 9,
            }),
      );
      return undefined;
    },
  }),
  types: value<readonly string[]>({
    name: 'gzip_types',
    contexts: levels,
    args: [1, 1000],
    initial: [],
    join: 'append',
    read: (directive) => directive.args.map((word) => word.value.toLowerCase()),
  }),
} as const;

/** What is compressed for clients; text/html always is where anything is. */
export function gzipOf(scope: Scope): Gzip | null {
  if (!scope.get(gzipEntries.on)) return null;
  return {
    types: new Set(['text/html', ...scope.get(gzipEntries.types)]),
    minLength: scope.get(gzipEntries.minLength),
    level: scope.get(gzipEntries.level),
    vary: scope.get(gzipEntries.vary),
  };
}

export const contentEntries: readonly Entry[] = [types, ...Object.values(gzipEntries)];
