import * as path from 'node:path';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import { checkYaml, readYaml } from '../base/yamlSource';
import type { Measure } from '../measurement/findings';
import { type BackendProtocol, type Capacity, nameOfService, type Service } from '../protocol/backendWorker';
import type { PageClientKind } from '../protocol/browse';
import type { MessageKind } from '../protocol/messagesService';
import type { LoadParams, RunParams } from '../protocol/run';
import type { ClientKind, Population, WorkloadPlan } from '../protocol/trafficWorker';
import { type ExerciseDefinition, readExercises } from './exercise';
import { labSchema } from './labSchema';

/** A lab as its lab.yaml says it, checked. The configurations it names are read when an arm is prepared. */
export interface LabDefinition {
  readonly id: string;
  /** Absolute path of the lab's folder. */
  readonly folder: string;
  readonly title: Translated;
  readonly goal: Translated;
  readonly servers: readonly LabServerDefinition[];
  readonly spares: readonly SpareServer[];
  readonly capacity: Capacity;
  /** Where the store listens that servers of some arms share; null: the lab has none. */
  readonly store: { readonly port: number } | null;
  readonly defaults: Omit<RunParams, 'seed'>;
  readonly measures: readonly Measure[];
  /** What may happen during a run; the first is the default. Empty: the lab has none. */
  readonly scenarios: readonly ScenarioDefinition[];
  /** Messages that an arm may send; the first is the default. Empty: the lab has none. */
  readonly messages: readonly MessageDefinition[];
  readonly arms: readonly ArmDefinition[];
  /** What the reader mends, and traffic checks; empty: the lab has none. */
  readonly exercises: readonly ExerciseDefinition[];
}

/** A message that the reader may edit. */
export interface MessageDefinition {
  /** Which type of messages.proto it is of. */
  readonly id: MessageKind;
  readonly title: Translated;
  /** JSON, relative to the lab's folder. */
  readonly file: string;
}

/** Text by language id ("ko", "en"). */
export type Translated = Readonly<Record<string, string>>;

export interface LabServerDefinition {
  readonly id: string;
  readonly service: Service;
  /** Its own, where it differs from the lab's. */
  readonly capacity: Capacity | null;
}

/** A server that "add a server" brings in; its ports by protocol. */
export interface SpareServer extends LabServerDefinition {
  readonly ports: Readonly<Partial<Record<BackendProtocol, number>>>;
}

export interface ArmDefinition {
  readonly id: string;
  readonly title: Translated;
  readonly client: ClientKind;
  readonly workload: WorkloadPlan;
  /** Configuration file, relative to the folder. */
  readonly conf: string;
  /** The client dials this listener of the configuration ... */
  readonly listen: string | null;
  /** ... or, with client-side balancing, the servers of this upstream. Exactly one of the two is set. */
  readonly upstream: string | null;
  /** Listeners of the configuration that the lab's own servers call. */
  readonly inner: readonly string[];
  readonly maxConnectionAgeMs: number | null;
  /** Who the clients are, unless the scenario says otherwise; null: requests do not tell. */
  readonly population: Population | null;
  /** Its servers share the lab's store. */
  readonly store: boolean;
  /** What this arm's load is by default, where it differs from the lab's. */
  readonly defaults: Partial<LoadParams>;
  /** The same arm over the other protocol. */
  readonly variants: Readonly<Partial<Record<BackendProtocol, ArmVariant>>>;
}

export type ArmVariant = Partial<Pick<ArmDefinition, 'client' | 'conf' | 'listen' | 'inner' | 'workload'>>;

/** Something that happens in a run: always at the same requests, so that runs of different arms compare. */
export interface ScenarioDefinition {
  readonly id: string;
  readonly title: Translated;
  readonly population: Population | null;
  readonly capacity: Capacity | null;
  readonly defaults: Partial<LoadParams>;
  readonly events: readonly ScenarioEvent[];
}

/** `at` is the share of the run's requests that have been sent, 0 to 1. */
export type ScenarioEvent = { readonly at: number } & ScenarioAction;

export type ScenarioAction =
  | { readonly do: 'kill' | 'revive' | 'restart' | 'heal' | 'drain'; readonly server: string }
  | { readonly do: 'slow'; readonly server: string; readonly factor: number }
  | { readonly do: 'fail'; readonly server: string; readonly rate: number }
  | { readonly do: 'add' | 'kill-store' | 'revive-store' }
  | { readonly do: 'rate'; readonly requestsPerSecond: number }
  | { readonly do: 'population'; readonly population: Population };

/** Reads a lab.yaml. All problems at once, each with file, line and column. */
export function parseLabDefinition(
  text: string,
  file: string,
  folder: string,
): Result<LabDefinition, readonly Problem[]> {
  const source = readYaml(text, file);
  if (!source.ok) return source;
  const checked = checkYaml(source.value, labSchema);
  if (!checked.ok) return checked;
  const raw = checked.value;
  const problems: Problem[] = [];
  const problem = (path: (string | number)[], text: ReturnType<typeof message>): void => {
    problems.push({ severity: 'error', message: text, span: source.value.locate(path) });
  };
  duplicates(raw.arms.map((arm) => arm.id)).forEach((index) => {
    problem(['arms', index, 'id'], message('Two arms have the id “{id}”.', { id: raw.arms[index]?.id ?? '' }));
  });
  duplicates(raw.scenarios.map((scenario) => scenario.id)).forEach((index) => {
    const id = raw.scenarios[index]?.id ?? '';
    problem(['scenarios', index, 'id'], message('Two scenarios have the id “{id}”.', { id }));
  });
  const servers = [...raw.servers, ...raw.spares].map((server) => server.id);
  duplicates(servers).forEach((index) => {
    const path = index < raw.servers.length ? ['servers', index, 'id'] : ['spares', index - raw.servers.length, 'id'];
    problem(path, message('Two servers have the id “{id}”.', { id: servers[index] ?? '' }));
  });
  duplicates(raw.messages.map(({ id }) => id)).forEach((index) => {
    const id = raw.messages[index]?.id ?? '';
    problem(['messages', index, 'id'], message('Two messages have the id “{id}”.', { id }));
  });
  raw.scenarios.forEach((scenario, index) => {
    scenario.events.forEach((event, place) => {
      if ('server' in event && !servers.includes(event.server)) {
        const text = message('The lab has no server “{id}”; it has {names}.', {
          id: event.server,
          names: servers.join(', '),
        });
        problem(['scenarios', index, 'events', place, 'server'], text);
      }
    });
  });
  raw.arms.forEach((arm, index) => {
    if ((arm.listen === undefined) === (arm.upstream === undefined)) {
      problem(['arms', index], message('An arm needs either “listen” or “upstream”.'));
    }
    if (arm.store && raw.store === undefined) {
      problem(['arms', index, 'store'], message('This arm needs a store, and the lab says no “store” with its port.'));
    }
    if (arm.upstream !== undefined && arm.client !== 'grpc-client-side') {
      problem(['arms', index, 'upstream'], message('Only a client that balances by itself dials an upstream.'));
    }
  });
  const exercises = readExercises(raw.exercises, raw, (path, text) => problem(['exercises', ...path], text));
  if (problems.length > 0) return err(problems);
  const serviceOf = (service: (typeof raw.servers)[number]['service']): Service => {
    if (service === undefined) return { kind: 'orders' };
    return service.kind === 'files' ? { ...service, root: path.join(folder, service.root) } : present(service);
  };
  const getOrder: WorkloadPlan = { kind: 'get-order' };
  return ok({
    id: raw.id,
    folder,
    title: raw.title,
    goal: raw.goal,
    servers: raw.servers.map(({ id, service, capacity }) => ({
      id,
      service: serviceOf(service),
      capacity: capacity ?? null,
    })),
    spares: raw.spares.map(({ id, ports, service, capacity }) => ({
      id,
      ports: present(ports),
      service: serviceOf(service),
      capacity: capacity ?? null,
    })),
    capacity: raw.capacity,
    store: raw.store ?? null,
    defaults: {
      ...raw.defaults,
      scenario: raw.scenarios[0]?.id ?? null,
      protocol: null,
      message: raw.messages[0]?.id ?? null,
    },
    measures: raw.measures,
    messages: raw.messages,
    scenarios: raw.scenarios.map((scenario) => ({
      id: scenario.id,
      title: scenario.title,
      population: scenario.population ?? null,
      capacity: scenario.capacity ?? null,
      defaults: present(scenario.defaults),
      // A mark per event, in the order in which they come.
      events: scenario.events.toSorted((a, b) => a.at - b.at),
    })),
    arms: raw.arms.map((arm) => ({
      id: arm.id,
      title: arm.title,
      client: arm.client,
      workload: arm.workload ?? getOrder,
      conf: arm.conf,
      listen: arm.listen ?? null,
      upstream: arm.upstream ?? null,
      inner: arm.inner,
      maxConnectionAgeMs: arm.maxConnectionAgeMs ?? null,
      population: arm.population ?? null,
      store: arm.store,
      defaults: present(arm.defaults),
      variants: present({
        rest: arm.variants.rest === undefined ? undefined : present(arm.variants.rest),
        grpc: arm.variants.grpc === undefined ? undefined : present(arm.variants.grpc),
      }),
    })),
    exercises,
  });
}

/** The arm as it runs over a protocol; one that has no such variant stays as it is. */
export function armOver(arm: ArmDefinition, protocol: BackendProtocol | null): ArmDefinition {
  const variant = protocol === null ? undefined : arm.variants[protocol];
  return variant === undefined ? arm : { ...arm, ...variant };
}

/**
 * What a course may call an arm: its id, or, for the arm under one of the lab's scenarios, "round-robin@one-slow". Results
 * are kept by these names, too.
 */
export function armNames({ arms, scenarios }: LabDefinition): readonly string[] {
  return arms.flatMap(({ id }) => [id, ...scenarios.map((scenario) => nameUnder(id, scenario.id))]);
}

export function nameUnder(arm: string, scenario: string): string {
  return `${arm}@${scenario}`;
}

/** The two parts of such a name; no scenario: whichever. */
export function partsOfName(name: string): { readonly arm: string; readonly scenario: string | null } {
  const [arm = '', scenario = null] = name.split('@');
  return { arm, scenario };
}

/** What a run of the arm is when nothing is said: the lab's load, changed by the scenario, then by the arm. */
export function defaultsOf(
  definition: LabDefinition,
  arm: ArmDefinition,
  scenario: string | null = definition.defaults.scenario,
): Omit<RunParams, 'seed'> {
  const chosen = definition.scenarios.find(({ id }) => id === scenario);
  return {
    ...definition.defaults,
    ...chosen?.defaults,
    ...arm.defaults,
    scenario: chosen?.id ?? definition.defaults.scenario,
  };
}

/** The kind of client where the arm's is the course page; null: a thread of the lab sends. */
export function pageClientOf({ client }: ArmDefinition): PageClientKind | null {
  return client === 'browser-fetch' || client === 'browser-grpc' || client === 'browser-grpc-web' ? client : null;
}

/** Protocols that a reader may choose between in this lab; empty: each arm has its own. */
export function protocolsOf(definition: LabDefinition): readonly BackendProtocol[] {
  const all: readonly BackendProtocol[] = ['rest', 'grpc'];
  return definition.arms.some((arm) => Object.keys(arm.variants).length > 0) ? all : [];
}

/** All the servers of the lab, those that may still join among them. */
export function everyServer(definition: LabDefinition): readonly LabServerDefinition[] {
  return [...definition.servers, ...definition.spares];
}

/** What each server does, by its id. */
export function servicesOf(definition: LabDefinition): Readonly<Record<string, string>> {
  return Object.fromEntries(everyServer(definition).map(({ id, service }) => [id, nameOfService(service)]));
}

function duplicates(ids: readonly string[]): number[] {
  return ids.flatMap((value, index) => (ids.indexOf(value) < index ? [index] : []));
}

/** Without the fields that are undefined: exactOptionalPropertyTypes tells the two apart. */
function present<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

/** The text in the language, else in English, else whatever there is. */
export function inLanguage(text: Translated, language: string): string {
  return text[language] ?? text.en ?? Object.values(text)[0] ?? '';
}
