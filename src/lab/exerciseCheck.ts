import type { Clock } from '../base/clock';
import type { Disposable } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { type Message, message } from '../base/message';
import type { Problem } from '../base/problem';
import type { Outcome, Snapshot } from '../measurement/snapshot';
import type { ConfSource } from '../protocol/balancerWorker';
import type { ExerciseRunSeen, ExerciseVerdict } from '../protocol/exercise';
import type { RunParams, RunResult } from '../protocol/run';
import type { StoreChoice } from '../protocol/storeWorker';
import { type ExerciseDefinition, type ExerciseRun, usesReadersFile } from './exercise';
import { armOfRun, exerciseProblems } from './exerciseLab';
import { judge } from './expectations';
import { ConfProblems } from './labConf';
import { type ArmDefinition, defaultsOf, type LabDefinition } from './labDefinition';
import { type FinishedRun, LabRun } from './labRun';
import type { WarmThreads } from './warmThreads';
import type { WorkerPaths } from './workerThread';

export interface CheckOptions {
  readonly definition: LabDefinition;
  readonly exercise: ExerciseDefinition;
  /** The reader's: a configuration or a message, as the exercise has it. */
  readonly file: ConfSource;
  readonly workers: WorkerPaths;
  readonly warm?: WarmThreads;
  /** Which session store serves the arms that share one; default: as in a run. */
  readonly store?: StoreChoice;
  readonly clock: Clock;
  readonly seed: number;
  /** A run begins; counted from 1. */
  onRun?(number: number, run: ExerciseRun): void;
  onSnapshot?(run: ExerciseRun, snapshot: Snapshot): void;
}

export interface CheckedExercise {
  readonly verdict: ExerciseVerdict;
  /** Of the runs that could be made. */
  readonly results: readonly RunResult[];
}

/** Sends real traffic with a reader's file and says whether it does what the exercise wants. Use once. */
export class ExerciseCheck implements Disposable {
  readonly #options: CheckOptions;
  #run: LabRun | null = null;
  #disposed = false;

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  /** Throws ReaderError 'disposed' where it was ended early; whatever happens, nothing is left running. */
  async run(): Promise<CheckedExercise> {
    const { exercise, onRun } = this.#options;
    const problems = await this.#problems();
    if (problems.length > 0) return refused(problems);
    const runs: Record<string, RunResult | null> = {};
    const seen: ExerciseRunSeen[] = [];
    let isWhole = true;
    try {
      for (const [index, run] of exercise.runs.entries()) {
        onRun?.(index + 1, run);
        const { result, lines, whole } = await this.#measure(run);
        runs[run.id] = result;
        isWhole &&= whole;
        seen.push({ id: run.id, title: { written: run.title ?? this.#arm(run).title }, seen: lines });
      }
    } catch (error) {
      // nginx's own rules are checked above; what only the balancer can find comes here.
      if (error instanceof ConfProblems) return refused(error.problems);
      throw error;
    }
    const expectations = judge(exercise, runs);
    return {
      verdict: { solved: isWhole && expectations.every(({ met }) => met), problems: [], runs: seen, expectations },
      results: Object.values(runs).filter((result) => result !== null),
    };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#run?.dispose();
  }

  /** Everything that keeps the reader's file from running in any of the arms. */
  async #problems(): Promise<readonly Problem[]> {
    const { definition, exercise, file } = this.#options;
    return (await exerciseProblems(definition, exercise, file)).filter(({ severity }) => severity === 'error');
  }

  #arm(run: ExerciseRun): ArmDefinition {
    return armOfRun(this.#options.definition, this.#options.exercise, run);
  }

  /** `whole`: it was made, and its sides counted the same. */
  async #measure(
    run: ExerciseRun,
  ): Promise<{ readonly result: RunResult | null; readonly lines: readonly Message[]; readonly whole: boolean }> {
    const { definition, exercise, file, workers, warm, store, clock, seed, onSnapshot } = this.#options;
    if (this.#disposed) throw closed();
    const arm = this.#arm(run);
    const labRun = new LabRun({
      definition,
      arm,
      params: {
        ...defaultsOf(definition, arm, run.params.scenario),
        ...run.params,
        message: messageOf(exercise, run),
        seed,
      },
      workers,
      ...(warm === undefined ? {} : { warm }),
      ...(store === undefined ? {} : { store }),
      clock,
      ...(!usesReadersFile(exercise, run) ? {} : exercise.edits.kind === 'conf' ? { conf: file } : { message: file }),
      onSnapshot: (snapshot) => onSnapshot?.(run, snapshot),
    });
    this.#run = labRun;
    try {
      const finished = await labRun.run();
      const { agree } = finished.snapshot.reconciliation;
      return { result: finished.result, lines: linesOf(finished), whole: agree };
    } catch (error) {
      if (!(error instanceof ReaderError) || this.#disposed) throw error;
      const lines = [message('This run could not be made: {reason}', { reason: error.message })];
      return { result: null, lines, whole: false };
    } finally {
      this.#run = null;
    }
  }
}

/** Which of the lab's messages a run sends, or of which of them the reader's is the kind; null: the lab's first. */
function messageOf({ edits }: ExerciseDefinition, { params }: ExerciseRun): RunParams['message'] {
  return params.message ?? (edits.kind === 'message' ? edits.message : null);
}

function refused(problems: readonly Problem[]): CheckedExercise {
  return { verdict: { solved: false, problems, runs: [], expectations: [] }, results: [] };
}

function closed(): ReaderError {
  return new ReaderError('disposed', message('The run was closed.'));
}

/** What traffic did, whether it was wanted or not. */
function linesOf({ result, snapshot }: FinishedRun): readonly Message[] {
  const count = (value: number) => value.toLocaleString('en');
  const servers = result.servers.map(({ id, requests }) => `${id} ${count(requests)}`).join(', ');
  const { agree, differences } = snapshot.reconciliation;
  const { bytes, typeCheck } = result;
  const odd = result.outcomes.filter(({ status }) => status !== '200' && status !== 'OK');
  return [
    message('Requests: {servers}. Client connections: {connections}.', {
      servers,
      connections: count(snapshot.client.connectionsOpened),
    }),
    ...(result.store === undefined ? [] : [message('Session store: {store}.', { store: result.store })]),
    ...odd.map(oddLine),
    ...(typeCheck === undefined || typeCheck.status === null
      ? []
      : [
          message('One of them was wanted: a request with a wrong “{field}”, to see who notices.', {
            field: typeCheck.field,
          }),
        ]),
    ...(bytes === undefined
      ? []
      : [
          message(
            'One message: {request} bytes as a request, {response} as an answer, {onWire} with all that carries them.',
            {
              request: count(Math.round(bytes.request)),
              response: count(Math.round(bytes.response)),
              onWire: count(Math.round(bytes.onWire)),
            },
          ),
        ]),
    ...(agree
      ? []
      : [message('The counts of the two sides do not agree, so this run proves nothing:'), ...differences]),
  ];
}

/** Who gave an answer that was no success: a server, or the balancer in one of its stages. */
function oddLine({ status, by, requests }: Outcome): Message {
  const args = { status, by, count: requests.toLocaleString('en') };
  switch (by) {
    case 'balancer':
      return message('No success: {count} answered {status} by the balancer.', args);
    case 'route':
      return message('No success: {count} answered {status} by the balancer’s routing.', args);
    case 'limit':
      return message('No success: {count} answered {status} by the rate limit.', args);
    case 'auth':
      return message('No success: {count} answered {status} by the authentication.', args);
    case 'client':
      return message('Without an answer: {count} ({status}).', args);
    default:
      return message('No success: {count} answered {status} by {by}.', args);
  }
}
