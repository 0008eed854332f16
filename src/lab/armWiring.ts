import type { Plan, ServerPlan, UpstreamPlan } from '../balancer/plan';
import { message } from '../base/message';
import type { Problem, Span } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { BackendProtocol, Service } from '../protocol/backendWorker';
import type { Topology, TopologyNode } from '../protocol/run';
import type { ClientKind } from '../protocol/trafficWorker';
import { type ArmDefinition, everyServer, type LabDefinition } from './labDefinition';
import { handlersOf, passTargets } from './passTargets';
import { type ArmPipeline, pipelineOf } from './pipelineOf';

/** What an arm needs to run: read from its configuration, where the ports and the servers stand. */
export interface ArmWiring {
  readonly layer: 'l4' | 'l7' | 'client-side';
  /** The first upstream that the arm's traffic may go to: where a further server joins. */
  readonly upstream: UpstreamPlan;
  /** Every upstream that it may go to. */
  readonly upstreams: readonly UpstreamPlan[];
  /** Their servers; one that speaks two protocols stands here twice. */
  readonly backends: readonly WiredBackend[];
  /** Listener the client dials, as declared; null with client-side balancing. */
  readonly listen: string | null;
  /** Every listener the arm needs: that one, those it passes traffic on to, and those the lab's own servers call. */
  readonly listeners: readonly string[];
  /** Where a gateway limits or checks; null: it only spreads. */
  readonly pipeline: ArmPipeline | null;
  /** What the servers behind `listen` may ask; null: they ask nobody. */
  readonly inside: InsideWiring | null;
}

/** The second tier of an arm: the servers that only other servers of the lab reach. */
export interface InsideWiring {
  /** The arm's inner listeners, as declared. */
  readonly listeners: readonly string[];
  /** Ids of the servers behind them. */
  readonly servers: readonly string[];
  /** Which service stands behind which of the listeners, and what it speaks. */
  readonly calls: readonly {
    readonly service: Service['kind'];
    readonly protocol: BackendProtocol;
    readonly listen: string;
  }[];
}

export interface WiredBackend {
  readonly id: string;
  readonly protocol: BackendProtocol;
  /** It is spoken over TLS ("rest-tls"). */
  readonly tls: boolean;
  readonly port: number;
  /** "127.0.0.1:28201", as declared. */
  readonly address: string;
}

/** Finds the upstream an arm's traffic goes to, and the servers behind it. Problems point into the configuration. */
export function wireArm(
  definition: LabDefinition,
  arm: ArmDefinition,
  plan: Plan,
  file: string,
): Result<ArmWiring, readonly Problem[]> {
  const top: Span = { file, line: 1, column: 1, endLine: 1, endColumn: 1 };
  const problem = (text: ReturnType<typeof message>, span: Span) =>
    err([{ severity: 'error' as const, message: text, span }]);
  const found =
    arm.listen === null ? upstreamNamed(plan, arm.upstream ?? '') : behind(plan, [arm.listen, ...arm.inner]);
  const [upstream] = found?.upstreams ?? [];
  if (found === null || upstream === undefined) {
    return arm.listen === null
      ? problem(message('This lab needs an upstream “{name}” here.', { name: arm.upstream ?? '' }), top)
      : problem(
          message('This lab sends its traffic to {listen}, but nothing listens there.', {
            listen: [arm.listen, ...arm.inner].find((listen) => siteAt(plan, listen) === null) ?? arm.listen,
          }),
          strayListen(definition, arm.conf, plan) ?? top,
        );
  }
  const known = new Set(everyServer(definition).map(({ id }) => id));
  const problems: Problem[] = [];
  const backends: WiredBackend[] = [];
  for (const server of found.upstreams.flatMap(({ servers }) => servers)) {
    if (found.listeners.some((listener) => listener === server.address)) continue;
    const inPass = found.upstreams.some((each) => each.implicit && each.servers.includes(server));
    const backend = wireBackend(server, known, inPass);
    if (!('address' in backend)) problems.push(backend);
    // A server may stand in several lines (nginx adds up their weights); it is one server all the same.
    else if (!backends.some(({ id, protocol }) => id === backend.id && protocol === backend.protocol)) {
      backends.push(backend);
    }
  }
  if (problems.length > 0) return err(problems);
  const inside = insideOf(definition, arm, plan);
  const missing = inside === null ? null : missingService(definition, inside, backends);
  if (inside !== null && missing !== null) {
    const text = message('The edge asks {listen} for the service “{service}”, but no server behind it has that.', {
      listen: inside.listeners.join(', '),
      service: missing,
    });
    return problem(text, listenAt(plan, inside.listeners) ?? top);
  }
  return ok({
    layer: arm.listen === null ? 'client-side' : found.layer,
    upstream,
    upstreams: found.upstreams,
    backends,
    listen: arm.listen,
    listeners: found.listeners,
    pipeline: arm.listen === null ? null : pipelineOf(plan, arm.listen),
    inside,
  });
}

/** Ids of the servers that are to get nothing new: all their lines are marked `down`. */
export function drainedIn({ upstreams }: Pick<ArmWiring, 'upstreams'>): readonly string[] {
  const lines = upstreams.flatMap(({ servers }) => servers);
  const ids = new Set(lines.flatMap(({ lab }) => lab?.serverId ?? []));
  return [...ids].filter((id) => lines.every(({ lab, down }) => lab?.serverId !== id || down));
}

/** Null where the arm has no inner listeners. */
function insideOf(definition: LabDefinition, arm: ArmDefinition, plan: Plan): InsideWiring | null {
  if (arm.listen === null || arm.inner.length === 0) return null;
  const linesBehind = (listen: string): readonly ServerPlan[] =>
    behind(plan, [listen])?.upstreams.flatMap(({ servers }) => servers) ?? [];
  const outside = new Set(linesBehind(arm.listen).map(({ lab }) => lab?.serverId));
  const services = new Map(everyServer(definition).map(({ id, service }) => [id, service.kind]));
  const servers = new Set<string>();
  const calls: InsideWiring['calls'][number][] = [];
  for (const listen of arm.inner) {
    for (const { lab } of linesBehind(listen)) {
      const service = services.get(lab?.serverId ?? '');
      if (lab === null || service === undefined || outside.has(lab.serverId)) continue;
      servers.add(lab.serverId);
      const protocol = lab.protocol === 'grpc' ? 'grpc' : 'rest';
      if (!calls.some((call) => call.service === service)) calls.push({ service, protocol, listen });
    }
  }
  return { listeners: arm.inner, servers: [...servers], calls };
}

/** A service of the lab that is asked inside, but that no server there offers; null: all are there. */
function missingService(
  { servers }: LabDefinition,
  { servers: inside, calls }: InsideWiring,
  backends: readonly WiredBackend[],
): string | null {
  const isFront = (id: string): boolean => backends.some((backend) => backend.id === id) && !inside.includes(id);
  const front = new Set(servers.filter(({ id }) => isFront(id)).map(({ service }) => service.kind));
  const wanted = servers.map(({ service }) => service.kind).filter((kind) => !front.has(kind));
  return wanted.find((kind) => !calls.some(({ service }) => service === kind)) ?? null;
}

function listenAt(plan: Plan, declared: readonly string[]): Span | null {
  const listens = (plan.http?.servers ?? []).flatMap((server) => server.listens);
  return listens.find((listen) => declared.includes(listen.declared))?.span ?? null;
}

/** The `listen` line that no arm of the lab knows: most likely the one that was edited. */
function strayListen(definition: LabDefinition, conf: string, plan: Plan): Span | null {
  const wanted = definition.arms.filter((arm) => arm.conf === conf).flatMap((arm) => [arm.listen, ...arm.inner]);
  const listens = [...(plan.stream?.servers ?? []), ...(plan.http?.servers ?? [])].flatMap((server) => server.listens);
  return listens.find((listen) => !wanted.includes(listen.declared))?.span ?? null;
}

/** `inPass`: it is written right in a proxy_pass or grpc_pass. */
function wireBackend(server: ServerPlan, known: ReadonlySet<string>, inPass: boolean): WiredBackend | Problem {
  const lab = server.lab;
  const problem = (text: ReturnType<typeof message>): Problem => ({
    severity: 'error',
    message: text,
    span: server.span,
  });
  if (lab === null) {
    if (inPass) return problem(message('Pass requests on to the name of an upstream here, not to an address.'));
    return problem(
      message('This address is none of the lab’s servers: add “# lab: backend <server> <rest|grpc>” behind the line.'),
    );
  }
  if (!known.has(lab.serverId)) {
    const names = [...known].join(', ');
    return problem(message('The lab has no server “{id}”; it has {names}.', { id: lab.serverId, names }));
  }
  const spoken = SPOKEN[lab.protocol];
  if (spoken === undefined) {
    return problem(
      message('A lab server speaks rest, rest-tls or grpc, not “{protocol}”.', { protocol: lab.protocol }),
    );
  }
  return { id: lab.serverId, ...spoken, port: server.port, address: server.address };
}

/** The words of `# lab: backend <server> <protocol>`. */
const SPOKEN: Readonly<Record<string, Pick<WiredBackend, 'protocol' | 'tls'>>> = {
  rest: { protocol: 'rest', tls: false },
  'rest-tls': { protocol: 'rest', tls: true },
  grpc: { protocol: 'grpc', tls: false },
};

interface Found {
  readonly layer: 'l4' | 'l7';
  readonly upstreams: readonly UpstreamPlan[];
  readonly listeners: readonly string[];
}

function upstreamNamed(plan: Plan, name: string): Found | null {
  const http = plan.http?.upstreams.find((upstream) => upstream.name === name);
  if (http !== undefined) return { layer: 'l7', upstreams: [http], listeners: [] };
  const stream = plan.stream?.upstreams.find((upstream) => upstream.name === name);
  return stream === undefined ? null : { layer: 'l4', upstreams: [stream], listeners: [] };
}

/** Everything behind listeners, through those that pass on to another one of the file; null where one does not listen. */
function behind(plan: Plan, listens: readonly string[]): Found | null {
  const listeners: string[] = [];
  const upstreams: UpstreamPlan[] = [];
  const open = [...listens];
  let layer: Found['layer'] | null = null;
  for (let listen = open.shift(); listen !== undefined; listen = open.shift()) {
    if (listeners.includes(listen)) continue;
    const site = siteAt(plan, listen);
    if (site === null) return null;
    listeners.push(listen);
    layer ??= site.layer;
    for (const upstream of site.upstreams) {
      if (!upstreams.includes(upstream)) upstreams.push(upstream);
      open.push(...upstream.servers.map(({ address }) => address).filter((address) => siteAt(plan, address) !== null));
    }
  }
  return layer === null ? null : { layer, upstreams, listeners };
}

function siteAt(
  plan: Plan,
  listen: string,
): { readonly layer: 'l4' | 'l7'; readonly upstreams: readonly UpstreamPlan[] } | null {
  const at = <T extends { readonly listens: readonly { readonly declared: string }[] }>(servers: readonly T[] = []) =>
    servers.filter((server) => server.listens.some(({ declared }) => declared === listen));
  const stream = at(plan.stream?.servers);
  if (stream.length > 0) {
    return { layer: 'l4', upstreams: stream.flatMap(({ proxyPass }) => (proxyPass === null ? [] : [proxyPass])) };
  }
  const { http } = plan;
  const servers = at(http?.servers);
  if (http === null || servers.length === 0) return null;
  const upstreams = servers.flatMap(handlersOf).flatMap((handler) => passTargets(http, handler) ?? []);
  return { layer: 'l7', upstreams: [...new Set(upstreams)] };
}

/** What the clients of an arm speak, for its picture. */
export function spokenBy(client: ClientKind): string {
  if (client === 'rest-tls') return 'REST · TLS';
  if (client === 'grpc-web') return 'gRPC-Web';
  if (client === 'browser-fetch') return 'REST · fetch()';
  if (client === 'browser-grpc') return 'gRPC · fetch()';
  if (client === 'browser-grpc-web') return 'gRPC-Web · fetch()';
  return client.startsWith('grpc') ? 'gRPC' : 'REST';
}

/**
 * The picture of an arm: client, balancer (if any), servers, and the store they share (`store`: its name, "" while it is
 * not known; null: there is none). Edge ids follow the order of the servers.
 */
export function topologyOf(wiring: ArmWiring, protocol: string, store: string | null = null): Topology {
  const { nodes, edges } = requestPaths(wiring, protocol);
  if (store === null) return { nodes, edges };
  return {
    nodes: [...nodes, { id: 'store', kind: 'store', label: 'Redis', detail: store }],
    edges: [
      ...edges,
      ...serversOf(wiring.backends).map(({ id }, index) => ({ id: `s${index + 1}`, from: id, to: 'store' })),
    ],
  };
}

function requestPaths(wiring: ArmWiring, protocol: string): Topology {
  const servers = serversOf(wiring.backends).map(
    ({ id, listens }): TopologyNode => ({
      id,
      kind: 'server',
      label: id,
      detail: listens.map(({ address }) => address).join(', '),
    }),
  );
  const client: TopologyNode = { id: 'client', kind: 'client', label: 'client', detail: protocol };
  if (wiring.layer === 'client-side') {
    return {
      nodes: [client, ...servers],
      edges: servers.map((server, index) => ({ id: `e${index + 1}`, from: 'client', to: server.id })),
    };
  }
  if (wiring.pipeline !== null) return pipelineTopology(client, wiring.pipeline, servers);
  const balancer: TopologyNode = {
    id: 'balancer',
    kind: 'balancer',
    label: wiring.layer === 'l4' ? 'L4' : 'L7',
    detail: wiring.listen ?? '',
  };
  const { inside } = wiring;
  const isInside = ({ id }: TopologyNode): boolean => inside?.servers.includes(id) === true;
  const front = servers.filter((server) => !isInside(server));
  const pairs = [
    { from: 'client', to: 'balancer' },
    ...front.map(({ id }) => ({ from: 'balancer', to: id })),
    ...(inside === null ? [] : front.map(({ id }) => ({ from: id, to: INNER_BALANCER }))),
    ...servers.filter(isInside).map(({ id }) => ({ from: INNER_BALANCER, to: id })),
  ];
  const inner: TopologyNode[] =
    inside === null ? [] : [{ id: INNER_BALANCER, kind: 'balancer', label: 'L7', detail: inside.listeners.join(', ') }];
  return {
    nodes: [client, balancer, ...front, ...inner, ...servers.filter(isInside)],
    edges: pairs.map((pair, index) => ({ id: `e${index + 1}`, ...pair })),
  };
}

/** A gateway taken apart: client, the stages in their order, and the servers behind them. */
function pipelineTopology(
  client: TopologyNode,
  { stages, edges, asked }: ArmPipeline,
  servers: readonly TopologyNode[],
): Topology {
  const nodes = stages.map(({ stage, detail }): TopologyNode => ({ id: stage, kind: 'stage', label: stage, detail }));
  return {
    nodes: [client, ...nodes, ...servers],
    edges: [
      { from: 'client', to: 'route' },
      ...edges,
      ...asked.map(({ from, to }) => ({ from, to, asks: true as const })),
    ].map((edge, index) => ({ id: `e${index + 1}`, ...edge })),
  };
}

/** Without those that only the balancer itself asks: no request of a client ends there. */
export function servingBackends({ backends, pipeline }: ArmWiring): readonly WiredBackend[] {
  return backends.filter(({ id }) => pipeline?.asked.some(({ to }) => to === id) !== true);
}
/** The same balancer a second time: its inner listeners, which the lab's own servers call. */
const INNER_BALANCER = 'inner';

/** Each server once, with all the addresses it listens on. */
export function serversOf(
  backends: readonly WiredBackend[],
): readonly { readonly id: string; readonly listens: readonly WiredBackend[] }[] {
  return [...new Set(backends.map(({ id }) => id))].map((id) => ({
    id,
    listens: backends.filter((backend) => backend.id === id),
  }));
}
