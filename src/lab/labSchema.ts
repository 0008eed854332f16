import * as v from 'valibot';
import { MEASURES } from '../measurement/findings';
import type { Service } from '../protocol/backendWorker';
import { MESSAGE_KINDS } from '../protocol/messagesService';
import { RUN_LIMITS } from '../protocol/run';
import { exercisesSchema } from './exerciseSchema';

/** The shape of a lab.yaml. What holds between its parts is checked in labDefinition.ts. */

const id = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/));
const translated = v.record(v.string(), v.pipe(v.string(), v.minLength(1)));
const port = v.pipe(v.number(), v.integer(), v.minValue(1024), v.maxValue(65535));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = (limits: { readonly min: number; readonly max: number }) =>
  v.pipe(v.number(), v.integer(), v.minValue(limits.min), v.maxValue(limits.max));

const capacity = v.strictObject({
  slots: v.pipe(v.number(), v.integer(), v.minValue(1)),
  queue: v.pipe(v.number(), v.integer(), v.minValue(0)),
  serviceTimeMs: v.pipe(v.number(), v.minValue(0), v.maxValue(10_000)),
  distribution: v.picklist(['fixed', 'exponential']),
});

/** One line for each kind of Service (protocol/backendWorker.ts). */
const service = v.variant('kind', [
  v.strictObject({ kind: v.literal('orders') }),
  v.strictObject({ kind: v.literal('users'), name: v.optional(id) }),
  v.strictObject({ kind: v.literal('files'), root: v.pipe(v.string(), v.regex(/^[\w-]+(\/[\w-]+)*$/)) }),
  v.strictObject({ kind: v.literal('verifier') }),
  v.strictObject({ kind: v.literal('sessions') }),
  v.strictObject({ kind: v.literal('shop') }),
  v.strictObject({ kind: v.literal('messages') }),
]);

/** What servers of a lab may be. */
export const SERVICE_KINDS: readonly Service['kind'][] = service.options.map(({ entries }) => entries.kind.literal);

/** One line for each kind of WorkloadPlan (protocol/trafficWorker.ts). */
const workload = v.variant('kind', [
  v.strictObject({ kind: v.literal('get-order') }),
  v.strictObject({ kind: v.literal('paths'), by: v.picklist(['path', 'header', 'cookie']) }),
  v.strictObject({ kind: v.literal('orders-by-client') }),
  v.strictObject({
    kind: v.literal('gateway'),
    token: v.picklist(['none', 'good', 'bad', 'expired']),
    ask: v.picklist(['services', 'services-and-files', 'orders', 'unknown']),
  }),
  v.strictObject({ kind: v.literal('sessions') }),
  v.strictObject({ kind: v.literal('summary') }),
  v.strictObject({ kind: v.literal('message'), gzip: v.optional(v.boolean(), false) }),
  v.strictObject({
    kind: v.literal('stream'),
    messages: count({ min: 1, max: 1000 }),
    everyMs: count({ min: 0, max: 10_000 }),
  }),
]);

const population = v.picklist(['spread', 'nat', 'skewed']);

const load = {
  requests: count(RUN_LIMITS.requests),
  concurrency: count(RUN_LIMITS.concurrency),
  clients: count(RUN_LIMITS.clients),
  rate: v.nullable(count(RUN_LIMITS.rate)),
};
const someLoad = v.optional(v.partial(v.strictObject(load)), {});

const server = { id, service: v.optional(service), capacity: v.optional(capacity) };
const client = v.picklist([
  'rest-new-sockets',
  'rest-keepalive',
  'rest-tls',
  'grpc',
  'grpc-web',
  'grpc-client-side',
  'browser-fetch',
  'browser-grpc',
  'browser-grpc-web',
]);
const conf = v.pipe(v.string(), v.regex(/^[\w.-]+$/));
const jsonFile = v.pipe(v.string(), v.regex(/^[\w.-]+\.json$/));
const listen = v.pipe(v.string(), v.regex(/^127\.0\.0\.1:\d+$/));
const variant = v.optional(v.partial(v.strictObject({ client, conf, listen, inner: v.array(listen), workload })));

const event = v.variant('do', [
  v.strictObject({ at: share, do: v.picklist(['kill', 'revive', 'restart', 'heal', 'drain']), server: id }),
  v.strictObject({
    at: share,
    do: v.literal('slow'),
    server: id,
    factor: v.pipe(v.number(), v.minValue(1), v.maxValue(1000)),
  }),
  v.strictObject({ at: share, do: v.literal('fail'), server: id, rate: share }),
  v.strictObject({ at: share, do: v.picklist(['add', 'kill-store', 'revive-store']) }),
  v.strictObject({ at: share, do: v.literal('rate'), requestsPerSecond: count(RUN_LIMITS.rate) }),
  v.strictObject({ at: share, do: v.literal('population'), population }),
]);

export const labSchema = v.strictObject({
  id,
  title: translated,
  goal: translated,
  servers: v.pipe(v.array(v.strictObject(server)), v.minLength(1)),
  spares: v.optional(
    v.array(v.strictObject({ ...server, ports: v.partial(v.strictObject({ rest: port, grpc: port })) })),
    [],
  ),
  capacity,
  store: v.optional(v.strictObject({ port })),
  defaults: v.strictObject(load),
  measures: v.optional(v.array(v.picklist(MEASURES)), []),
  messages: v.optional(
    v.array(v.strictObject({ id: v.picklist(MESSAGE_KINDS), title: translated, file: jsonFile })),
    [],
  ),
  scenarios: v.optional(
    v.array(
      v.strictObject({
        id,
        title: translated,
        population: v.optional(population),
        capacity: v.optional(capacity),
        defaults: someLoad,
        events: v.optional(v.array(event), []),
      }),
    ),
    [],
  ),
  arms: v.pipe(
    v.array(
      v.strictObject({
        id,
        title: translated,
        client,
        workload: v.optional(workload),
        conf,
        listen: v.optional(listen),
        upstream: v.optional(v.string()),
        inner: v.optional(v.array(listen), []),
        maxConnectionAgeMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(50))),
        population: v.optional(population),
        store: v.optional(v.boolean(), false),
        defaults: someLoad,
        variants: v.optional(v.strictObject({ rest: variant, grpc: variant }), {}),
      }),
    ),
    v.minLength(1),
  ),
  exercises: v.optional(exercisesSchema, []),
});
