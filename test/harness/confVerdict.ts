import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPlan } from '../../src/balancer/buildPlan';
import { machineFiles } from '../../src/balancer/cli/files';
import { renderMessage } from '../../src/base/message';
import { nginxBinary } from './nginx';

/* What `nginx -t` and the balancer say of the same file. */

const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

export interface Verdict {
  readonly good: boolean;
  readonly text: string;
  /** Lines that the first error may be said to be on. */
  readonly lines: readonly number[];
}

/** Debian's nginx has `stream` in a module of its own; others have it built in. Same line, so that no number changes. */
export function withModules(text: string): string {
  return /\bstream\b/.test(text) && existsSync(streamModule) ? `load_module ${streamModule}; ${text}` : text;
}

/** A folder for the files that are judged, and the two judges. */
export class ConfJudges {
  readonly folder = mkdtempSync(join(tmpdir(), 'conf-differential-'));
  readonly #path = join(this.folder, 'nginx.conf');

  constructor() {
    mkdirSync(join(this.folder, 'logs'));
  }

  nginx(text: string): Verdict {
    writeFileSync(this.#path, text);
    const args = ['-t', '-p', this.folder, '-c', this.#path, '-e', 'stderr'];
    const { status, stderr } = spawnSync(nginxBinary ?? 'nginx', args, { encoding: 'utf8' });
    const error = stderr.split('\n').find((line) => line.includes('[emerg]')) ?? '';
    const line = /:(\d+)$/.exec(error)?.[1];
    return { good: status === 0, text: stderr, lines: line === undefined ? [] : [Number(line)] };
  }

  balancer(text: string): Verdict {
    const plan = readPlan({ path: this.#path, text }, { files: machineFiles, notYet: new Set() });
    if (plan.ok) return { good: true, text: '', lines: [] };
    const first = plan.error.find((problem) => problem.severity === 'error');
    // nginx names the line of a directive's `;`, this balancer the line that is wrong: both are in the span.
    const lines = first === undefined ? [] : [first.span.line, first.span.endLine];
    return {
      good: false,
      text: plan.error.map((p) => `${p.span.line}: ${renderMessage(p.message)}`).join('\n'),
      lines,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
