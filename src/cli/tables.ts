import { renderMessage } from '../base/message';
import type { Problem } from '../base/problem';
import type { RunResult } from '../protocol/run';

const BAR_WIDTH = 40;

/** A run as a table with bars, for people. */
export function resultTable(result: RunResult, title: string): string {
  const total = result.servers.reduce((sum, server) => sum + server.requests, 0);
  const idWidth = Math.max(6, ...result.servers.map((server) => server.id.length));
  const rows = result.servers.map((server) => {
    const share = total === 0 ? 0 : server.requests / total;
    const bar = '█'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '·');
    const connections = grouped(server.connections).padStart(11);
    return `  ${server.id.padEnd(idWidth)} ${connections} ${grouped(server.requests).padStart(9)} ${percent(share).padStart(7)}  ${bar}`;
  });
  const { counts, latencyMs } = result;
  const balancer = counts.balancer === null ? 'balancer –' : `balancer ${grouped(counts.balancer)}`;
  const outcomes = result.outcomes.map(({ status, by, requests }) => `${status} by ${by}: ${grouped(requests)}`);
  return [
    `${result.arm} · ${title}`,
    `  ${'server'.padEnd(idWidth)} connections  requests   share`,
    ...rows,
    `  sent ${grouped(result.sent)} = answered ${grouped(result.answered)} + failed ${grouped(result.failed)} + in flight ${grouped(result.inFlight)}`,
    `  counts: client ${grouped(counts.client)}, ${balancer}, backends ${grouped(counts.backends)}`,
    `  latency ms: p50 ${ms(latencyMs.p50)}, p90 ${ms(latencyMs.p90)}, p99 ${ms(latencyMs.p99)}, max ${ms(latencyMs.max)}; ${grouped(Math.round(result.requestsPerSecond))} requests/s`,
    `  outcomes: ${outcomes.join('; ')}`,
    ...(result.balancerCpuMicros === undefined
      ? []
      : [`  balancer CPU: ${Math.round(result.balancerCpuMicros)} µs a request`]),
    ...routeLines(result),
    ...tlsLines(result),
    `  engine ${result.engine}, started in ${result.startMs} ms, seed ${result.seed}`,
    '',
  ].join('\n');
}

/** Who answered which kind of request, one line each. */
function routeLines({ routes = [] }: RunResult): readonly string[] {
  const cells = routes.map(({ path, with: header, service, status, requests }) => [
    header === undefined ? path : `${path} + ${header}`,
    service,
    status,
    grouped(requests),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map(([path = '', service = '', status = '', requests = ''], index) => {
    const [pathWidth = 0, serviceWidth = 0, statusWidth = 0, requestsWidth = 0] = widths;
    const row = [path.padEnd(pathWidth), '→', service.padEnd(serviceWidth), status.padEnd(statusWidth)];
    return `  ${index === 0 ? 'routes:' : '       '} ${row.join(' ')} ${requests.padStart(requestsWidth)}`;
  });
}

/** What the clients saw of TLS, one line for each certificate. */
function tlsLines({ tls = [] }: RunResult): readonly string[] {
  return tls.map(
    ({ certificate, alpn, version, decryptedBy, connections }) =>
      `  tls: ${certificate.subject} (issued by ${certificate.issuer}, SHA-256 ${certificate.fingerprint.slice(0, 23)}…), ${version}, ALPN ${alpn === '' ? 'none' : alpn}; decrypted by ${decryptedBy}; ${grouped(connections)} ${connections === 1 ? 'connection' : 'connections'}`,
  );
}

/** One line a problem: `file:line:column: severity: what. hint`. */
export function problemLines(problems: readonly Problem[]): string {
  return problems
    .map(({ span, severity, message, hint }) => {
      const advice = hint === undefined ? '' : ` ${renderMessage(hint)}`;
      return `${span.file}:${span.line}:${span.column}: ${severity}: ${renderMessage(message)}${advice}`;
    })
    .join('\n');
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function ms(value: number): string {
  return value.toFixed(2);
}
