import type { HttpServerPlan, HttpSettings, LocationPlan, Plan } from '../balancer/plan';
import type { Stage } from '../measurement/snapshot';

/** The way of requests through a gateway, as its configuration lays it. */
export interface ArmPipeline {
  /** In the order in which nginx has them (ngx_http_core_module.h, phases), those that this file uses. */
  readonly stages: readonly { readonly stage: Stage; readonly detail: string }[];
  /** From stage to stage, and from the last one to a server's id. */
  readonly edges: readonly { readonly from: Stage; readonly to: string }[];
  /** Servers that are only asked on behalf of requests (auth_request), by who asks them. */
  readonly asked: readonly { readonly from: Stage; readonly to: string }[];
}

/** Null where nothing behind the listener limits or checks: an ordinary balancer, drawn as one. */
export function pipelineOf(plan: Plan, listen: string): ArmPipeline | null {
  const servers = (plan.http?.servers ?? []).filter((server) =>
    server.listens.some(({ declared }) => declared === listen),
  );
  const places = servers.flatMap((server) => placesOf(server.locations).map((location) => ({ server, location })));
  const details = new Map<Stage, string>();
  const edges = new Map<string, ArmPipeline['edges'][number]>();
  const asked = new Map<string, ArmPipeline['edges'][number]>();
  const link = (into: typeof edges, from: Stage, to: string) => into.set(`${from} ${to}`, { from, to });
  details.set('route', listen);
  for (const { server, location } of places) {
    const targets = targetsOf(location);
    if (targets.length === 0) continue;
    const { settings } = location;
    let last: Stage = 'route';
    const pass = (stage: Stage, detail: string): void => {
      if (!details.has(stage)) details.set(stage, detail);
      link(edges, last, stage);
      last = stage;
    };
    if (settings.limitReqs.length + settings.limitConns.length > 0) pass('limit', limitText(settings));
    if (settings.authRequest !== null) {
      pass('auth', `auth_request ${settings.authRequest}`);
      for (const id of verifiersOf(server, settings.authRequest)) link(asked, 'auth', id);
    }
    for (const target of targets) {
      if (target === 'static') pass('static', 'root');
      else link(edges, last, target);
    }
  }
  if (!details.has('limit') && !details.has('auth')) return null;
  const inOrder = (['route', 'limit', 'auth', 'static'] as const).flatMap((stage) => {
    const detail = details.get(stage);
    return detail === undefined ? [] : [{ stage, detail }];
  });
  const served = new Set([...edges.values()].map(({ to }) => to));
  return {
    stages: inOrder,
    edges: [...edges.values()],
    asked: [...asked.values()].filter(({ to }) => !served.has(to)),
  };
}

/** Locations that clients can ask for. */
function placesOf(locations: readonly LocationPlan[]): readonly LocationPlan[] {
  return locations.flatMap((location) => [
    ...(location.internal || location.match.kind === 'named' ? [] : [location]),
    ...placesOf(location.locations),
  ]);
}

/** Where requests of a location end: ids of servers, 'static', or nowhere (`return`). */
function targetsOf({ handler, locations }: LocationPlan): readonly string[] {
  if (handler.kind === 'proxy' || handler.kind === 'grpc') {
    return [...new Set(handler.upstream.servers.map(({ lab, address }) => lab?.serverId ?? address))];
  }
  // A location that only holds others has no files of its own.
  return handler.kind === 'static' && locations.length === 0 ? ['static'] : [];
}

function verifiersOf(server: HttpServerPlan, path: string): readonly string[] {
  const at = (locations: readonly LocationPlan[]): readonly LocationPlan[] =>
    locations.flatMap((location) => [location, ...at(location.locations)]);
  return at(server.locations)
    .filter(({ match }) => 'path' in match && match.path === path)
    .flatMap(targetsOf)
    .filter((target) => target !== 'static');
}

function limitText({ limitReqs }: HttpSettings): string {
  const [limit] = limitReqs;
  return limit === undefined ? 'limit_conn' : `${limit.zone.ratePerSecond} r/s, burst ${limit.burst}`;
}
