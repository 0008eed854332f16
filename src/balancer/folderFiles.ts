import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { machineFiles } from './cli/files';
import type { ConfFiles } from './directives/read';

/**
 * The files of one folder and those below it, for configurations that nobody has vouched for: an `include` or a
 * certificate from anywhere else, by way of links too, is as if it was not there. Give it to readPlan() or buildPlan()
 * with the folder that the configuration stands in.
 */
export function filesBelow(folder: string): ConfFiles {
  const root = realPath(resolve(folder));
  const isBelow = (path: string) => {
    const real = realPath(path);
    if (root === null || real === null) return false;
    return real.startsWith(root.endsWith(sep) ? root : root + sep);
  };
  return {
    read: (path) => (isBelow(path) ? machineFiles.read(path) : null),
    match: (pattern) => (/[*?[]/.test(pattern) ? machineFiles.match(pattern).filter(isBelow) : [pattern]),
  };
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
