import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Serve } from './run';

const marker = 'TRAFFIC_LAB_BALANCER_DAEMON';

/** Whether this process is the one in the background. */
export function isDaemonChild(): boolean {
  return process.env[marker] === '1';
}

/** Lets go of the standard error that came from the terminal, so that whoever waits for its end does not wait forever. */
export function leaveTerminal(): void {
  try {
    closeSync(2);
    // The lowest free descriptor is the one just closed.
    openSync('/dev/null', 'w');
  } catch {
    // Nothing to let go of.
  }
}

/**
 * `daemon on`, nginx's default: the same command again, in the background, in a session of its own. Returns once it
 * serves (0), or with its exit status when it cannot.
 */
export const serveInBackground: Serve = (_line, _configuration, terminal) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      cwd: terminal.cwd,
      detached: true,
      env: { ...process.env, [marker]: '1' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.once('message', () => {
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', (error) => {
      terminal.err(`nginx: [emerg] ${error.message}\n`);
      resolve(1);
    });
  });
