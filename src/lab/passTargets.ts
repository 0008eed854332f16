import type { HttpHandler, HttpPlan, HttpServerPlan, LocationPlan, RewriteStep, UpstreamPlan } from '../balancer/plan';
import type { Template } from '../balancer/template';

/** A whole proxy_pass or grpc_pass that is one variable behind a scheme. */
const ONE_VARIABLE = /^(?:https?:\/\/|grpcs?:\/\/)?\$(?:\{(\w+)\}|(\w+))$/;

/** What a server does with a request that no location takes, and what each of its locations does. */
export function handlersOf(server: HttpServerPlan): readonly HttpHandler[] {
  const below = (locations: readonly LocationPlan[]): readonly HttpHandler[] =>
    locations.flatMap((location) => [location.handler, ...below(location.locations)]);
  return [server.handler, ...below(server.locations)];
}

/**
 * The upstreams that a handler may pass requests on to; null where nobody can tell beforehand. A variable can be told
 * where `map` or `split_clients` makes it, every value is written out and names an upstream, and nothing else sets it.
 */
export function passTargets(http: HttpPlan, handler: HttpHandler): readonly UpstreamPlan[] | null {
  if (handler.kind === 'proxy' || handler.kind === 'grpc') return [handler.upstream];
  if (handler.kind !== 'dynamic') return [];
  const match = ONE_VARIABLE.exec(handler.target.source);
  const variable = (match?.[1] ?? match?.[2])?.toLowerCase();
  const values = variable === undefined || isSet(http, variable) ? null : valuesOf(http, variable);
  if (values === null) return null;
  const upstreams: UpstreamPlan[] = [];
  for (const value of values) {
    const upstream = http.upstreams.find(({ name }) => name === value);
    if (upstream === undefined) return null;
    if (!upstreams.includes(upstream)) upstreams.push(upstream);
  }
  return upstreams;
}

/** Every value that a made variable may have; null where another variable is in one, or nothing makes it. */
function valuesOf(http: HttpPlan, variable: string): readonly string[] | null {
  const split = http.splitClients.find((candidate) => candidate.variable === variable);
  if (split !== undefined) return split.parts.map(({ value }) => value);
  const map = http.maps.find((candidate) => candidate.variable === variable);
  if (map === undefined) return null;
  const templates: readonly Template[] = [
    ...(map.fallback === null ? [] : [map.fallback]),
    ...map.exact.values(),
    ...map.wildcards.map(({ value }) => value),
    ...map.patterns.map(({ value }) => value),
  ];
  return templates.every(({ variables }) => variables.length === 0) ? templates.map(({ source }) => source) : null;
}

function isSet(http: HttpPlan, variable: string): boolean {
  const sets = (steps: readonly RewriteStep[]): boolean =>
    steps.some(
      (step) => (step.kind === 'set' && step.variable === variable) || (step.kind === 'if' && sets(step.steps)),
    );
  const inLocations = (locations: readonly LocationPlan[]): boolean =>
    locations.some(
      ({ rewrite, settings, locations: inner }) =>
        sets(rewrite) || settings.authRequestSets.some((set) => set.variable === variable) || inLocations(inner),
    );
  return http.servers.some((server) => sets(server.rewrite) || inLocations(server.locations));
}
