import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { ConfSource } from '../protocol/balancerWorker';
import { type LoadParams, RUN_LIMITS } from '../protocol/run';

/** The command was written wrongly: exit code 2. */
export class UsageError extends Error {}

export interface RunRequest {
  readonly command: 'run';
  readonly lab: string;
  /** Empty: all. */
  readonly arms: readonly string[];
  readonly params: Partial<LoadParams>;
  readonly scenario: string | null;
  readonly protocol: 'rest' | 'grpc' | null;
  readonly message: string | null;
  readonly seed: number | null;
  /** Reads the file of --conf; null without one. */
  readonly conf: (() => Promise<ConfSource>) | null;
  readonly json: boolean;
}

export type Request = { readonly command: 'help' } | { readonly command: 'list' } | RunRequest;

const options = {
  arm: { type: 'string', multiple: true },
  requests: { type: 'string' },
  concurrency: { type: 'string' },
  clients: { type: 'string' },
  rate: { type: 'string' },
  scenario: { type: 'string' },
  protocol: { type: 'string' },
  message: { type: 'string' },
  seed: { type: 'string' },
  conf: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the arguments behind `lab`. Throws UsageError. */
export function parseArguments(argv: readonly string[]): Request {
  const { values, positionals } = readArgv(argv);
  const [command, lab, ...rest] = positionals;
  if (values.help === true || command === 'help') return { command: 'help' };
  if (command === undefined) throw new UsageError('say what to do');
  if (command === 'list') {
    if (lab !== undefined) throw new UsageError('list takes no arguments');
    return { command: 'list' };
  }
  if (command !== 'run') throw new UsageError(`unknown command "${command}"`);
  if (lab === undefined) throw new UsageError('name the lab to run');
  if (rest.length > 0) throw new UsageError(`unexpected argument "${rest[0]}"`);
  const conf = values.conf;
  return {
    command: 'run',
    lab,
    arms: values.arm ?? [],
    params: {
      ...counted('requests', values.requests),
      ...counted('concurrency', values.concurrency),
      ...counted('clients', values.clients),
      // 0 is the closed loop: no rate at all.
      ...(values.rate === '0' ? { rate: null } : counted('rate', values.rate)),
    },
    scenario: values.scenario ?? null,
    protocol: protocol(values.protocol),
    message: values.message ?? null,
    seed: values.seed === undefined ? null : wholeNumber('seed', values.seed, 0, 0xffffffff),
    conf: conf === undefined ? null : () => readConf(conf),
    json: values.json ?? false,
  };
}

function readArgv(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function counted<K extends keyof typeof RUN_LIMITS>(name: K, text: string | undefined): Partial<Record<K, number>> {
  if (text === undefined) return {};
  const { min, max } = RUN_LIMITS[name];
  return { [name]: wholeNumber(name, text, min, max) } as Partial<Record<K, number>>;
}

function protocol(text: string | undefined): 'rest' | 'grpc' | null {
  if (text === undefined || text === 'rest' || text === 'grpc') return text ?? null;
  throw new UsageError(`--protocol takes rest or grpc, not "${text}"`);
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

async function readConf(file: string): Promise<ConfSource> {
  try {
    return { path: file, text: await readFile(file, 'utf8') };
  } catch (error) {
    throw new UsageError(`--conf ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
