import { closeSync, openSync } from 'node:fs';
import { message } from '../../base/message';
import type { Problem } from '../../base/problem';
import { logsOf } from '../phases/accessLog';
import type { Plan } from '../plan';
import { underPrefix } from '../prefix';
import { reason } from './errorLog';

/**
 * Opens what nginx opens before it serves, and at `-t` and a reload as well: every log of the configuration, and `others`
 * (paths). Files that are not there are made, as nginx makes them. The first that cannot be opened; null: all can.
 */
export function unopenable(plan: Plan, prefix: string, others: readonly string[] = []): Problem | null {
  const logs = [
    ...plan.main.errorLogs.map(({ path }) => path).filter((path) => path !== 'stderr'),
    ...logsOf(plan)
      .filter(({ varying }) => varying === null)
      .map(({ path }) => path),
    ...others,
  ];
  for (const path of logs) {
    const full = underPrefix(prefix, path);
    try {
      closeSync(openSync(full, 'a'));
    } catch (error) {
      return openFailed(full, error);
    }
  }
  return null;
}

/** As nginx words it, which names no line of the configuration here. */
export function openFailed(file: string, error: unknown): Problem {
  return {
    severity: 'error',
    message: message('open() "{file}" failed ({reason})', { file, reason: reason(error) }),
    span: { file: '', line: 1, column: 1, endLine: 1, endColumn: 1 },
  };
}
