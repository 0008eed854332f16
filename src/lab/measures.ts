import type { Findings, Measure } from '../measurement/findings';
import type { ClientCounts, ServerCounts } from '../measurement/snapshot';

/** What a lab asks to be measured of the run as a whole, from the counts of its sides. */
export function measured(
  measures: readonly Measure[],
  client: ClientCounts,
  servers: readonly ServerCounts[],
): Findings {
  const findings: { -readonly [Key in keyof Findings]: Findings[Key] } = {};
  if (measures.includes('maxOverMean')) {
    const requests = servers.map((server) => server.requests);
    const total = requests.reduce((sum, count) => sum + count, 0);
    if (total > 0) findings.maxOverMean = (Math.max(...requests) * requests.length) / total;
  }
  if (measures.includes('serverLatency')) {
    findings.serverLatency = servers.flatMap(({ id, latencyMs }) =>
      latencyMs === null || latencyMs === undefined ? [] : [{ id, ...latencyMs }],
    );
  }
  if (measures.includes('availability')) {
    const ended = client.answered + client.failed;
    const good = client.outcomes
      .filter(({ by, status }) => by !== 'client' && !isServerError(status))
      .reduce((sum, { requests }) => sum + requests, 0);
    if (ended > 0) findings.availability = (100 * good) / ended;
  }
  return findings;
}

/** Whether a status says that the service failed the caller: HTTP 5xx, and its like among gRPC's (grpc: statuscodes.md). */
function isServerError(status: string): boolean {
  return /^5\d\d$/.test(status) || SERVER_STATUSES.has(status);
}

const SERVER_STATUSES = new Set(['UNKNOWN', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'INTERNAL', 'UNAVAILABLE']);
