import { isAbsolute, join } from 'node:path';

/** A path of the configuration or the command line as the system takes it: one that is not absolute stands below `prefix`. */
export function underPrefix(prefix: string, path: string): string {
  return isAbsolute(path) ? path : join(prefix, path);
}
