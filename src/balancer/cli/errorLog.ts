import { closeSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '../../base/clock';
import type { LogLevel } from '../plan';
import { underPrefix } from '../prefix';

const levels: readonly LogLevel[] = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'];

export interface LogTarget {
  readonly path: string;
  readonly level: LogLevel;
}

interface OpenLog extends LogTarget {
  descriptor: number;
}

/**
 * Writes lines in nginx's form: `2026/01/31 12:00:00 [error] 123#123: text`. A log that cannot be opened or written
 * (a full disk) never stops the balancer: the reader is told once on standard error.
 */
export class ErrorLog {
  #open: OpenLog[] = [];
  #toldOfFailure = false;

  constructor(
    private readonly clock: Clock,
    private readonly prefix: string,
    private readonly pid: number,
  ) {}

  /** Turns to other files; those that are open already are opened anew, so that rotated ones are let go. */
  use(targets: readonly LogTarget[]): void {
    this.close();
    this.#toldOfFailure = false;
    for (const target of targets) {
      const descriptor = this.#descriptor(target.path);
      if (descriptor !== null) this.#open.push({ ...target, descriptor });
    }
  }

  reopen(): void {
    this.use(this.#open.map(({ path, level }) => ({ path, level })));
  }

  write(level: LogLevel, text: string): void {
    const line = `${timestamp(new Date(this.clock.wallNow()))} [${level}] ${this.pid}#${this.pid}: ${text}\n`;
    const rank = levels.indexOf(level);
    for (const log of this.#open) {
      if (rank > levels.indexOf(log.level)) continue;
      try {
        writeSync(log.descriptor, line);
      } catch (error) {
        this.#failed(`write() to "${log.path}" failed (${reason(error)})`);
      }
    }
  }

  close(): void {
    for (const { descriptor } of this.#open.splice(0)) if (descriptor > 2) closeSync(descriptor);
  }

  #descriptor(path: string): number | null {
    if (path === 'stderr') return 2;
    const full = underPrefix(this.prefix, path);
    try {
      return openSync(full, 'a');
    } catch (error) {
      this.#failed(`could not open error log file: open() "${full}" failed (${reason(error)})`);
      return null;
    }
  }

  #failed(text: string): void {
    if (this.#toldOfFailure) return;
    this.#toldOfFailure = true;
    try {
      writeSync(2, `nginx: [alert] ${text}\n`);
    } catch {
      // Standard error is gone too: there is nobody left to tell.
    }
  }
}

/** "2: No such file or directory", as nginx words it. */
export function reason(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return String(error);
  const known: Readonly<Record<string, string>> = {
    ENOENT: '2: No such file or directory',
    EACCES: '13: Permission denied',
    EISDIR: '21: Is a directory',
    ENOSPC: '28: No space left on device',
    EROFS: '30: Read-only file system',
    ESRCH: '3: No such process',
    EPERM: '1: Operation not permitted',
  };
  return known[String(error.code)] ?? error.message;
}

function timestamp(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
