import type { RunResult } from '../protocol/run';
import { SERVICE_KINDS } from './labSchema';

/** The ends of the hops that a lab may measure: behind the edge, any service that it asks. */
const HOPS = ['client-balancer', 'balancer-edge', ...SERVICE_KINDS.map((kind) => `edge-${kind}`)];

/**
 * Names that readingsOf() can give, so that a course that asks for another is told so. Which of them a lab has depends on
 * what its arms run: sessions are counted where there are some.
 */
export const READING_NAMES: readonly string[] = [
  'sent',
  'answered',
  'failed',
  'inFlight',
  'availability',
  'requestsPerSecond',
  'startMs',
  'latencyMs.p50',
  'latencyMs.p90',
  'latencyMs.p99',
  'latencyMs.max',
  'counts.client',
  'counts.balancer',
  'counts.backends',
  'busyServers',
  'connections',
  'busiestShare',
  'maxOverMean',
  'moved',
  'balancerCpuMicros',
  'bytes.request',
  'bytes.response',
  'bytes.onWire',
  'encodeMicros',
  'decodeMicros',
  'streamed.streams',
  'streamed.toServer',
  'streamed.toClient',
  'sessions.created',
  'sessions.kept',
  'sessions.lost',
  'counts.inner.client',
  'counts.inner.balancer',
  'counts.inner.backends',
  ...HOPS.flatMap((hop) =>
    ['requests', 'bytesPerRequest', 'latencyMs.p50', 'latencyMs.p99'].map((of) => `hops.${hop}.${of}`),
  ),
];

/**
 * The numbers of a run by name, for questions that predict one and exercises that want one: every number of the result
 * object by its path
 * ("failed", "latencyMs.p99", "sessions.lost"), and what follows from its servers: `busyServers` (with at least one request), `connections`
 * (to all of them), `busiestShare` (0 to 1) and `maxOverMean` (both absent where nothing was answered). Those of a hop are
 * called by its ends: "hops.edge-orders.bytesPerRequest".
 */
export function readingsOf(result: RunResult): Readonly<Record<string, number>> {
  const readings: Record<string, number> = {};
  collect(result, '', readings);
  for (const { from, to, ...measured } of result.hops ?? []) collect(measured, `hops.${from}-${to}.`, readings);
  const { servers } = result;
  const requests = servers.reduce((sum, server) => sum + server.requests, 0);
  readings.busyServers = servers.filter((server) => server.requests > 0).length;
  readings.connections = servers.reduce((sum, server) => sum + server.connections, 0);
  if (requests > 0) {
    readings.busiestShare = Math.max(...servers.map((server) => server.requests)) / requests;
    // A lab that measures it has it from the run itself, servers that joined late among them.
    readings.maxOverMean ??= readings.busiestShare * servers.length;
  }
  return readings;
}

/** Lists are left out: the place in a list is no name (hops have names of their own). */
function collect(value: object, path: string, readings: Record<string, number>): void {
  for (const [name, part] of Object.entries(value) as [string, unknown][]) {
    if (typeof part === 'number') readings[path + name] = part;
    else if (typeof part === 'object' && part !== null && !Array.isArray(part))
      collect(part, `${path}${name}.`, readings);
  }
}
