import { closeSync, writeSync } from 'node:fs';
import type { Clock } from '../../base/clock';
import { renderMessage } from '../../base/message';
import { openLogFile, reason } from '../logFile';
import type { ErrorLogPlan, LogLevel } from '../plan';

const levels: readonly LogLevel[] = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'];

/**
 * Writes lines in nginx's form: `2026/01/31 12:00:00 [error] 123#123: text`. A log that cannot be opened or written
 * (a full disk) never stops the balancer: the reader is told once on standard error.
 */
export class ErrorLog {
  /** Of lines that say no other. */
  #usual: readonly ErrorLogPlan[] = [];
  #all: readonly ErrorLogPlan[] = [];
  /** By path. */
  readonly #open = new Map<string, number>();
  #toldOfFailure = false;

  constructor(
    private readonly clock: Clock,
    private readonly prefix: string,
    private readonly pid: number,
  ) {}

  /** Turns to other files; those that are open already are opened anew, so that rotated ones are let go. */
  use(usual: readonly ErrorLogPlan[], others: readonly ErrorLogPlan[] = []): void {
    this.#usual = usual;
    this.#all = [...usual, ...others];
    this.#openAll(new Set(this.#all.map(({ path }) => path)));
  }

  reopen(): void {
    this.#openAll(new Set(this.#open.keys()));
  }

  /** Whether any file takes lines of this level. */
  takes(level: LogLevel): boolean {
    const rank = levels.indexOf(level);
    return this.#all.some((log) => rank <= levels.indexOf(log.level));
  }

  write(level: LogLevel, text: string, to: readonly ErrorLogPlan[] | null = null): void {
    const line = `${timestamp(new Date(this.clock.wallNow()))} [${level}] ${this.pid}#${this.pid}: ${text}\n`;
    const rank = levels.indexOf(level);
    for (const log of to ?? this.#usual) {
      const descriptor = this.#open.get(log.path);
      if (descriptor === undefined || rank > levels.indexOf(log.level)) continue;
      try {
        writeSync(descriptor, line);
      } catch (error) {
        this.#failed(`write() to "${log.path}" failed (${reason(error)})`);
      }
    }
  }

  close(): void {
    for (const descriptor of this.#open.values()) if (descriptor > 2) closeSync(descriptor);
    this.#open.clear();
  }

  #openAll(paths: ReadonlySet<string>): void {
    this.close();
    this.#toldOfFailure = false;
    for (const path of paths) {
      const opened = path === 'stderr' ? 2 : openLogFile(this.prefix, path);
      if (typeof opened === 'number') this.#open.set(path, opened);
      else this.#failed(`could not open error log file: ${renderMessage(opened.message)}`);
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

function timestamp(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
