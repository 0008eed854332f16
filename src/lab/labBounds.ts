import * as path from 'node:path';
import type { ListenPlan, LocationPlan, Plan, ServerPlan, UpstreamPlan } from '../balancer/plan';
import { type Message, message } from '../base/message';
import type { Problem, Span } from '../base/problem';
import type { ConfFile, Directive } from '../conf/ast';
import { handlersOf, passTargets } from './passTargets';

/**
 * What a lab refuses of a configuration that nginx itself would take: traffic that leaves the lab, addresses that two
 * parts of it claim, and servers that pass a request on to each other in a circle. Each problem is at the line to change.
 */
export function boundsProblems(plan: Plan, file: ConfFile | null = null): readonly Problem[] {
  const sites = sitesOf(plan);
  const servers = uniqueServers([...(plan.http?.upstreams ?? []), ...(plan.stream?.upstreams ?? [])]);
  const found = [
    ...servers.flatMap(outsideProblem),
    ...dynamicProblems(plan),
    ...rootProblems(plan, file),
    ...listenProblems(plan),
    ...loopProblems(sites),
    ...claimProblems(servers, sites),
  ];
  // One line, one message: a loop is also an address that is taken.
  const told = new Set<string>();
  return found.filter(({ span }) => {
    const place = `${span.line}:${span.column}`;
    if (told.has(place)) return false;
    told.add(place);
    return true;
  });
}

/** A `server {}` block: where it listens, and the servers that its requests may be passed on to. */
interface Site {
  readonly listens: readonly ListenPlan[];
  readonly servers: readonly ServerPlan[];
}

function sitesOf(plan: Plan): readonly Site[] {
  const http = (plan.http?.servers ?? []).map((server) => ({
    listens: server.listens,
    servers: handlersOf(server)
      .flatMap((handler) => (plan.http === null ? [] : (passTargets(plan.http, handler) ?? [])))
      .flatMap((upstream) => upstream.servers),
  }));
  const stream = (plan.stream?.servers ?? []).map((server) => ({
    listens: server.listens,
    servers: server.proxyPass?.servers ?? [],
  }));
  return [...http, ...stream];
}

function uniqueServers(upstreams: readonly UpstreamPlan[]): readonly ServerPlan[] {
  return [...new Set(upstreams)].flatMap((upstream) => upstream.servers);
}

/** Where a request decides where it goes, nobody can say beforehand that it stays inside the lab. */
function dynamicProblems(plan: Plan): readonly Problem[] {
  const { http: httpPlan } = plan;
  const http = (httpPlan?.servers ?? [])
    .flatMap(handlersOf)
    .flatMap((handler) =>
      handler.kind === 'dynamic' && httpPlan !== null && passTargets(httpPlan, handler) === null ? [handler.span] : [],
    );
  const stream = (plan.stream?.servers ?? []).flatMap((server) => (server.dynamicPass === null ? [] : [server.span]));
  return [...http, ...stream].map((span) => ({
    ...problem(span, message('A lab’s servers have to be written out: variables could lead outside of it.')),
    hint: message('A “map” will do whose every value is the name of an upstream of this file.'),
  }));
}

/** Files are served from the lab's folder only, not from wherever on this machine. */
function rootProblems(plan: Plan, file: ConfFile | null): Problem[] {
  const below = (locations: readonly LocationPlan[]): readonly LocationPlan[] =>
    locations.flatMap((location) => [location, ...below(location.locations)]);
  const places = (plan.http?.servers ?? []).flatMap((server) => [server, ...below(server.locations)]);
  return places.flatMap(({ handler, span }) => {
    if (handler.kind !== 'static' || !(handler.root.variables.length > 0 || leadsOut(handler.root.source))) return [];
    const root = handler.root.source;
    const text = message('{root} is outside the lab: its files are in its own folder.', { root });
    return [problem(rootLine(file?.directives ?? [], root) ?? span, text)];
  });
}

/** The line that names a root: the plan knows only where it holds. */
function rootLine(directives: readonly Directive[], root: string): Span | null {
  for (const { name, args, block, span } of directives) {
    if ((name.value === 'root' || name.value === 'alias') && args[0]?.value === root) return span;
    const inner = rootLine(block ?? [], root);
    if (inner !== null) return inner;
  }
  return null;
}

function leadsOut(root: string): boolean {
  return path.isAbsolute(root) || path.win32.isAbsolute(root) || path.posix.normalize(root).startsWith('..');
}

function outsideProblem(server: ServerPlan): Problem[] {
  // The lab's own servers are on 127.0.0.1; ::1 is this machine too.
  if (server.host !== '127.0.0.1' && server.host !== '::1') {
    return [
      problem(
        server.span,
        message('{address} is outside the lab: its traffic stays on 127.0.0.1.', { address: server.address }),
      ),
    ];
  }
  if (server.lab !== null && server.host !== '127.0.0.1') {
    return [problem(server.span, message('The lab’s servers are on 127.0.0.1, not on {host}.', { host: server.host }))];
  }
  if (server.lab !== null && server.port < 1024) {
    return [
      problem(
        server.span,
        message('The lab’s servers use ports from 1024 to 65535, not {port}.', { port: server.port }),
      ),
    ];
  }
  return [];
}

/** http and stream cannot share an address: nginx would not start (bind() … Address already in use). */
function listenProblems(plan: Plan): Problem[] {
  const http = (plan.http?.servers ?? []).flatMap((server) => server.listens);
  const taken = new Map(http.map((listen) => [listen.declared, listen]));
  const problems: Problem[] = [];
  for (const server of plan.stream?.servers ?? []) {
    for (const listen of server.listens) {
      const other = taken.get(listen.declared);
      if (other === undefined) taken.set(listen.declared, listen);
      else problems.push(problem(listen.span, takenBy(listen.declared, other.span.line)));
    }
  }
  return problems;
}

/** Server lines that close a circle of listeners, found by walking on from each of them. */
function loopProblems(sites: readonly Site[]): Problem[] {
  const targets = (server: ServerPlan) => sites.filter((site) => site.listens.some((listen) => meets(listen, server)));
  const reaches = (from: Site, wanted: Site): boolean => {
    const seen = new Set<Site>();
    const open = [from];
    for (let site = open.pop(); site !== undefined; site = open.pop()) {
      if (site === wanted) return true;
      if (seen.has(site)) continue;
      seen.add(site);
      open.push(...site.servers.flatMap(targets));
    }
    return false;
  };
  return sites.flatMap((site) =>
    site.servers
      .filter((server) => targets(server).some((next) => reaches(next, site)))
      .map((server) => ({
        ...problem(
          server.span,
          message('{address} is this balancer itself: requests would go round in a circle.', {
            address: server.address,
          }),
        ),
        hint: message('Name a server here, not a listener of this file.'),
      })),
  );
}

/** An address belongs to one server or one listener, and a server has one address for each protocol. */
function claimProblems(servers: readonly ServerPlan[], sites: readonly Site[]): Problem[] {
  const listens = sites.flatMap((site) => site.listens);
  const byAddress = new Map<string, ServerPlan>();
  const byServer = new Map<string, ServerPlan>();
  const problems: Problem[] = [];
  for (const server of servers) {
    if (server.lab === null) continue;
    const { serverId, protocol } = server.lab;
    const listen = listens.find((candidate) => meets(candidate, server));
    const sameAddress = byAddress.get(server.address);
    const sameServer = byServer.get(`${serverId} ${protocol}`);
    if (listen !== undefined) problems.push(problem(server.span, takenBy(server.address, listen.span.line)));
    else if (sameAddress !== undefined && !isSame(sameAddress, server)) {
      problems.push(problem(server.span, takenBy(server.address, sameAddress.span.line)));
    } else if (sameServer !== undefined && sameServer.address !== server.address) {
      problems.push(
        problem(
          server.span,
          message('{id} has its address on line {line} already: {address}.', {
            id: serverId,
            line: sameServer.span.line,
            address: sameServer.address,
          }),
        ),
      );
    }
    byAddress.set(server.address, sameAddress ?? server);
    byServer.set(`${serverId} ${protocol}`, sameServer ?? server);
  }
  return problems;
}

function isSame(one: ServerPlan, other: ServerPlan): boolean {
  return one.lab?.serverId === other.lab?.serverId && one.lab?.protocol === other.lab?.protocol;
}

function meets(listen: ListenPlan, server: ServerPlan): boolean {
  return listen.port === server.port && (listen.host === server.host || listen.wildcard);
}

function takenBy(address: string, line: number): Message {
  return message('{address} is taken: line {line} has it.', { address, line });
}

function problem(span: Span, text: Message): Problem {
  return { severity: 'error', message: text, span };
}
