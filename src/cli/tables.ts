import { renderMessage } from '../base/message';
import type { Problem } from '../base/problem';
import type { RunResult } from '../protocol/run';
import { findingLines } from './findingLines';

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
    ...findingLines(result).map((line) => `  ${line}`),
    `  engine ${result.engine}, started in ${result.startMs} ms, seed ${result.seed}`,
    '',
  ].join('\n');
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
