import { readdirSync, readFileSync } from 'node:fs';
import { join, parse, sep } from 'node:path';
import type { ConfFiles } from '../directives/read';

/** The machine's files, for `include` and certificates. */
export const machineFiles: ConfFiles = {
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // Missing, a folder, or not ours to read: to whoever named it, all the same.
      return null;
    }
  },
  match(pattern) {
    if (!/[*?[]/.test(pattern)) return [pattern];
    const { root } = parse(pattern);
    const parts = pattern.slice(root.length).split(/[\\/]/);
    let found = [root];
    for (const part of parts) {
      found = found
        .flatMap((folder) => (/[*?[]/.test(part) ? inFolder(folder, part) : [folder + part]))
        .map((path) => path + sep);
    }
    return found.map((path) => path.slice(0, -sep.length)).sort();
  },
};

/** The entries of a folder whose names match; hidden ones only where the pattern begins with a dot, as glob(3) does. */
function inFolder(folder: string, pattern: string): string[] {
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')
      .replace(/\[!/g, '[^')}$`,
  );
  try {
    return readdirSync(folder)
      .filter((name) => expression.test(name) && (pattern.startsWith('.') || !name.startsWith('.')))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
