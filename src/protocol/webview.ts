import * as v from 'valibot';
import type { Catalog, Message } from '../base/message';
import type { Problem } from '../base/problem';
import type { CourseView } from '../course/courseView';
import type { Snapshot } from '../measurement/snapshot';
import type { QuizAnswer, QuizFeedback, QuizViewBase } from '../quiz/quizKind';
import type { BrowsePlan } from './browse';
import { RUN_LIMITS, type RunParams, type RunResult, type Topology } from './run';
import type { Population } from './trafficWorker';
import type { WirePart } from './wireReading';

/** Messages between the course page (webview) and the extension host. Text in them is already in the page's language. */

export type ToWebview =
  /** Everything the page needs, sent when it says 'ready' and again when the language changes. */
  | { readonly type: 'course'; readonly page: PageState }
  /** A lab changed in anything but its live numbers. */
  | { readonly type: 'lab'; readonly lab: LabState }
  /** At most ten a second, and only while the page is visible. */
  | { readonly type: 'snapshot'; readonly lab: string; readonly snapshot: LiveSnapshot }
  | { readonly type: 'listing'; readonly listing: ListingState }
  | { readonly type: 'quiz'; readonly quiz: QuizState }
  /** Something could not be done; shown at the control named, else on top of the lab. */
  | {
      readonly type: 'refused';
      readonly lab: string | null;
      readonly field: keyof RunParams | 'arm' | 'run' | 'exercise' | null;
      readonly message: Message;
      readonly problems: readonly Problem[];
      /** The setting to change, "trafficLab.redisUrl"; null: none is the cause. */
      readonly setting: ReaderSetting | null;
    }
  /** Send what only a browser can; answered by 'browsed' with the same run. */
  | { readonly type: 'browse'; readonly lab: string; readonly run: number; readonly plan: BrowsePlan }
  /** Send at another rate from now on: requests per second; null: as fast as answers come. */
  | { readonly type: 'browseRate'; readonly lab: string; readonly run: number; readonly rate: number | null }
  /** Send nothing new of that run; what is on its way is told, and then that it is done. */
  | { readonly type: 'browseStop'; readonly lab: string; readonly run: number }
  /** Scroll to a heading or block of the course. */
  | { readonly type: 'reveal'; readonly anchor: string }
  | { readonly type: 'view'; readonly view: PageView }
  | { readonly type: 'review'; readonly review: ReviewState | null }
  | { readonly type: 'progress'; readonly progress: ProgressState };

/** A snapshot on its way to the page; without samples the ones sent last stand. */
export type LiveSnapshot = Omit<Snapshot, 'samples'> & { readonly samples: Snapshot['samples'] | null };

/** What the page shows: the text, the questions that are due, or how far the reader has come. */
export type PageView = 'course' | 'review' | 'progress';

export interface PageState {
  /** Identity of the course, for the page's own saved state. */
  readonly courseId: string;
  readonly language: string;
  readonly languages: readonly { readonly id: string; readonly name: string }[];
  /** Translations of the page's own words; empty for English. */
  readonly catalog: Catalog;
  readonly course: CourseView;
  /** Of the labs that the course embeds, by lab id. */
  readonly labs: readonly LabState[];
  readonly quizzes: readonly QuizState[];
  readonly listings: readonly ListingState[];
  /** Servers may be started here (a trusted workspace). */
  readonly mayRun: boolean;
  readonly view: PageView;
  readonly review: ReviewState | null;
  readonly progress: ProgressState;
}

/** A review that is going on. */
export interface ReviewState {
  /** How many questions it began with, and how many are left; one that was wrong stays until it is known. */
  readonly total: number;
  readonly left: number;
  /** How many were wrong at least once. */
  readonly missed: number;
  /** null: all are known. */
  readonly current: {
    readonly quiz: QuizViewBase;
    /** Without an answer until it is answered in this review. */
    readonly state: QuizState;
    /** It was wrong before in this review. */
    readonly again: boolean;
    /** The lab that shows its point; null: none. */
    readonly lab: string | null;
  } | null;
}

export interface ProgressState {
  readonly sections: { readonly read: number; readonly all: number };
  readonly labs: readonly { readonly id: string; readonly title: string; readonly run: number; readonly all: number }[];
  readonly exercises: { readonly solved: number; readonly all: number };
  readonly questions: { readonly known: number; readonly answered: number; readonly all: number };
  readonly weak: readonly WeakQuestion[];
  /** Questions to be asked again now. */
  readonly due: number;
  /** Milliseconds since the Unix epoch; null: nothing is planned. */
  readonly nextDueAt: number | null;
}

/** A question that was answered and is not known yet. */
export interface WeakQuestion {
  readonly quiz: string;
  readonly promptHtml: string;
  readonly lab: string | null;
}

/** Settings that the page can open. */
const READER_SETTINGS = ['trafficLab.redisUrl'] as const;
export type ReaderSetting = (typeof READER_SETTINGS)[number];

export interface LabState {
  readonly id: string;
  readonly title: string;
  readonly goal: string;
  readonly arms: readonly LabArm[];
  readonly selectedArm: string;
  /** Empty where the lab has none. */
  readonly scenarios: readonly { readonly id: string; readonly title: string }[];
  /** Protocols to choose between; empty: each arm has its own. */
  readonly protocols: readonly ('rest' | 'grpc')[];
  /** The messages that arms may send; empty where the lab has none. */
  readonly messages: readonly LabMessage[];
  /** Whether the clients can be skewed, or why not: there is only one, or it is the page itself. */
  readonly skew: 'possible' | 'one-client' | 'page';
  /** Who the clients of the next run are; null: requests do not tell. */
  readonly population: Population | null;
  readonly defaults: RunParams;
  readonly params: RunParams;
  readonly running: boolean;
  /** null when nothing runs. A run that is being started is running. */
  readonly phase: Snapshot['phase'] | null;
  /** Last finished run of each arm, by arm id. */
  readonly results: Readonly<Record<string, LabResult>>;
  /** The numbers of those runs by name, by arm id. */
  readonly readings: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The reader's predicted share of each server, by arm id; shares sum to 1. */
  readonly predictions: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly canAdd: boolean;
  /** Empty where the lab has none. */
  readonly exercises: readonly ExerciseState[];
  /** Where a declared port was taken: what runs there instead. */
  readonly movedPorts: readonly { readonly declared: string; readonly actual: string }[];
  /** "in-process". */
  readonly engine: string;
  /** A broken lab: shown in its place. */
  readonly problems: readonly Problem[];
  /** What is wrong with the reader's configuration; the lab goes on with the last good one. Absent or null: nothing. */
  readonly confNotice?: { readonly text: Message; readonly problems: readonly Problem[] } | null;
}

/** An exercise of a lab; texts are in the page's language. */
export interface ExerciseState {
  readonly id: string;
  readonly title: string;
  readonly goal: string;
  /** What the reader's file is. */
  readonly edits: 'conf' | 'message';
  /** What the reader's copy is called. */
  readonly file: string;
  /** There is a copy. */
  readonly isOpened: boolean;
  /** Some check, not always the last one, found it solved. */
  readonly isSolved: boolean;
  /** Which of its runs is going on, from 1; null: it is not being checked. */
  readonly checking: { readonly number: number; readonly of: number } | null;
  /** Those that were asked for. */
  readonly hints: readonly string[];
  readonly hintsLeft: number;
  readonly solutionShown: boolean;
  /** Of the last check; null: none yet. */
  readonly verdict: ExerciseVerdictState | null;
}

export interface ExerciseVerdictState {
  readonly solved: boolean;
  /** The file has changed since. */
  readonly isStale: boolean;
  readonly problems: readonly Problem[];
  readonly runs: readonly { readonly id: string; readonly title: Message; readonly seen: readonly Message[] }[];
  readonly expectations: readonly {
    readonly met: boolean;
    /** Title of the run where there are several. */
    readonly run: Message | null;
    readonly name: Message;
    readonly seen: Message;
    readonly wanted: Message;
    readonly help: Message | null;
  }[];
}

export interface LabMessage {
  readonly id: string;
  readonly title: string;
  /** JSON, relative to the lab folder: 'openLabFile' opens the reader's copy. */
  readonly file: string;
  /** null: the reader's copy has problems. */
  readonly view: MessageView | null;
  readonly problems: readonly Problem[];
}

/** A message as both protocols send it. */
export interface MessageView {
  /** Indented, to be read. */
  readonly json: string;
  /** Its protobuf bytes, the first of them. */
  readonly parts: readonly WirePart[];
  readonly partsLeftOut: number;
  /** Of the encoded message alone: JSON without white space, and protobuf; as they are and gzipped. */
  readonly bytes: {
    readonly json: number;
    readonly jsonGzip: number;
    readonly protobuf: number;
    readonly protobufGzip: number;
  };
}

export interface LabArm {
  readonly id: string;
  readonly title: string;
  /** Configuration file it runs, relative to the lab folder; null: none. */
  readonly conf: string | null;
  /** What it speaks: the protocol chosen, where it has that variant. */
  readonly protocol: 'rest' | 'grpc';
  readonly topology: Topology;
  readonly serverIds: readonly string[];
  /** Those of them that clients reach, not only other servers: their split is what is predicted. */
  readonly reachedIds: readonly string[];
}

export interface LabResult {
  readonly result: RunResult;
  /** Last snapshot of the run, so that picture, table and samples are there after a reload. */
  readonly snapshot: Snapshot;
  /** Milliseconds since the Unix epoch. */
  readonly finishedAt: number;
  /** 0 to 100: how near the reader's prediction was; null without a prediction made before the run. */
  readonly predictionScore: number | null;
  /** The prediction that was scored. */
  readonly prediction: Readonly<Record<string, number>> | null;
}

/** What a live listing shows: the block of the course with the same lab, file and heads. */
export interface ListingState {
  readonly lab: string;
  readonly file: string;
  readonly heads: readonly string[];
  /** Its lines, coloured; safe HTML. */
  readonly html: string;
  /** The line of the file at which it begins, from 1. */
  readonly line: number;
  /** 'changed': the reader's copy differs here; 'gone': the copy has no such block any more, the original is shown. */
  readonly state: 'original' | 'changed' | 'gone';
  /** null: as shown. */
  readonly originalHtml: string | null;
  /** The arm that runs the file, where the course names none; null: none does. */
  readonly arm: string | null;
}

export interface QuizState {
  readonly id: string;
  readonly answer: QuizAnswer | null;
  readonly feedback: QuizFeedback | null;
}

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const within = (limits: { readonly min: number; readonly max: number }) =>
  v.pipe(v.number(), v.integer(), v.minValue(limits.min), v.maxValue(limits.max));
const shares = v.record(id, v.pipe(v.number(), v.minValue(0), v.maxValue(1)));

export const runParamsSchema = v.object({
  requests: within(RUN_LIMITS.requests),
  concurrency: within(RUN_LIMITS.concurrency),
  clients: within(RUN_LIMITS.clients),
  rate: v.nullable(within(RUN_LIMITS.rate)),
  scenario: v.optional(v.nullable(id), null),
  protocol: v.optional(v.nullable(v.picklist(['rest', 'grpc'])), null),
  message: v.optional(v.nullable(id), null),
  seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

const told = v.pipe(v.string(), v.maxLength(1000));
const browseBatch = v.object({
  sent: within(RUN_LIMITS.requests),
  replies: v.pipe(
    v.array(
      v.object({
        answered: v.boolean(),
        status: told,
        by: told,
        latencyMs: v.pipe(v.number(), v.minValue(0)),
        streamed: v.pipe(v.number(), v.integer(), v.minValue(0)),
      }),
    ),
    v.readonly(),
  ),
  tried: told,
  said: told,
  done: v.boolean(),
});

const fromWebviewSchema = v.variant('type', [
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('run'), lab: id, arm: id, params: v.unknown() }),
  v.object({ type: v.literal('stop'), lab: id }),
  /** Stop, and back to defaults: no results, no predictions. */
  v.object({ type: v.literal('reset'), lab: id }),
  v.object({ type: v.literal('selectArm'), lab: id, arm: id }),
  v.object({ type: v.literal('addServer'), lab: id }),
  v.object({ type: v.literal('killServer'), lab: id, server: id }),
  v.object({ type: v.literal('reviveServer'), lab: id, server: id }),
  v.object({ type: v.literal('killStore'), lab: id }),
  v.object({ type: v.literal('reviveStore'), lab: id }),
  /** Times slower than it is (1: as it is), and the share of its requests that it fails (0: none). */
  v.object({
    type: v.literal('setFault'),
    lab: id,
    server: id,
    slowFactor: v.pipe(v.number(), v.minValue(1), v.maxValue(1000)),
    errorRate: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  }),
  /** Mark a server `down` in the reader's configuration, or take the mark away. */
  v.object({ type: v.literal('setDrained'), lab: id, server: id, drained: v.boolean() }),
  v.object({ type: v.literal('openSetting'), setting: v.picklist(READER_SETTINGS) }),
  v.object({ type: v.literal('setRate'), lab: id, rate: v.nullable(within(RUN_LIMITS.rate)) }),
  v.object({ type: v.literal('setPopulation'), lab: id, population: v.picklist(['spread', 'nat', 'skewed']) }),
  /** What the next run of the lab is to be: only what is named changes. */
  v.object({
    type: v.literal('setUp'),
    lab: id,
    scenario: v.optional(id),
    protocol: v.optional(v.picklist(['rest', 'grpc'])),
    message: v.optional(id),
  }),
  /** A lab came into view: its threads may be started, so that its first number comes sooner. */
  v.object({ type: v.literal('labInView'), lab: id }),
  /** How the requests of a 'browse' went, since the last time it was told. */
  v.object({ type: v.literal('browsed'), lab: id, run: v.number(), batch: browseBatch }),
  v.object({ type: v.literal('openConfiguration'), lab: id, arm: id }),
  /** Open the reader's copy of a lab's file at a line, from 1. */
  v.object({ type: v.literal('openLabFile'), lab: id, file: id, line: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  v.object({ type: v.literal('predict'), lab: id, arm: id, shares }),
  /** `hint`: the next one; `compare`: beside the solution; `solve` and `reset`: put the solution, or the start, into the file. */
  v.object({
    type: v.literal('exercise'),
    lab: id,
    exercise: id,
    do: v.picklist(['open', 'check', 'hint', 'compare', 'solve', 'reset']),
  }),
  v.object({ type: v.literal('answer'), quiz: id, answer: v.unknown() }),
  v.object({ type: v.literal('retryQuiz'), quiz: id }),
  v.object({ type: v.literal('view'), view: v.picklist(['course', 'review', 'progress']) }),
  /** On to the next question of the review. */
  v.object({ type: v.literal('nextReview') }),
  /** Show the lab, and the arm of it, that belongs to a question. */
  v.object({ type: v.literal('replay'), quiz: id }),
  /** Forget everything this reader did in the course; the host asks first. */
  v.object({ type: v.literal('resetProgress') }),
  v.object({ type: v.literal('setLanguage'), language: id }),
  v.object({ type: v.literal('openProblem'), file: v.string(), line: v.number(), column: v.number() }),
  /** A heading came into view: progress and the tree follow. */
  v.object({ type: v.literal('section'), anchor: id }),
  /** Speed marks of the page, ms since navigation start. */
  v.object({ type: v.literal('mark'), name: id, atMs: v.number() }),
]);
export type FromWebview = v.InferOutput<typeof fromWebviewSchema>;

/** The message, or null if it is none of ours. `run.params` is checked apart, so that a bad field can be named. */
export function parseFromWebview(value: unknown): FromWebview | null {
  const parsed = v.safeParse(fromWebviewSchema, value);
  return parsed.success ? parsed.output : null;
}

const toWebviewTypes: Record<ToWebview['type'], true> = {
  course: true,
  lab: true,
  snapshot: true,
  listing: true,
  quiz: true,
  refused: true,
  browse: true,
  browseRate: true,
  browseStop: true,
  reveal: true,
  view: true,
  review: true,
  progress: true,
};

/** The host is trusted, but other frames may post too: anything but our own message types is dropped. */
export function parseToWebview(value: unknown): ToWebview | null {
  if (typeof value !== 'object' || value === null) return null;
  const type = (value as { type?: unknown }).type;
  return typeof type === 'string' && Object.hasOwn(toWebviewTypes, type) ? (value as ToWebview) : null;
}
