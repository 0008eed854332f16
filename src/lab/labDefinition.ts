import * as v from 'valibot';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import { checkYaml, readYaml } from '../base/yamlSource';
import type { Capacity } from '../protocol/backendWorker';
import { RUN_LIMITS, type RunParams } from '../protocol/run';
import type { ClientKind } from '../protocol/trafficWorker';

/** A lab as its lab.yaml says it, checked. The configurations it names are read when an arm is prepared. */
export interface LabDefinition {
  readonly id: string;
  /** Absolute path of the lab's folder. */
  readonly folder: string;
  readonly title: Translated;
  readonly goal: Translated;
  readonly serverIds: readonly string[];
  readonly spares: readonly SpareServer[];
  readonly capacity: Capacity;
  readonly defaults: Omit<RunParams, 'seed'>;
  readonly arms: readonly ArmDefinition[];
}

/** Text by language id ("ko", "en"). */
export type Translated = Readonly<Record<string, string>>;

/** A server that "add a server" brings in; its ports by protocol. */
export interface SpareServer {
  readonly id: string;
  readonly ports: Readonly<Record<'rest' | 'grpc', number>>;
}

export interface ArmDefinition {
  readonly id: string;
  readonly title: Translated;
  readonly client: ClientKind;
  /** Configuration file, relative to the folder. */
  readonly conf: string;
  /** The client dials this listener of the configuration ... */
  readonly listen: string | null;
  /** ... or, with client-side balancing, the servers of this upstream. Exactly one of the two is set. */
  readonly upstream: string | null;
  readonly maxConnectionAgeMs: number | null;
}

const id = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/));
const translated = v.record(v.string(), v.pipe(v.string(), v.minLength(1)));
const port = v.pipe(v.number(), v.integer(), v.minValue(1024), v.maxValue(65535));
const count = (limits: { readonly min: number; readonly max: number }) =>
  v.pipe(v.number(), v.integer(), v.minValue(limits.min), v.maxValue(limits.max));

const schema = v.strictObject({
  id,
  title: translated,
  goal: translated,
  servers: v.pipe(v.array(v.strictObject({ id })), v.minLength(1)),
  spares: v.optional(v.array(v.strictObject({ id, ports: v.strictObject({ rest: port, grpc: port }) })), []),
  capacity: v.strictObject({
    slots: v.pipe(v.number(), v.integer(), v.minValue(1)),
    queue: v.pipe(v.number(), v.integer(), v.minValue(0)),
    serviceTimeMs: v.pipe(v.number(), v.minValue(0), v.maxValue(10_000)),
    distribution: v.picklist(['fixed', 'exponential']),
  }),
  defaults: v.strictObject({
    requests: count(RUN_LIMITS.requests),
    concurrency: count(RUN_LIMITS.concurrency),
    clients: count(RUN_LIMITS.clients),
    rate: v.nullable(count(RUN_LIMITS.rate)),
  }),
  arms: v.pipe(
    v.array(
      v.strictObject({
        id,
        title: translated,
        client: v.picklist(['rest-new-sockets', 'rest-keepalive', 'grpc', 'grpc-client-side']),
        conf: v.pipe(v.string(), v.regex(/^[\w.-]+$/)),
        listen: v.optional(v.pipe(v.string(), v.regex(/^127\.0\.0\.1:\d+$/))),
        upstream: v.optional(v.string()),
        maxConnectionAgeMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(50))),
      }),
    ),
    v.minLength(1),
  ),
});

/** Reads a lab.yaml. All problems at once, each with file, line and column. */
export function parseLabDefinition(
  text: string,
  file: string,
  folder: string,
): Result<LabDefinition, readonly Problem[]> {
  const source = readYaml(text, file);
  if (!source.ok) return source;
  const checked = checkYaml(source.value, schema);
  if (!checked.ok) return checked;
  const raw = checked.value;
  const problems: Problem[] = [];
  const problem = (path: (string | number)[], text: ReturnType<typeof message>): void => {
    problems.push({ severity: 'error', message: text, span: source.value.locate(path) });
  };
  duplicates(raw.arms.map((arm) => arm.id)).forEach((index) => {
    problem(['arms', index, 'id'], message('Two arms have the id “{id}”.', { id: raw.arms[index]?.id ?? '' }));
  });
  const servers = [...raw.servers, ...raw.spares].map((server) => server.id);
  duplicates(servers).forEach((index) => {
    const path = index < raw.servers.length ? ['servers', index, 'id'] : ['spares', index - raw.servers.length, 'id'];
    problem(path, message('Two servers have the id “{id}”.', { id: servers[index] ?? '' }));
  });
  raw.arms.forEach((arm, index) => {
    if ((arm.listen === undefined) === (arm.upstream === undefined)) {
      problem(['arms', index], message('An arm needs either “listen” or “upstream”.'));
    }
    if (arm.upstream !== undefined && arm.client !== 'grpc-client-side') {
      problem(['arms', index, 'upstream'], message('Only a client that balances by itself dials an upstream.'));
    }
  });
  if (problems.length > 0) return err(problems);
  return ok({
    id: raw.id,
    folder,
    title: raw.title,
    goal: raw.goal,
    serverIds: raw.servers.map((server) => server.id),
    spares: raw.spares,
    capacity: raw.capacity,
    defaults: raw.defaults,
    arms: raw.arms.map((arm) => ({
      id: arm.id,
      title: arm.title,
      client: arm.client,
      conf: arm.conf,
      listen: arm.listen ?? null,
      upstream: arm.upstream ?? null,
      maxConnectionAgeMs: arm.maxConnectionAgeMs ?? null,
    })),
  });
}

function duplicates(ids: readonly string[]): number[] {
  return ids.flatMap((value, index) => (ids.indexOf(value) < index ? [index] : []));
}

/** The text in the language, else in English, else whatever there is. */
export function inLanguage(text: Translated, language: string): string {
  return text[language] ?? text.en ?? Object.values(text)[0] ?? '';
}
