import { rmSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../base/clock';
import { freshSeed, seededRandom } from '../../base/random';
import { type Balancer, startBalancer } from '../balancer';
import type { Plan } from '../plan';
import type { Configuration } from './configuration';
import { loadConfiguration } from './configuration';
import { isDaemonChild, leaveTerminal } from './daemon';
import { ErrorLog, type LogTarget, reason } from './errorLog';
import type { CommandLine } from './options';
import { problemLevel, problemLines, problemText } from './report';
import type { Terminal } from './run';
import { pidPath } from './signal';
import { version } from './version';

/** Set to 1 by test suites whose clients and servers end lines with a bare LF. Never for anything else. */
const bareLf = 'TRAFFIC_LAB_TEST_BARE_LF';

/** Serves until QUIT (drain first), TERM or INT; HUP reloads, USR1 opens the logs anew. */
export async function serve(line: CommandLine, first: Configuration, terminal: Terminal): Promise<number> {
  const clock = systemClock();
  const log = new ErrorLog(clock, line.prefix, process.pid);
  log.use(logTargets(first.plan, line));
  // Signals are caught before anything listens, so that none sent meanwhile is lost.
  const inbox = new SignalInbox();
  try {
    const started = await startBalancer({
      plan: first.plan,
      conf: first.conf,
      clock,
      random: seededRandom(freshSeed()),
      ports: 'declared',
      addresses: {},
      listeners: null,
      log: (level, text) => log.write(level, text),
      onReport: () => undefined,
      prefix: line.prefix,
      tolerateBareLf: process.env[bareLf] === '1',
    });
    if (!started.ok) {
      for (const problem of started.error) {
        terminal.err(problemLines(problem));
        log.write(problemLevel(problem), problemText(problem));
      }
      return 1;
    }
    const balancer = started.value;
    const pid = pidPath(first.plan, line.prefix);
    try {
      writeFileSync(pid, `${process.pid}\n`);
    } catch (error) {
      const text = `open() "${pid}" failed (${reason(error)})`;
      terminal.err(`nginx: [emerg] ${text}\n`);
      log.write('emerg', text);
      await balancer.close();
      return 1;
    }
    log.write('notice', version);
    log.write('notice', `start worker process ${process.pid}`);
    process.send?.({ type: 'ready' });
    if (isDaemonChild()) leaveTerminal();
    await obey(inbox, balancer, line, log);
    rmSync(pid, { force: true });
    log.write('notice', 'exit');
    return 0;
  } finally {
    inbox.dispose();
    log.close();
  }
}

async function obey(inbox: SignalInbox, balancer: Balancer, line: CommandLine, log: ErrorLog): Promise<void> {
  for (;;) {
    const signal = await inbox.next();
    log.write('notice', `signal (${signal}) received`);
    if (signal === 'SIGHUP') await reload(balancer, line, log);
    else if (signal === 'SIGUSR1') {
      log.write('notice', 'reopening logs');
      log.reopen();
      balancer.reopenLogs();
    } else if (signal === 'SIGQUIT') {
      log.write('notice', 'gracefully shutting down');
      // A second signal does not wait for the connections that are left.
      await Promise.race([balancer.drain(), inbox.next()]);
      await balancer.close();
      return;
    } else {
      log.write('notice', 'exiting');
      await balancer.close();
      return;
    }
  }
}

async function reload(balancer: Balancer, line: CommandLine, log: ErrorLog): Promise<void> {
  log.write('notice', 'reconfiguring');
  const loaded = loadConfiguration(line);
  const result = loaded.ok ? await balancer.reload(loaded.value.plan, loaded.value.conf, {}) : loaded;
  if (!result.ok) {
    for (const problem of result.error) log.write(problemLevel(problem), problemText(problem));
    return;
  }
  if (loaded.ok) log.use(logTargets(loaded.value.plan, line));
  log.write('notice', 'reconfigured');
}

/** Where to log: the file's own logs, else that of -e, else logs/error.log. */
function logTargets(plan: Plan, line: CommandLine): readonly LogTarget[] {
  if (plan.main.errorLogs.length > 0) return plan.main.errorLogs;
  return [{ path: line.errorLog ?? 'logs/error.log', level: 'error' }];
}

/** Signals in the order of their arrival, waited for one at a time. */
class SignalInbox {
  static readonly #names = ['SIGHUP', 'SIGQUIT', 'SIGTERM', 'SIGINT', 'SIGUSR1'] as const;
  readonly #arrived: string[] = [];
  #wake: (() => void) | null = null;

  constructor() {
    for (const name of SignalInbox.#names) process.on(name, this.#receive);
  }

  async next(): Promise<string> {
    for (;;) {
      const signal = this.#arrived.shift();
      if (signal !== undefined) return signal;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  dispose(): void {
    for (const name of SignalInbox.#names) process.off(name, this.#receive);
  }

  readonly #receive = (name: string): void => {
    this.#arrived.push(name);
    this.#wake?.();
  };
}
