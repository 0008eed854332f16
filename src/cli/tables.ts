import { renderMessage } from '../base/message';
import type { Problem } from '../base/problem';
import type { Findings } from '../measurement/findings';
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
  const inner = counts.inner;
  const outcomes = result.outcomes.map(({ status, by, requests }) => `${status} by ${by}: ${grouped(requests)}`);
  return [
    [result.arm, result.scenario, result.protocol, result.message, title]
      .filter((part) => part !== undefined)
      .join(' · '),
    `  ${'server'.padEnd(idWidth)} connections  requests   share`,
    ...rows,
    `  sent ${grouped(result.sent)} = answered ${grouped(result.answered)} + failed ${grouped(result.failed)} + in flight ${grouped(result.inFlight)}`,
    `  counts: client ${grouped(counts.client)}, ${balancer}, backends ${grouped(counts.backends)}${apart(counts)}`,
    ...(inner === undefined
      ? []
      : [
          `  inside: edge ${grouped(inner.client)}, balancer ${grouped(inner.balancer ?? 0)}, backends ${grouped(inner.backends)}`,
        ]),
    `  latency ms: p50 ${ms(latencyMs.p50)}, p90 ${ms(latencyMs.p90)}, p99 ${ms(latencyMs.p99)}, max ${ms(latencyMs.max)}; ${grouped(Math.round(result.requestsPerSecond))} requests/s`,
    `  outcomes: ${outcomes.join('; ')}`,
    ...findingLines(result),
    `  engine ${result.engine}, started in ${result.startMs} ms, seed ${result.seed}`,
    '',
  ].join('\n');
}

/** What stands beside the three counts. */
function apart({ answeredItself = 0, subrequests = 0 }: RunResult['counts']): string {
  const itself = answeredItself === 0 ? '' : `, answered by the balancer itself ${grouped(answeredItself)}`;
  const asked = subrequests === 0 ? '' : `; checks by the balancer itself ${grouped(subrequests)}`;
  return `${itself}${asked}`;
}

/** Fields that every result has; whatever else there is, the lab measured. */
const COMMON: Record<Exclude<keyof RunResult, keyof Findings>, true> = {
  lab: true,
  arm: true,
  scenario: true,
  protocol: true,
  message: true,
  engine: true,
  sent: true,
  answered: true,
  failed: true,
  inFlight: true,
  servers: true,
  counts: true,
  outcomes: true,
  latencyMs: true,
  requestsPerSecond: true,
  startMs: true,
  seed: true,
};

/** What the lab measured beside the common numbers: a line for each, a line for each row of a list. */
function findingLines(result: RunResult): string[] {
  return Object.entries(result)
    .filter(([name]) => !Object.hasOwn(COMMON, name))
    .flatMap(([name, value]: [string, unknown]) =>
      Array.isArray(value)
        ? [`  ${name}:`, ...value.map((row: unknown) => `    ${plain(row)}`)]
        : [`  ${name}: ${plain(value)}`],
    );
}

function plain(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? grouped(value) : value.toFixed(2);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, part]) => `${name} ${plain(part)}`)
    .join(', ');
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
