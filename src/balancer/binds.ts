import { message } from '../base/message';
import type { Problem } from '../base/problem';
import type { HttpHandler, HttpServerPlan, ListenPlan, LocationPlan, Plan, UpstreamPlan } from './plan';
import type { Service } from './proxies/generation';
import { httpTerminator, streamTerminator } from './proxies/tlsServer';

/** A listening address of a plan, with all that listens there. */
export interface Bind {
  readonly listen: ListenPlan;
  readonly service: Service;
}

/** What to listen on: one entry per address, however many servers share it. */
export function bindsOf(plan: Plan, wanted: readonly string[] | null): readonly Bind[] {
  const binds: Bind[] = [];
  const isWanted = (listen: ListenPlan) => wanted === null || wanted.includes(listen.declared);
  for (const server of plan.stream?.servers ?? []) {
    for (const listen of server.listens) {
      if (!isWanted(listen)) continue;
      const { tls } = server;
      const terminator = listen.ssl && tls !== null ? streamTerminator(tls) : null;
      binds.push({ listen, service: { kind: 'stream', server, proxyProtocol: listen.proxyProtocol, terminator } });
    }
  }
  const shared = new Map<string, { listens: ListenPlan[]; servers: HttpServerPlan[] }>();
  for (const server of plan.http?.servers ?? []) {
    for (const listen of server.listens) {
      if (!isWanted(listen)) continue;
      const one = shared.get(listen.declared) ?? { listens: [], servers: [] };
      one.listens.push(listen);
      one.servers.push(server);
      shared.set(listen.declared, one);
    }
  }
  for (const { listens, servers } of shared.values()) {
    const [listen] = listens;
    const preferred = listens.findIndex((each) => each.defaultServer);
    const defaultServer = servers[Math.max(0, preferred)];
    if (listen === undefined || defaultServer === undefined) continue;
    const http2 = listens.some((each) => each.http2);
    const proxyProtocol = listens.some((each) => each.proxyProtocol);
    const { tls } = defaultServer;
    const isSecure = listens.some((each) => each.ssl);
    const rejects = isSecure && servers.some(({ rejectsHandshakes }) => rejectsHandshakes);
    const terminator =
      isSecure && (tls !== null || defaultServer.rejectsHandshakes)
        ? httpTerminator(servers, defaultServer, tls, http2)
        : null;
    binds.push({
      listen,
      service: {
        kind: 'http',
        declared: listen.declared,
        servers,
        defaultServer,
        http2,
        proxyProtocol,
        terminator,
        rejects,
      },
    });
  }
  return binds;
}

/** What is wrong with an address, whatever stands in the file about it. */
export function refusalsOf({ listen }: Bind): Problem[] {
  const problems: Problem[] = [];
  if (listen.host !== '127.0.0.1' && listen.host !== '::1') {
    problems.push({
      severity: 'error',
      message: message('only loopback addresses can be listened on, not {host}', { host: listen.host }),
      span: listen.span,
      hint: message('Use 127.0.0.1 or [::1].'),
    });
  }
  return problems;
}

/** Every upstream that something bound can reach, in the order of the file, each once. */
export function upstreamsOf(binds: readonly Bind[], plan: Plan): ReadonlySet<UpstreamPlan> {
  const found = new Set<UpstreamPlan>();
  const handler = (each: HttpHandler) => {
    if (each.kind === 'proxy' || each.kind === 'grpc') found.add(each.upstream);
    // Variables may lead to any of them.
    if (each.kind === 'dynamic') for (const upstream of plan.http?.upstreams ?? []) found.add(upstream);
  };
  const locations = (all: readonly LocationPlan[]) => {
    for (const location of all) {
      handler(location.handler);
      locations(location.locations);
    }
  };
  for (const { service } of binds) {
    if (service.kind === 'stream') {
      const { proxyPass, returns } = service.server;
      if (returns !== null) continue;
      // Variables may lead to any of them.
      for (const upstream of proxyPass === null ? (plan.stream?.upstreams ?? []) : [proxyPass]) found.add(upstream);
    } else {
      for (const server of service.servers) {
        handler(server.handler);
        locations(server.locations);
      }
    }
  }
  return found;
}
