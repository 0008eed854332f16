import { systemClock } from '../../base/clock';
import type { Problem } from '../../base/problem';
import type { Configuration } from './configuration';
import { loadConfiguration } from './configuration';
import { ErrorLog } from './errorLog';
import { accessLogPaths, errorLogPaths, unopenable } from './opened';
import { type CommandLine, help, parseCommandLine } from './options';
import { problemLevel, problemLines, problemText } from './report';
import { pidPath, sendSignal } from './signal';
import { configureArguments, program } from './version';

export interface Terminal {
  readonly cwd: string;
  out(text: string): void;
  err(text: string): void;
}

/** Runs until it is told to stop; the exit status. */
export type Serve = (line: CommandLine, configuration: Configuration, terminal: Terminal) => Promise<number>;

/** The command, but for the serving itself, which only the real program brings along. Returns the exit status. */
export async function run(argv: readonly string[], terminal: Terminal, serve: Serve): Promise<number> {
  const parsed = parseCommandLine(argv, terminal.cwd);
  if (!parsed.ok) {
    terminal.err(`nginx: ${parsed.error}\n`);
    return 1;
  }
  const line = parsed.value;
  if (line.action === 'help' || line.action === 'version' || line.action === 'configuration') {
    terminal.err(`nginx version: ${program}\n`);
    if (line.action === 'help') terminal.err(help);
    if (line.action === 'configuration')
      terminal.err(`TLS SNI support enabled\nconfigure arguments: ${configureArguments().join(' ')}\n`);
    return 0;
  }

  const testing = line.action === 'test' || line.action === 'dump';
  const loaded = loadConfiguration(line);
  if (!loaded.ok) {
    for (const problem of loaded.error) if (problem.severity !== 'note') terminal.err(problemLines(problem));
    if (testing) terminal.err(`nginx: configuration file ${line.confPath} test failed\n`);
    else if (line.signal === null) logFailure(line, loaded.error);
    return 1;
  }
  const { plan, files: texts } = loaded.value;
  for (const problem of plan.notes) {
    // A note is for whoever tests a file; a warning is for everybody.
    if (problem.severity === 'warning' || (testing && !line.quiet)) terminal.err(problemLines(problem));
  }
  if (testing) {
    if (!line.quiet) terminal.err(`nginx: the configuration file ${line.confPath} syntax is ok\n`);
    // As nginx does at a test, with all that it would serve with.
    const files = [...errorLogPaths(plan), ...accessLogPaths(plan), ...(plan.main.pid === null ? [] : [plan.main.pid])];
    const unopened = unopenable(line.prefix, files);
    if (unopened !== null) {
      terminal.err(problemLines(unopened));
      terminal.err(`nginx: configuration file ${line.confPath} test failed\n`);
      return 1;
    }
    if (!line.quiet) {
      terminal.err(`nginx: configuration file ${line.confPath} test is successful\n`);
    }
    if (line.action === 'dump') {
      for (const file of texts) terminal.out(`# configuration file ${file.path}:\n${file.text}\n`);
    }
    return 0;
  }
  if (line.signal !== null) {
    const problem = sendSignal(line.signal, pidPath(plan, line.prefix));
    if (problem !== null) terminal.err(`nginx: ${problem}\n`);
    return problem === null ? 0 : 1;
  }
  return serve(line, loaded.value, terminal);
}

/** What keeps a server from starting also goes to the log that is open before any file was read. */
function logFailure({ errorLog, prefix }: CommandLine, problems: readonly Problem[]): void {
  if (errorLog === 'stderr') return;
  const log = new ErrorLog(systemClock(), prefix, process.pid);
  log.use([{ path: errorLog ?? 'logs/error.log', level: 'error' }]);
  for (const problem of problems) {
    if (problem.severity === 'error') log.write(problemLevel(problem), problemText(problem));
  }
  log.close();
}
