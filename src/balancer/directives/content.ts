import { message } from '../../base/message';
import { type Context, type Entry, value } from './entry';
import { flag } from './kinds';

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

export const gzip = value({ name: 'gzip', contexts: levels, initial: false, read: flag });

export const contentEntries: readonly Entry[] = [types, gzip];
