import { readFileSync } from 'node:fs';
import { reason } from '../logFile';
import type { Plan } from '../plan';
import { underPrefix } from '../prefix';
import type { SignalName } from './options';

const systemSignals = { stop: 'SIGTERM', quit: 'SIGQUIT', reopen: 'SIGUSR1', reload: 'SIGHUP' } as const;

export function pidPath(plan: Plan, prefix: string): string {
  const path = plan.main.pid ?? 'logs/nginx.pid';
  return underPrefix(prefix, path);
}

/** Sends `-s` to the process of the pid file; the problem to print, or null. */
export function sendSignal(name: SignalName, path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    return `[error] open() "${path}" failed (${reason(error)})`;
  }
  const pid = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  if (pid === null) return `[error] invalid PID number "${text}" in "${path}"`;
  try {
    process.kill(pid, systemSignals[name]);
    return null;
  } catch (error) {
    return `[alert] kill(${pid}, ${systemSignals[name]}) failed (${reason(error)})`;
  }
}
