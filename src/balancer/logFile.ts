import { openSync } from 'node:fs';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { underPrefix } from './prefix';

/** A log's descriptor, or what keeps it from being opened. It is made where it is not there. */
export function openLogFile(prefix: string, path: string): number | Problem {
  const full = underPrefix(prefix, path);
  try {
    return openSync(full, 'a');
  } catch (error) {
    return openFailed(full, error);
  }
}

/** As nginx words it, which names no line of the configuration here. */
export function openFailed(file: string, error: unknown): Problem {
  return {
    severity: 'error',
    message: message('open() "{file}" failed ({reason})', { file, reason: reason(error) }),
    span: { file: '', line: 1, column: 1, endLine: 1, endColumn: 1 },
  };
}

/** "2: No such file or directory", as nginx words it. */
export function reason(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return String(error);
  const known: Readonly<Record<string, string>> = {
    ENOENT: '2: No such file or directory',
    EACCES: '13: Permission denied',
    ENOTDIR: '20: Not a directory',
    EISDIR: '21: Is a directory',
    ENOSPC: '28: No space left on device',
    EROFS: '30: Read-only file system',
    ENAMETOOLONG: '36: File name too long',
    ESRCH: '3: No such process',
    EPERM: '1: Operation not permitted',
  };
  return known[String(error.code)] ?? error.message;
}
