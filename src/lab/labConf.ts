import * as path from 'node:path';
import { buildPlan } from '../balancer/buildPlan';
import type { Plan } from '../balancer/plan';
import { systemClock } from '../base/clock';
import { ReaderError } from '../base/errors';
import { message, renderMessage } from '../base/message';
import type { Problem, Span } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { ConfFile, Directive } from '../conf/ast';
import { insertDirectiveAfter, replaceSpan } from '../conf/edit';
import { parseConf } from '../conf/parse';
import type { ConfSource, NamedFiles } from '../protocol/balancerWorker';
import { type ArmWiring, type WiredBackend, wireArm } from './armWiring';
import { Authority } from './certificates/authority';
import { LabConfFiles } from './confFiles';
import { boundsProblems } from './labBounds';
import type { ArmDefinition, LabDefinition } from './labDefinition';
import { readLabFile } from './labFiles';
import type { MovedPort } from './portClaims';

/** A configuration that was refused; every problem has its place. */
export class ConfProblems extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(
      problems
        .map(({ span, message }) => `${span.file}:${span.line}:${span.column} ${renderMessage(message)}`)
        .join('\n'),
    );
    this.name = 'ConfProblems';
  }
}

/** An arm's configuration, checked and understood. */
export interface PreparedConf {
  readonly path: string;
  readonly text: string;
  readonly file: ConfFile;
  /** Everything it names, certificates among it. */
  readonly files: NamedFiles;
  /** Whether some of that lies on the disk, where it may change while this text does not. */
  readonly readsDisk: boolean;
  /** Who vouches for those certificates. */
  readonly authority: Authority;
  readonly wiring: ArmWiring;
}

/** Reads the arm's configuration (or takes the one given) and finds its servers. Throws ConfProblems. */
export async function prepareConf(
  definition: LabDefinition,
  arm: ArmDefinition,
  conf?: ConfSource,
  authority?: Authority,
): Promise<PreparedConf> {
  const file = conf?.path ?? path.join(definition.folder, arm.conf);
  const source: Result<string, readonly Problem[]> =
    conf === undefined ? await readLabFile(definition.folder, arm.conf) : ok(conf.text);
  if (!source.ok) throw new ConfProblems(source.error);
  const prepared = understandConf(definition, arm, file, source.value, authority);
  if (!prepared.ok) throw new ConfProblems(prepared.error);
  return prepared.value;
}

/** Parses, validates and wires a configuration text. All problems at once. */
export function understandConf(
  definition: LabDefinition,
  arm: ArmDefinition,
  file: string,
  text: string,
  authority: Authority = new Authority(systemClock()),
): Result<PreparedConf, readonly Problem[]> {
  const parsed = parseConf(file, text);
  const files = new LabConfFiles(definition, file, authority);
  const plan = buildPlan(parsed.file, { files });
  const problems = [...parsed.problems, ...(plan.ok ? [] : plan.error)].filter(({ severity }) => severity === 'error');
  if (!plan.ok || problems.length > 0) return err(problems);
  const outOfBounds = boundsProblems(plan.value, parsed.file);
  if (outOfBounds.length > 0) return err(outOfBounds);
  const wiring = wireArm(definition, arm, plan.value, file);
  return wiring.ok
    ? ok({
        path: file,
        text,
        file: parsed.file,
        files: files.named,
        readsDisk: files.readsDisk,
        authority,
        wiring: wiring.value,
      })
    : wiring;
}

/**
 * Everything worth saying about a lab's configuration file, for whichever of its arms: errors, warnings and notes, in
 * the order of the file. An error that two arms share is said once, and a line that is out of bounds has one error.
 * `moved`: what a run that goes on could not have as the file declares it.
 */
export function confProblems(
  definition: LabDefinition,
  confFile: string,
  file: string,
  text: string,
  moved: readonly MovedPort[] = [],
): readonly Problem[] {
  const parsed = parseConf(file, text);
  const files = new LabConfFiles(definition, file, new Authority(systemClock()));
  const plan = buildPlan(parsed.file, { files }, parsed.problems);
  const found = [...(plan.ok ? plan.value.notes : plan.error)];
  if (plan.ok) {
    const bounds = boundsProblems(plan.value, parsed.file);
    const told = new Set(bounds.map(({ span }) => span.line));
    found.push(...bounds, ...movedProblems(plan.value, moved));
    for (const arm of definition.arms.filter((candidate) => candidate.conf === confFile)) {
      const wiring = wireArm(definition, arm, plan.value, file);
      if (!wiring.ok) found.push(...wiring.error.filter(({ span }) => !told.has(span.line)));
    }
  }
  return uniqueProblems(found).toSorted((a, b) => a.span.line - b.span.line || a.span.column - b.span.column);
}

/** Without those that say the same of the same place. */
export function uniqueProblems(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ span, message: text }) => {
    const key = `${span.file}:${span.line}:${span.column}:${text.text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The first of the lab's spare servers that the configuration does not name yet, as it would join; else undefined. */
export function nextSpare(definition: LabDefinition, wiring: ArmWiring): Omit<WiredBackend, 'address'> | undefined {
  const protocol = wiring.backends[0]?.protocol ?? 'grpc';
  const spare = definition.spares.find(
    ({ id, ports }) => ports[protocol] !== undefined && !wiring.backends.some((backend) => backend.id === id),
  );
  const port = spare?.ports[protocol];
  return spare === undefined || port === undefined
    ? undefined
    : { id: spare.id, protocol, tls: wiring.backends[0]?.tls ?? false, port };
}

/** The configuration with one more server line behind the last of the arm's upstream. Throws ConfProblems. */
export function withAddedServer(
  definition: LabDefinition,
  arm: ArmDefinition,
  conf: PreparedConf,
  server: { readonly id: string; readonly protocol: string; readonly tls?: boolean; readonly port: number },
): PreparedConf {
  const last = conf.wiring.upstream.servers.at(-1);
  if (last !== undefined && last.span.file !== conf.path) {
    throw new ReaderError(
      'included',
      message('The servers stand in another file, {file}: add a line there.', { file: last.span.file }),
    );
  }
  const line = last === undefined ? undefined : directiveAt(conf.file.directives, last.span.line, last.span.column);
  if (line === undefined) throw new Error('an upstream of a checked configuration has a server line');
  // The newcomer gets the same parameters as the server above it, but works at once.
  const parameters = line.args.slice(1).map((word) => word.value);
  const words = ['server', `127.0.0.1:${server.port}`, ...parameters.filter((word) => !IDLE.has(word))];
  const added = `${words.join(' ')}; # lab: backend ${server.id} ${server.protocol}${server.tls === true ? '-tls' : ''}`;
  const edited = understandConf(
    definition,
    arm,
    conf.path,
    insertDirectiveAfter(conf.file, line, added),
    conf.authority,
  );
  if (!edited.ok) throw new ConfProblems(edited.error);
  return edited.value;
}

/** Parameters that keep a server from getting requests, for the time being or for good. */
const IDLE: ReadonlySet<string> = new Set(['down', 'backup']);

/** The configuration with `down` on every line of a server, or without it. Throws ConfProblems. */
export function withDrained(
  definition: LabDefinition,
  arm: ArmDefinition,
  conf: PreparedConf,
  server: string,
  drained: boolean,
): PreparedConf {
  const spans = conf.wiring.upstreams
    .flatMap(({ servers }) => servers)
    .filter(({ lab, span }) => lab?.serverId === server && span.file === conf.path)
    .map(({ span }) => span)
    // From the end, so that the places before stay where they are.
    .toSorted((a, b) => b.line - a.line || b.column - a.column);
  let text = conf.text;
  for (const span of spans) {
    const line = directiveAt(conf.file.directives, span.line, span.column);
    const words = line?.args ?? [];
    const down = words.findIndex(({ value }) => value === 'down');
    const last = words.at(-1);
    if (last === undefined || drained === down >= 0) continue;
    const before = words[down - 1];
    const word = words[down];
    if (drained)
      text = replaceSpan(text, { ...last.span, line: last.span.endLine, column: last.span.endColumn }, ' down');
    else if (before !== undefined && word !== undefined) {
      // With the white space before it.
      text = replaceSpan(text, { ...word.span, line: before.span.endLine, column: before.span.endColumn }, '');
    }
  }
  const edited = understandConf(definition, arm, conf.path, text, conf.authority);
  if (!edited.ok) throw new ConfProblems(edited.error);
  return edited.value;
}

function directiveAt(directives: readonly Directive[], line: number, column: number): Directive | undefined {
  for (const directive of directives) {
    if (directive.span.line === line && directive.span.column === column) return directive;
    const inner = directive.block === null ? undefined : directiveAt(directive.block, line, column);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** A warning at each line that declares an address which was taken when the run began. */
function movedProblems({ http, stream }: Plan, moved: readonly MovedPort[]): readonly Problem[] {
  const lines: readonly { readonly address: string; readonly span: Span }[] = [
    ...[...(stream?.servers ?? []), ...(http?.servers ?? [])]
      .flatMap(({ listens }) => listens)
      .map(({ declared, span }) => ({ address: declared, span })),
    ...[...(stream?.upstreams ?? []), ...(http?.upstreams ?? [])].flatMap(({ servers }) => servers),
  ];
  return moved.flatMap(({ declared, actual }) =>
    lines
      .filter(({ address }) => address === declared)
      .map(({ span }) => ({
        severity: 'warning' as const,
        message: message('{declared} was taken, so {actual} is used. Policies still see {declared}.', {
          declared,
          actual,
        }),
        span,
      })),
  );
}
