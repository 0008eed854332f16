import * as v from 'valibot';
import { MESSAGE_KINDS } from '../protocol/messagesService';
import { RUN_LIMITS } from '../protocol/run';

/** The shape of `exercises` in a lab.yaml. What holds between its parts is checked in exercise.ts. */

const id = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/));
const translated = v.record(v.string(), v.pipe(v.string(), v.minLength(1)));
const file = v.pipe(v.string(), v.regex(/^[\w.-]+$/));
const count = (limits: { readonly min: number; readonly max: number }) =>
  v.pipe(v.number(), v.integer(), v.minValue(limits.min), v.maxValue(limits.max));

/** What the reader's file is. One line for each kind of EditedFile (exercise.ts). */
const edits = v.variant('kind', [
  v.strictObject({ kind: v.literal('conf') }),
  v.strictObject({ kind: v.literal('message'), message: v.picklist(MESSAGE_KINDS) }),
]);

const run = v.strictObject({
  /** How `run` and `of` of an expectation call it; the arm's id unless said. */
  id: v.optional(id),
  /** The arm's unless said; an arm's title may name what the reader is to change. */
  title: v.optional(translated),
  arm: id,
  scenario: v.optional(id),
  protocol: v.optional(v.picklist(['rest', 'grpc'])),
  /** One of the lab's messages. Where the reader's file is a message: to compare with; absent: the reader's. */
  message: v.optional(id),
  /** A configuration of the lab. Where the reader's file is one: to compare with; absent: the reader's. */
  conf: v.optional(file),
  load: v.optional(
    v.partial(
      v.strictObject({
        requests: count(RUN_LIMITS.requests),
        concurrency: count(RUN_LIMITS.concurrency),
        clients: count(RUN_LIMITS.clients),
        rate: v.nullable(count(RUN_LIMITS.rate)),
      }),
    ),
    {},
  ),
});

/** What is read from a run: a number of its result, or the requests of those entries of one of its lists that are so. */
const value = {
  reading: v.pipe(v.string(), v.regex(/^[A-Za-z][\w.]*$/)),
  where: v.optional(v.record(v.string(), v.string())),
};

const bounds = {
  is: v.optional(v.number()),
  atMost: v.optional(v.number()),
  atLeast: v.optional(v.number()),
};

const expectation = v.strictObject({
  ...value,
  ...bounds,
  /** Only of this run; absent: of every run of the reader's file. */
  run: v.optional(id),
  /** The bounds are times the same number of this run of the check. */
  of: v.optional(id),
  /** The number is taken as a share of this one of the same run. */
  shareOf: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z][\w.]*$/))),
  /** What it is called, where the reading has no name of its own. */
  name: v.optional(translated),
  /** What to think of when it is not met: the first whose condition holds. */
  help: v.optional(
    v.array(
      v.strictObject({
        /** With `of`, the bounds are times the same number of that run. */
        when: v.optional(v.strictObject({ ...value, ...bounds, of: v.optional(id), absent: v.optional(v.boolean()) })),
        say: translated,
      }),
    ),
    [],
  ),
});

export const exercisesSchema = v.array(
  v.strictObject({
    id,
    title: translated,
    goal: translated,
    edits: v.optional(edits, { kind: 'conf' }),
    start: file,
    solution: file,
    /** Short for one run. */
    arm: v.optional(id),
    scenario: v.optional(id),
    runs: v.optional(v.array(run), []),
    hints: v.optional(v.array(translated), []),
    expect: v.pipe(v.array(expectation), v.minLength(1)),
  }),
);

export type RawExercise = v.InferOutput<typeof exercisesSchema>[number];
export type RawExpectation = RawExercise['expect'][number];
