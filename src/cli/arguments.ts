import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { EditedFile } from '../lab/exercise';
import type { ConfSource } from '../protocol/balancerWorker';
import { type LoadParams, RUN_LIMITS } from '../protocol/run';
import type { StoreChoice } from '../protocol/storeWorker';

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
  /** What --redis or the environment says of the session store; null: nothing. */
  readonly store: StoreChoice | null;
  readonly json: boolean;
}

export interface CheckRequest {
  readonly command: 'check';
  readonly lab: string;
  readonly exercise: string;
  /** Reads the file that was named; null: the exercise's own, as it starts. */
  readonly file: { readonly kind: EditedFile['kind']; readonly read: () => Promise<ConfSource> } | null;
  readonly seed: number | null;
  /** As of a run. */
  readonly store: StoreChoice | null;
  readonly json: boolean;
}

export type Request = { readonly command: 'help' } | { readonly command: 'list' } | RunRequest | CheckRequest;

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
  redis: { type: 'string' },
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
  if (command === 'check') return checkRequest(lab, rest, values);
  if (command !== 'run') throw new UsageError(`unknown command "${command}"`);
  if (lab === undefined) throw new UsageError('name the lab to run');
  if (rest.length > 0) throw new UsageError(`unexpected argument "${rest[0]}"`);
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
    seed: seedOf(values.seed),
    conf: confOf(values.conf),
    store: storeChoice(values.redis ?? process.env[REDIS_VARIABLE]),
    json: values.json ?? false,
  };
}

/** What says how a run is: a check's runs are the exercise's. */
const ofRuns = ['arm', 'requests', 'concurrency', 'clients', 'rate', 'scenario', 'protocol'] as const;

function checkRequest(
  lab: string | undefined,
  [exercise, ...rest]: readonly string[],
  values: ReturnType<typeof readArgv>['values'],
): CheckRequest {
  if (lab === undefined || exercise === undefined) throw new UsageError('name the lab and the exercise to check');
  if (rest.length > 0) throw new UsageError(`unexpected argument "${rest[0]}"`);
  const stray = ofRuns.find((name) => values[name] !== undefined);
  if (stray !== undefined) throw new UsageError(`check takes no --${stray}: the exercise says what is run`);
  return {
    command: 'check',
    lab,
    exercise,
    file: editedOf(values),
    seed: seedOf(values.seed),
    store: storeChoice(values.redis ?? process.env[REDIS_VARIABLE]),
    json: values.json ?? false,
  };
}

/** The file to check, and by the option's name what it is. */
function editedOf({ conf, message }: ReturnType<typeof readArgv>['values']): CheckRequest['file'] {
  if (conf !== undefined && message !== undefined) {
    throw new UsageError('check takes --conf or --message, not both: an exercise edits one file');
  }
  if (conf !== undefined) return { kind: 'conf', read: () => readSource('conf', conf) };
  return message === undefined ? null : { kind: 'message', read: () => readSource('message', message) };
}

function confOf(file: string | undefined): (() => Promise<ConfSource>) | null {
  return file === undefined ? null : () => readSource('conf', file);
}

function seedOf(text: string | undefined): number | null {
  return text === undefined ? null : wholeNumber('seed', text, 0, 0xffffffff);
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

/** Stands for --redis where that is not given. */
const REDIS_VARIABLE = 'TRAFFIC_LAB_REDIS';

function storeChoice(text: string | undefined): StoreChoice | null {
  if (text === undefined || text === '') return null;
  return text === 'auto' || text === 'built-in' ? { kind: text } : { kind: 'url', url: text };
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

async function readSource(option: EditedFile['kind'], file: string): Promise<ConfSource> {
  try {
    return { path: file, text: await readFile(file, 'utf8') };
  } catch (error) {
    throw new UsageError(
      `--${option} ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
