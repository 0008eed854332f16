import type { HttpHandler, LocationPlan, Plan, ServerPlan, UpstreamPlan } from '../balancer/plan';
import { message } from '../base/message';
import type { Problem, Span } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { BackendProtocol } from '../protocol/backendWorker';
import type { Topology, TopologyNode } from '../protocol/run';
import type { ArmDefinition, LabDefinition } from './labDefinition';

/** What an arm needs to run: read from its configuration, where the ports and the servers stand. */
export interface ArmWiring {
  readonly layer: 'l4' | 'l7' | 'client-side';
  /** The upstream all of the arm's traffic goes to. */
  readonly upstream: UpstreamPlan;
  readonly backends: readonly WiredBackend[];
  /** Listener the client dials, as declared; null with client-side balancing. */
  readonly listen: string | null;
}

export interface WiredBackend {
  readonly id: string;
  readonly protocol: BackendProtocol;
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
  const found = arm.listen === null ? upstreamNamed(plan, arm.upstream ?? '') : upstreamBehind(plan, arm.listen);
  if (found === null) {
    return arm.listen === null
      ? problem(message('This lab needs an upstream “{name}” here.', { name: arm.upstream ?? '' }), top)
      : problem(
          message('This lab sends its traffic to {listen}, but nothing listens there.', { listen: arm.listen }),
          strayListen(definition, arm.conf, plan) ?? top,
        );
  }
  const known = new Set([...definition.serverIds, ...definition.spares.map((spare) => spare.id)]);
  const problems: Problem[] = [];
  const backends: WiredBackend[] = [];
  for (const server of found.upstream.servers) {
    const backend = wireBackend(server, known);
    if (!('address' in backend)) problems.push(backend);
    // A server may stand in several lines (nginx adds up their weights); it is one server all the same.
    else if (!backends.some(({ id }) => id === backend.id)) backends.push(backend);
  }
  if (problems.length > 0) return err(problems);
  return ok({
    layer: arm.listen === null ? 'client-side' : found.layer,
    upstream: found.upstream,
    backends,
    listen: arm.listen,
  });
}

/** The `listen` line that no arm of the lab knows: most likely the one that was edited. */
function strayListen(definition: LabDefinition, conf: string, plan: Plan): Span | null {
  const wanted = definition.arms.filter((arm) => arm.conf === conf).map((arm) => arm.listen);
  const listens = [...(plan.stream?.servers ?? []), ...(plan.http?.servers ?? [])].flatMap((server) => server.listens);
  return listens.find((listen) => !wanted.includes(listen.declared))?.span ?? null;
}

function wireBackend(server: ServerPlan, known: ReadonlySet<string>): WiredBackend | Problem {
  const lab = server.lab;
  const problem = (text: ReturnType<typeof message>): Problem => ({
    severity: 'error',
    message: text,
    span: server.span,
  });
  if (lab === null) {
    return problem(
      message('This address is none of the lab’s servers: add “# lab: backend <server> <rest|grpc>” behind the line.'),
    );
  }
  if (!known.has(lab.serverId)) {
    const names = [...known].join(', ');
    return problem(message('The lab has no server “{id}”; it has {names}.', { id: lab.serverId, names }));
  }
  if (lab.protocol !== 'rest' && lab.protocol !== 'grpc') {
    return problem(message('A lab server speaks rest or grpc, not “{protocol}”.', { protocol: lab.protocol }));
  }
  return { id: lab.serverId, protocol: lab.protocol, port: server.port, address: server.address };
}

type Found = { readonly layer: 'l4' | 'l7'; readonly upstream: UpstreamPlan };

function upstreamNamed(plan: Plan, name: string): Found | null {
  const http = plan.http?.upstreams.find((upstream) => upstream.name === name);
  if (http !== undefined) return { layer: 'l7', upstream: http };
  const stream = plan.stream?.upstreams.find((upstream) => upstream.name === name);
  return stream === undefined ? null : { layer: 'l4', upstream: stream };
}

function upstreamBehind(plan: Plan, listen: string): Found | null {
  const stream = plan.stream?.servers.find((server) => server.listens.some((entry) => entry.declared === listen));
  if (stream !== undefined) return stream.proxyPass === null ? null : { layer: 'l4', upstream: stream.proxyPass };
  const http = plan.http?.servers.find((server) => server.listens.some((entry) => entry.declared === listen));
  if (http === undefined) return null;
  const upstream = [http.handler, ...handlersOf(http.locations)]
    .map((handler) => (handler.kind === 'proxy' || handler.kind === 'grpc' ? handler.upstream : null))
    .find((candidate) => candidate !== null);
  return upstream === undefined ? null : { layer: 'l7', upstream };
}

function handlersOf(locations: readonly LocationPlan[]): readonly HttpHandler[] {
  return locations.flatMap((location) => [location.handler, ...handlersOf(location.locations)]);
}

/** The picture of an arm: client, balancer (if any), servers. Edge ids follow the order of the servers. */
export function topologyOf(wiring: ArmWiring, protocol: string): Topology {
  const servers: TopologyNode[] = wiring.backends.map((backend) => ({
    id: backend.id,
    kind: 'server',
    label: backend.id,
    detail: backend.address,
  }));
  const client: TopologyNode = { id: 'client', kind: 'client', label: 'client', detail: protocol };
  if (wiring.layer === 'client-side') {
    return {
      nodes: [client, ...servers],
      edges: servers.map((server, index) => ({ id: `e${index + 1}`, from: 'client', to: server.id })),
    };
  }
  const balancer: TopologyNode = {
    id: 'balancer',
    kind: 'balancer',
    label: wiring.layer === 'l4' ? 'L4' : 'L7',
    detail: wiring.listen ?? '',
  };
  return {
    nodes: [client, balancer, ...servers],
    edges: [
      { id: 'e1', from: 'client', to: 'balancer' },
      ...servers.map((server, index) => ({ id: `e${index + 2}`, from: 'balancer', to: server.id })),
    ],
  };
}
