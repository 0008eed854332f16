import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { renderMessage } from '../../base/message';
import type { Problem } from '../../base/problem';
import { byteText, readableText } from '../byteText';
import { openLogFile, reason } from '../logFile';
import { logsOf } from '../logsOf';
import type { AccessLog, Plan, VaryingPath } from '../plan';
import type { Engine } from '../proxies/engine';
import type { VariableSource } from '../template';
import { pathFor } from './fileRoot';

/** ngx_http_log_module and ngx_stream_log_module: a line for each request or connection of a client, when it is over. */

/** What a line is about. */
export interface Logged extends VariableSource {
  /** Whether a variable with an empty value has one all the same. */
  isDefined(name: string): boolean;
  logError(level: 'error', text: string): void;
}

interface LogFile {
  descriptor: number | null;
  /** Lines of this turn of the event loop: written together. */
  lines: string;
}

/** The access logs of one configuration. Files are opened before it serves, as nginx does, so that bad paths are told. */
export class AccessLogs {
  readonly #files = new Map<string, LogFile>();
  /** Of this turn of the event loop, by a path that the request gave: opened for each turn anew, as nginx does. */
  readonly #varying = new Map<string, string>();
  #scheduled = false;
  #toldOfFailure = false;

  constructor(
    readonly plan: Plan,
    readonly engine: Engine,
  ) {}

  /** The first log that cannot be opened; null: all are open. */
  open(): Problem | null {
    for (const log of logsOf(this.plan)) {
      if (log.varying !== null || this.#files.has(log.path)) continue;
      const opened = openLogFile(this.engine.prefix, log.path);
      if (typeof opened !== 'number') {
        this.close();
        return opened;
      }
      this.#files.set(log.path, { descriptor: opened, lines: '' });
    }
    return null;
  }

  write(subject: Logged, logs: readonly AccessLog[]): void {
    for (const log of logs) {
      const wanted = log.condition?.evaluate(subject);
      if (wanted === '' || wanted === '0') continue;
      const escaped = ESCAPES[log.escape];
      const values = { variable: (name: string) => escaped(subject.variable(name), name, subject) };
      const line = () => `${log.template.evaluate(values)}\n`;
      if (log.varying === null) {
        const file = this.#files.get(log.path);
        if (file !== undefined) file.lines += line();
      } else {
        const path = this.#pathFor(subject, log.varying);
        if (path !== null) this.#varying.set(path, (this.#varying.get(path) ?? '') + line());
      }
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.engine.clock.setTimeout(() => this.flush(), 0);
  }

  flush(): void {
    this.#scheduled = false;
    for (const [path, file] of this.#files) {
      const { lines } = file;
      file.lines = '';
      if (lines === '' || file.descriptor === null) continue;
      try {
        writeSync(file.descriptor, lines, null, 'latin1');
      } catch (error) {
        this.#failed(`write() to "${path}" failed (${reason(error)})`);
      }
    }
    for (const [path, lines] of this.#varying) this.#appendOnce(path, lines);
    this.#varying.clear();
  }

  /** Null: not to be written, since the root is no directory (ngx_http_log_script_write). */
  #pathFor(subject: Logged, { path, root }: VaryingPath): string | null {
    const { prefix } = this.engine;
    const folder = root === null ? null : pathFor(root, subject, prefix);
    if (folder !== null && statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
      subject.logError('error', `testing "${folder}" existence failed`);
      return null;
    }
    const file = pathFor(path, subject, prefix);
    return file.includes('\0') ? null : file;
  }

  #appendOnce(path: string, lines: string): void {
    try {
      const descriptor = openSync(path, 'a');
      try {
        writeSync(descriptor, lines, null, 'latin1');
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      this.engine.log('crit', `open() "${path}" failed (${reason(error)}) while logging request`);
    }
  }

  /** Opens all files anew, so that those that were moved away are let go. */
  reopen(): void {
    this.flush();
    for (const [path, file] of this.#files) {
      const opened = openLogFile(this.engine.prefix, path);
      if (typeof opened !== 'number') {
        this.engine.log('emerg', renderMessage(opened.message));
        continue;
      }
      if (file.descriptor !== null) closeSync(file.descriptor);
      file.descriptor = opened;
    }
  }

  close(): void {
    this.flush();
    for (const file of this.#files.values()) if (file.descriptor !== null) closeSync(file.descriptor);
    this.#files.clear();
  }

  /** A full disk stops no request. */
  #failed(text: string): void {
    if (!this.#toldOfFailure) this.engine.log('alert', text);
    this.#toldOfFailure = true;
  }
}

/** Variables that always have a value, if an empty one. */
const NEVER_MISSING: ReadonlySet<string> = new Set(['is_args', 'https', 'server_name', 'http2', 'host']);

type Escape = (value: string, name: string, subject: Logged) => string;

const ESCAPES: Readonly<Record<AccessLog['escape'], Escape>> = {
  none: (value) => value,
  json: (value) => byteText(JSON.stringify(readableText(value)).slice(1, -1)),
  default(value, name, subject) {
    // "-" stands for "no such thing", as opposed to an empty one.
    if (value === '') return NEVER_MISSING.has(name) || subject.isDefined(name) ? '' : '-';
    return value.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, (ch) => {
      const code = ch.charCodeAt(0);
      return `\\x${(code & 0xff).toString(16).toUpperCase().padStart(2, '0')}`;
    });
  },
};
