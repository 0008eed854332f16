import type { Route } from '../../measurement/findings';
import { CATALOGUE_SIZE } from '../../protocol/ordersService';
import type { WorkloadPlan } from '../../protocol/trafficWorker';
import { USER_COUNT } from '../../protocol/usersService';
import type { Answer, Workload, WorkloadParts } from './workload';

/** As they are in the lab's folder, below what the files are served from. */
const STATIC_FILES = ['/static/app.css', '/static/app.js', '/static/logo.svg'] as const;
/** Share of the requests, 0 to 1; the rest is for static files. */
const USERS = 0.4;
const ORDERS = 0.4;
/** Share of the requests that ask for the new version of the API. */
const NEW_VERSION = 0.25;
/** Every so many-th client takes part in the experiment. */
const EXPERIMENT_EVERY = 4;

/**
 * What a shop's page asks for: users, orders and static files, always in the same mix, each request with the version of
 * the API that it wants (a header) and its client's side in an experiment (a cookie). Finds who answered which kind.
 */
export function pathsWorkload(
  { by }: Extract<WorkloadPlan, { readonly kind: 'paths' }>,
  { services = {} }: WorkloadParts,
): Workload {
  const routes = new Map<string, { -readonly [Key in keyof Route]: Route[Key] }>();
  const found = (path: string, withWhat: string | null, { by: server, status }: Answer): void => {
    const service = services[server] ?? server;
    const key = [path, withWhat, service, status].join('\n');
    const route = routes.get(key);
    if (route !== undefined) route.requests += 1;
    else routes.set(key, { path, ...(withWhat === null ? {} : { with: withWhat }), service, status, requests: 1 });
  };
  return {
    next: (_index, client, random) => {
      const part = random.next();
      const chance = random.next();
      const version = random.next() < NEW_VERSION ? '2' : '1';
      const cookie = `experiment=${client % EXPERIMENT_EVERY === EXPERIMENT_EVERY - 1 ? 'b' : 'a'}`;
      const [kind, path] = wanted(part, chance);
      const told = by === 'header' ? `X-Api-Version: ${version}` : by === 'cookie' ? `Cookie: ${cookie}` : null;
      return {
        rest: { method: 'GET', path },
        headers: { 'x-api-version': version, cookie },
        read: (answer) => found(kind, told, answer),
      };
    },
    findings: () => ({ routes: [...routes.values()].map((route) => ({ ...route })).sort(inOrder) }),
  };
}

const KINDS: readonly string[] = ['/api/users', '/api/orders', '/static/'];

/** What kind of request it is, and its path. */
function wanted(part: number, chance: number): readonly [string, string] {
  const oneOf = (count: number) => Math.floor(chance * count);
  if (part < USERS) return ['/api/users', `/api/users/${1 + oneOf(USER_COUNT)}`];
  if (part < USERS + ORDERS) return ['/api/orders', `/api/orders/${1 + oneOf(CATALOGUE_SIZE)}`];
  return ['/static/', STATIC_FILES[oneOf(STATIC_FILES.length)] ?? STATIC_FILES[0]];
}

function inOrder(a: Route, b: Route): number {
  const place = ({ path }: Route) => KINDS.indexOf(path);
  return (
    place(a) - place(b) ||
    (a.with ?? '').localeCompare(b.with ?? '', 'en') ||
    a.status.localeCompare(b.status, 'en') ||
    a.service.localeCompare(b.service, 'en')
  );
}
