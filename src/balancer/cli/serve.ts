import { rmSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../base/clock';
import type { Problem } from '../../base/problem';
import { freshSeed, seededRandom } from '../../base/random';
import { type Balancer, startBalancer } from '../balancer';
import { openFailed } from '../logFile';
import { errorLogsOf } from '../logsOf';
import type { ErrorLogPlan, Plan } from '../plan';
import type { Configuration } from './configuration';
import { loadConfiguration } from './configuration';
import { isDaemonChild, leaveTerminal } from './daemon';
import { ErrorLog } from './errorLog';
import { errorLogPaths, unopenable } from './opened';
import type { CommandLine } from './options';
import { problemLevel, problemLines, problemText } from './report';
import type { Terminal } from './run';
import { pidPath } from './signal';
import { program } from './version';

/**
 * Set to 1 by test suites whose clients and servers end lines with a bare LF and pad HPACK's Huffman code by a whole byte.
 * Never for anything else.
 */
const bareLf = 'TRAFFIC_LAB_TEST_BARE_LF';

/** Serves until QUIT (drain first), TERM or INT; HUP reloads, USR1 opens the logs anew. */
export async function serve(line: CommandLine, first: Configuration, terminal: Terminal): Promise<number> {
  const clock = systemClock();
  const log = new ErrorLog(clock, line.prefix, process.pid);
  const unopened = unopenable(line.prefix, errorLogPaths(first.plan));
  if (unopened !== null) {
    terminal.err(problemLines(unopened));
    return 1;
  }
  log.use(logTargets(first.plan, line), errorLogsOf(first.plan));
  logWarnings(first.plan, log);
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
      log: (level, text, to) => log.write(level, text, to),
      logsInfo: () => log.takes('info'),
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
    const pidFile = new PidFile(line.prefix);
    const unwritten = pidFile.write(first.plan);
    if (unwritten !== null) {
      terminal.err(problemLines(unwritten));
      log.write('emerg', problemText(unwritten));
      await balancer.close();
      return 1;
    }
    log.write('notice', program);
    log.write('notice', `start worker process ${process.pid}`);
    process.send?.({ type: 'ready' });
    if (isDaemonChild()) leaveTerminal();
    await obey(inbox, balancer, line, log, pidFile);
    pidFile.remove();
    log.write('notice', 'exit');
    return 0;
  } finally {
    inbox.dispose();
    log.close();
  }
}

async function obey(
  inbox: SignalInbox,
  balancer: Balancer,
  line: CommandLine,
  log: ErrorLog,
  pidFile: PidFile,
): Promise<void> {
  for (;;) {
    const signal = await inbox.next();
    log.write('notice', `signal (${signal}) received`);
    if (signal === 'SIGHUP') await reload(balancer, line, log, pidFile);
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

async function reload(balancer: Balancer, line: CommandLine, log: ErrorLog, pidFile: PidFile): Promise<void> {
  log.write('notice', 'reconfiguring');
  const refuse = (problems: readonly Problem[]): void => {
    for (const problem of problems) log.write(problemLevel(problem), problemText(problem));
  };
  const loaded = loadConfiguration(line);
  if (!loaded.ok) return refuse(loaded.error);
  const { plan, conf } = loaded.value;
  logWarnings(plan, log);
  const unopened = unopenable(line.prefix, errorLogPaths(plan)) ?? pidFile.write(plan);
  if (unopened !== null) return refuse([unopened]);
  const result = await balancer.reload(plan, conf, {});
  if (!result.ok) {
    pidFile.takeBack();
    return refuse(result.error);
  }
  pidFile.keep();
  log.use(logTargets(plan, line), errorLogsOf(plan));
  log.write('notice', 'reconfigured');
}

function logWarnings(plan: Plan, log: ErrorLog): void {
  for (const problem of plan.notes) {
    if (problem.severity === 'warning') log.write(problemLevel(problem), problemText(problem));
  }
}

/** The file that says which process serves. A reload may move it; the old one goes once the new configuration holds. */
class PidFile {
  #path: string | null = null;
  #next: string | null = null;

  constructor(private readonly prefix: string) {}

  /** Null: it is written, or already where the configuration wants it. */
  write(plan: Plan): Problem | null {
    const path = pidPath(plan, this.prefix);
    if (path === this.#path) return null;
    try {
      writeFileSync(path, `${process.pid}\n`);
    } catch (error) {
      return openFailed(path, error);
    }
    if (this.#path === null) this.#path = path;
    else this.#next = path;
    return null;
  }

  keep(): void {
    if (this.#next === null) return;
    this.remove();
    this.#path = this.#next;
    this.#next = null;
  }

  takeBack(): void {
    if (this.#next !== null) rmSync(this.#next, { force: true });
    this.#next = null;
  }

  remove(): void {
    if (this.#path !== null) rmSync(this.#path, { force: true });
  }
}

/** Where to log: the file's own logs, else that of -e, else logs/error.log. */
function logTargets(plan: Plan, line: CommandLine): readonly ErrorLogPlan[] {
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
