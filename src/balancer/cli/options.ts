import { err, ok, type Result } from '../../base/result';
import { underPrefix } from '../prefix';

export const signals = ['stop', 'quit', 'reopen', 'reload'] as const;
export type SignalName = (typeof signals)[number];

/** The command line, read as nginx reads its own (ngx_get_options). */
export interface CommandLine {
  readonly action: 'serve' | 'test' | 'dump' | 'help' | 'version' | 'configuration' | 'signal';
  /** Ends with "/". */
  readonly prefix: string;
  readonly confPath: string;
  /** "stderr", or a path; null: as the configuration says. */
  readonly errorLog: string | null;
  readonly globals: string;
  readonly quiet: boolean;
  readonly signal: SignalName | null;
}

/** The error is what to print on standard error; the exit status is 1. */
export function parseCommandLine(argv: readonly string[], cwd: string): Result<CommandLine, string> {
  let action: CommandLine['action'] = 'serve';
  let quiet = false;
  let signal: SignalName | null = null;
  const values: Partial<Record<'p' | 'c' | 'e' | 'g' | 's', string>> = {};

  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (!word.startsWith('-')) return err(`invalid option: "${word}"`);
    for (let i = 1; i < word.length; i += 1) {
      const letter = word[i] ?? '';
      if (letter === 'q') quiet = true;
      else if (letter in actions) action = stronger(action, actions[letter] ?? 'serve');
      else if (isValueOption(letter)) {
        // The value is the rest of this word, else the next one.
        const glued = word.slice(i + 1);
        if (glued === '') at += 1;
        const value = glued === '' ? argv[at] : glued;
        if (value === undefined || value === '') return err(`option "-${letter}" requires ${needs[letter]}`);
        values[letter] = value;
        break;
      } else return err(`invalid option: "${letter}"`);
    }
  }

  if (values.s !== undefined) {
    signal = signals.find((name) => name === values.s) ?? null;
    if (signal === null) return err(`invalid option: "-s ${values.s}"`);
    if (action === 'serve') action = 'signal';
  }
  const folder = values.p === undefined ? cwd : underPrefix(cwd, values.p);
  const prefix = folder.endsWith('/') ? folder : `${folder}/`;
  const errorLog = values.e === undefined ? null : values.e === 'stderr' ? 'stderr' : underPrefix(prefix, values.e);
  return ok({
    action,
    prefix,
    confPath: underPrefix(prefix, values.c ?? 'conf/nginx.conf'),
    errorLog,
    globals: values.g ?? '',
    quiet,
    signal,
  });
}

const actions: Readonly<Record<string, CommandLine['action']>> = {
  t: 'test',
  T: 'dump',
  v: 'version',
  V: 'configuration',
  h: 'help',
  '?': 'help',
};

const needs = {
  p: 'directory name',
  c: 'file name',
  e: 'file name',
  g: 'parameter',
  s: 'parameter',
} as const;

function isValueOption(letter: string): letter is keyof typeof needs {
  return letter in needs;
}

/** Help and versions win over tests, whatever their order; -T over -t. */
function stronger(a: CommandLine['action'], b: CommandLine['action']): CommandLine['action'] {
  const order: readonly CommandLine['action'][] = ['serve', 'test', 'dump', 'version', 'configuration', 'help'];
  return order.indexOf(a) > order.indexOf(b) ? a : b;
}

export const help = `Usage: balancer [-?hvVtTq] [-s signal] [-p prefix]
                [-e filename] [-c filename] [-g directives]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and supported modules, then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to the serving process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: the current folder)
  -e filename   : set error log file (default: logs/error.log)
  -c filename   : set configuration file (default: conf/nginx.conf)
  -g directives : set global directives out of configuration file
`;
