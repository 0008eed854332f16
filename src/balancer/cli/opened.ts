import { closeSync } from 'node:fs';
import type { Problem } from '../../base/problem';
import { openLogFile } from '../logFile';
import { errorLogsOf, logsOf } from '../logsOf';
import type { Plan } from '../plan';

/** The first of these files that cannot be opened to append to; null: all can, and are there now. */
export function unopenable(prefix: string, paths: readonly string[]): Problem | null {
  for (const path of paths) {
    const opened = openLogFile(prefix, path);
    if (typeof opened !== 'number') return opened;
    closeSync(opened);
  }
  return null;
}

/** Where errors are logged to, the outermost level's logs first. */
export function errorLogPaths(plan: Plan): readonly string[] {
  return [...plan.main.errorLogs, ...errorLogsOf(plan)].map(({ path }) => path).filter((path) => path !== 'stderr');
}

/** Access logs whose names no request decides. */
export function accessLogPaths(plan: Plan): readonly string[] {
  return logsOf(plan)
    .filter(({ varying }) => varying === null)
    .map(({ path }) => path);
}
