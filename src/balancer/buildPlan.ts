import { message, renderMessage } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { ConfFile } from '../conf/ast';
import { parseConf } from '../conf/parse';
import { assembleHttp } from './directives/assembleHttp';
import { assembleStream } from './directives/assembleStream';
import {
  daemon,
  errorLog,
  eventsBlock,
  httpBlock,
  pid,
  shutdownTimeout,
  streamBlock,
  workerConnections,
} from './directives/main';
import { notYet } from './directives/notYet';
import { type ConfFiles, readConf } from './directives/read';
import type { Plan } from './plan';

/** A configuration as text; the path is for problems, and where relative `include`s start. */
export interface ConfText {
  readonly path: string;
  readonly text: string;
}

export interface PlanOptions {
  /** For `include`; absent: a file that includes others is refused. */
  readonly files?: ConfFiles;
  /** Features to refuse as not supported yet; absent: what the proxies cannot do. */
  readonly notYet?: ReadonlySet<string>;
  /** Directives of the outermost level that come before the file's, from a command line. */
  readonly globals?: string;
}

/** Reads a configuration's text. The error holds every problem of the file and of those it includes, in order. */
export function readPlan(conf: ConfText, options: PlanOptions = {}): Result<Plan, readonly Problem[]> {
  const { file, problems } = parseConf(conf.path, conf.text);
  return buildPlan(file, options, problems);
}

/** Turns a syntax tree (and the problems its parser found) into a plan. */
export function buildPlan(
  file: ConfFile,
  options: PlanOptions = {},
  syntax: readonly Problem[] = [],
): Result<Plan, readonly Problem[]> {
  const globals = parseConf('command line', options.globals ?? '');
  const conf = readConf(file, [...globals.problems, ...syntax], {
    files: options.files ?? null,
    notYet: options.notYet ?? notYet,
    globals: globals.file,
  });
  const { main, reading } = conf;
  const httpScope = main.get(httpBlock);
  const streamScope = main.get(streamBlock);
  const events = main.get(eventsBlock);
  if (events === null && syntax.length === 0) {
    reading.error(
      wholeFile(file),
      message('no "events" section in configuration'),
      message('Add "events { }" to the file.'),
    );
  }
  const http = httpScope === null ? null : assembleHttp(httpScope, reading);
  const stream = streamScope === null ? null : assembleStream(streamScope, reading);
  const listening = [...(http?.servers ?? []), ...(stream?.servers ?? [])].flatMap((server) => server.listens).length;
  const connections = events?.get(workerConnections) ?? workerConnections.initial;
  if (events !== null && connections < Math.max(1, listening)) {
    reading.error(
      events.source(workerConnections)?.headSpan ?? wholeFile(file),
      message('{connections} worker_connections are not enough for {listening} listening sockets', {
        connections,
        listening,
      }),
    );
  }
  conf.finish();
  const problems = inOrder(conf.problems, file.path);
  if (problems.some((problem) => problem.severity === 'error')) return err(problems);
  return ok({
    main: {
      pid: main.get(pid),
      daemon: main.get(daemon),
      errorLog: main.get(errorLog)[0] ?? null,
      errorLogs: main.get(errorLog),
      workerConnections: connections,
      shutdownTimeoutMs: main.get(shutdownTimeout),
    },
    http,
    stream,
    notes: problems,
  });
}

function wholeFile(file: ConfFile): Problem['span'] {
  return { file: file.path, line: 1, column: 1, endLine: 1, endColumn: 1 };
}

/** The main file's problems first, each file's from top to bottom, each only once. */
function inOrder(problems: readonly Problem[], mainFile: string): readonly Problem[] {
  const files = [...new Set([mainFile, ...problems.map((problem) => problem.span.file)])];
  const seen = new Set<string>();
  const key = (p: Problem) => `${p.span.file}:${p.span.line}:${p.span.column}:${renderMessage(p.message)}`;
  return problems
    .filter((problem) => !seen.has(key(problem)) && seen.add(key(problem)))
    .sort(
      (a, b) =>
        files.indexOf(a.span.file) - files.indexOf(b.span.file) ||
        a.span.line - b.span.line ||
        a.span.column - b.span.column,
    );
}
