import { createHash } from 'node:crypto';
import { type Message, message } from '../base/message';
import type { MessageKind } from '../protocol/messagesService';
import type { LoadParams, RunParams } from '../protocol/run';
import type { RawExercise, RawExpectation } from './exerciseSchema';
import type { ArmDefinition, MessageDefinition, ScenarioDefinition, Translated } from './labDefinition';

/** What the reader mends: the configuration of the runs, or the message of that kind that they send. */
export type EditedFile = { readonly kind: 'conf' } | { readonly kind: 'message'; readonly message: MessageKind };

/** How the reader's copy is called, behind the exercise's id. */
const SUFFIXES = { conf: '.nginx.conf', message: '.json' } as const satisfies Record<EditedFile['kind'], string>;

/** A file that the reader mends, and what traffic has to look like with it. */
export interface ExerciseDefinition {
  readonly id: string;
  readonly title: Translated;
  readonly goal: Translated;
  readonly edits: EditedFile;
  /** Files of the lab. */
  readonly start: string;
  readonly solution: string;
  /** What the reader's copy is called, beside the lab's other copies. */
  readonly file: string;
  readonly runs: readonly ExerciseRun[];
  readonly hints: readonly Translated[];
  readonly expect: readonly Expectation[];
}

/** One run of a check. */
export interface ExerciseRun {
  readonly id: string;
  /** null: the arm's. */
  readonly title: Translated | null;
  readonly arm: string;
  readonly params: Partial<LoadParams> & Pick<RunParams, 'scenario' | 'protocol' | 'message'>;
  /** The lab's configuration that runs; null: the reader's, or the arm's where the reader's file is a message. */
  readonly conf: string | null;
}

/** Whether a run of a check is about the reader's file; else it is one of the lab's own, to compare with. */
export function usesReadersFile({ edits }: Pick<ExerciseDefinition, 'edits'>, { conf, params }: ExerciseRun): boolean {
  return edits.kind === 'conf' ? conf === null : params.message === null;
}

/** A number of a run's result by its path; with `where`, the requests of the entries of that list whose fields are so. */
export interface Value {
  readonly reading: string;
  readonly where: Readonly<Record<string, string>> | null;
}

/** null: no bound on that side. */
export interface Bounds {
  readonly is: number | null;
  readonly atMost: number | null;
  readonly atLeast: number | null;
}

export interface Expectation extends Value, Bounds {
  /** Id of the run it is about; null: every run of the reader's file. */
  readonly run: string | null;
  /** Id of the run whose number the bounds are multiples of; null: they are plain numbers. */
  readonly of: string | null;
  /** The number that this one is taken as a share of; null: it is taken as it is. */
  readonly shareOf: string | null;
  readonly name: Translated | null;
  readonly help: readonly Help[];
}

export interface Help {
  /** null: always. */
  readonly when: (Value & Bounds & { readonly of: string | null; readonly absent: boolean }) | null;
  readonly say: Translated;
}

type RawArm = Pick<ArmDefinition, 'id' | 'conf'> & { readonly workload?: ArmDefinition['workload'] | undefined };

type Told = (path: readonly (string | number)[], text: Message) => void;

/** The exercises of a lab.yaml whose shape is right; what does not fit is told at its path, below `exercises`. */
export function readExercises(
  raw: readonly RawExercise[],
  lab: {
    readonly arms: readonly RawArm[];
    readonly messages: readonly Pick<MessageDefinition, 'id' | 'file'>[];
    readonly scenarios: readonly Pick<ScenarioDefinition, 'id'>[];
  },
  tell: Told,
): readonly ExerciseDefinition[] {
  return raw.map((exercise, index) => {
    const told: Told = (path, text) => tell([index, ...path], text);
    if (raw.findIndex(({ id }) => id === exercise.id) < index) {
      told(['id'], message('Two exercises have the id “{id}”.', { id: exercise.id }));
    }
    const { id, title, goal, edits, start, solution, hints } = exercise;
    const file = id + SUFFIXES[edits.kind];
    const ofLab = [...lab.arms.map(({ conf }) => conf), ...lab.messages.map((given) => given.file)];
    const taken = [...ofLab, start, solution];
    if (taken.includes(file)) {
      told(['id'], message('The reader’s copy would be called {file}, and the lab has such a file.', { file }));
    }
    const runs = runsOf(exercise, lab, told);
    exercise.expect.forEach((expectation, place) => {
      checkExpectation(expectation, runs, (path, text) => told(['expect', place, ...path], text));
    });
    return { id, title, goal, edits, start, solution, file, runs, hints, expect: exercise.expect.map(expectationOf) };
  });
}

function runsOf(exercise: RawExercise, lab: Parameters<typeof readExercises>[1], told: Told): readonly ExerciseRun[] {
  if ((exercise.arm === undefined) === (exercise.runs.length === 0)) {
    told([], message('An exercise needs either “arm” or “runs”.'));
  }
  if (exercise.edits.kind === 'message') {
    const wanted = exercise.edits.message;
    if (!lab.messages.some(({ id }) => id === wanted)) {
      told(['edits', 'message'], message('There is no message “{id}” in this lab.', { id: wanted }));
    }
  }
  const short = exercise.arm === undefined ? [] : [{ arm: exercise.arm, scenario: exercise.scenario, load: {} }];
  const raw: RawExercise['runs'] = exercise.runs.length === 0 ? short : exercise.runs;
  const runs = raw.map((run, index): ExerciseRun => {
    const at = (field: string) => (exercise.runs.length === 0 ? [field] : ['runs', index, field]);
    const arm = lab.arms.find(({ id }) => id === run.arm);
    if (arm === undefined) {
      told(at('arm'), message('There is no arm “{id}” in this lab.', { id: run.arm }));
    } else if (exercise.edits.kind === 'message' && arm.workload?.kind !== 'message') {
      told(at('arm'), message('The reader’s file is a message, and arm “{id}” sends none.', { id: run.arm }));
    }
    if (run.scenario !== undefined && !lab.scenarios.some(({ id }) => id === run.scenario)) {
      told(at('scenario'), message('There is no scenario “{id}” in this lab.', { id: run.scenario }));
    }
    const load = Object.fromEntries(Object.entries(run.load).filter(([, value]) => value !== undefined));
    return {
      id: run.id ?? run.arm,
      title: run.title ?? null,
      arm: run.arm,
      params: {
        ...(load as Partial<LoadParams>),
        scenario: run.scenario ?? null,
        protocol: run.protocol ?? null,
        message: run.message ?? null,
      },
      conf: run.conf ?? null,
    };
  });
  runs.forEach(({ id }, index) => {
    if (runs.findIndex((other) => other.id === id) < index) {
      told(['runs', index], message('Two runs have the id “{id}”.', { id }));
    }
  });
  return runs;
}

function checkExpectation(expectation: RawExpectation, runs: readonly ExerciseRun[], told: Told): void {
  const { is, atMost, atLeast } = expectation;
  if (is === undefined && atMost === undefined && atLeast === undefined) {
    told([], message('An expectation needs “is”, “atMost” or “atLeast”.'));
  }
  const known = (id: string | undefined, path: readonly (string | number)[]) => {
    if (id === undefined || runs.some((run) => run.id === id)) return;
    const names = runs.map((run) => run.id).join(', ');
    told(path, message('The exercise has no run “{id}”; it has {names}.', { id, names }));
  };
  known(expectation.run, ['run']);
  known(expectation.of, ['of']);
  expectation.help.forEach(({ when }, index) => {
    known(when?.of, ['help', index, 'when', 'of']);
  });
}

function expectationOf(raw: RawExpectation): Expectation {
  return {
    ...valueFrom(raw),
    ...boundsOf(raw),
    run: raw.run ?? null,
    of: raw.of ?? null,
    shareOf: raw.shareOf ?? null,
    name: raw.name ?? null,
    help: raw.help.map(({ when, say }) => ({
      when:
        when === undefined
          ? null
          : { ...valueFrom(when), ...boundsOf(when), of: when.of ?? null, absent: when.absent ?? false },
      say,
    })),
  };
}

function valueFrom({ reading, where }: Pick<RawExpectation, 'reading' | 'where'>): Value {
  return { reading, where: where ?? null };
}

function boundsOf({ is, atMost, atLeast }: Pick<RawExpectation, 'is' | 'atMost' | 'atLeast'>): Bounds {
  return { is: is ?? null, atMost: atMost ?? null, atLeast: atLeast ?? null };
}

/** What a verdict was about: another one after the exercise's runs or expectations changed. Words may change. */
export function exerciseKey({ edits, runs, expect }: ExerciseDefinition): string {
  const measured = expect.map(({ name: _, help: __, ...numbers }) => numbers);
  const sent = runs.map(({ title: _, ...run }) => run);
  // Of a configuration the runs say it all, and what readers solved before there were other kinds stays solved.
  const told = edits.kind === 'conf' ? [] : [edits];
  return createHash('sha256')
    .update(JSON.stringify([sent, measured, ...told]))
    .digest('hex')
    .slice(0, 16);
}
