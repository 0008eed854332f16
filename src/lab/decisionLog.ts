import type { RequestSample, Why } from '../measurement/snapshot';
import type { DecisionRecord } from '../protocol/balancerWorker';
import type { ClientSample } from '../protocol/trafficWorker';

const KEPT_DECISIONS = 4_000;
const KEPT_SAMPLES = 50;

/**
 * Joins what the client sampled with what the balancer decided: by the request's trace id on L7, by the connection
 * (the port the server saw) on L4. The two arrive in either order, so samples are explained when they are read.
 */
export class DecisionLog {
  readonly #byRequest = new Map<string, DecisionRecord>();
  readonly #byConnection = new Map<number, DecisionRecord>();
  readonly #samples: ClientSample[] = [];

  addDecisions(records: readonly DecisionRecord[]): void {
    for (const record of records) {
      if (record.request !== null) remember(this.#byRequest, record.request, record);
      else if (record.upstreamPort !== null) remember(this.#byConnection, record.upstreamPort, record);
    }
  }

  addSamples(samples: readonly ClientSample[]): void {
    this.#samples.push(...samples);
    this.#samples.splice(0, this.#samples.length - KEPT_SAMPLES);
  }

  /** The newest samples, oldest first. `clientSide` names the client's own policy and servers where it balances itself. */
  explained(
    clientSide: { readonly policy: string; readonly servers: readonly string[] } | null,
    runStartedAtMs: number,
  ): RequestSample[] {
    return this.#samples.map((sample) => ({
      id: sample.id,
      atMs: sample.atMs,
      server: sample.server,
      status: sample.status,
      latencyMs: sample.latencyMs,
      clientConnection: sample.clientConnection,
      why: this.#why(sample, clientSide, runStartedAtMs),
    }));
  }

  #why(
    sample: ClientSample,
    clientSide: { readonly policy: string; readonly servers: readonly string[] } | null,
    runStartedAtMs: number,
  ): Why {
    if (clientSide !== null) return { kind: 'client', ...clientSide };
    const inRunTime = (record: DecisionRecord) => ({
      ...record.decision,
      atMs: record.decision.atMs - runStartedAtMs,
    });
    const own = this.#byRequest.get(sample.id);
    if (own !== undefined) return { kind: 'decided', decision: inRunTime(own) };
    const bound = sample.serverConnection === null ? undefined : this.#byConnection.get(sample.serverConnection);
    if (bound === undefined) return { kind: 'unknown' };
    const before = sample.requestsBefore;
    if (before === 0) return { kind: 'decided', decision: inRunTime(bound) };
    return { kind: 'bound', decision: inRunTime(bound), requestsBefore: before };
  }
}

/** Keeps the newest; a Map iterates in the order of insertion. */
function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > KEPT_DECISIONS) {
    const oldest = map.keys().next();
    if (oldest.done !== true) map.delete(oldest.value);
  }
}
