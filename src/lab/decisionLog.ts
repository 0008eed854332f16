import type { RequestSample, Why } from '../measurement/snapshot';
import type { DecisionRecord, OwnAnswerRecord } from '../protocol/balancerWorker';
import type { ClientSample } from '../protocol/trafficWorker';

const KEPT_DECISIONS = 4_000;
/** Samples shown: the newest as they are, older ones ever thinner, so that the list tells of the whole run. */
const KEPT_SAMPLES = 50;
const NEWEST_SAMPLES = 20;

/**
 * Joins what the client sampled with what the balancer decided: by the request's trace id on L7, by the connection
 * (the port the server saw) on L4. The two arrive in either order, so samples are explained when they are read.
 */
export class DecisionLog {
  readonly #byRequest = new Map<string, DecisionRecord>();
  readonly #byConnection = new Map<number, DecisionRecord>();
  readonly #ownAnswers = new Map<string, OwnAnswerRecord>();
  readonly #samples: ClientSample[] = [];

  addDecisions(records: readonly DecisionRecord[]): void {
    for (const record of records) {
      if (record.request !== null) remember(this.#byRequest, record.request, record);
      else if (record.upstreamPort !== null) remember(this.#byConnection, record.upstreamPort, record);
    }
  }

  addOwnAnswers(records: readonly OwnAnswerRecord[]): void {
    for (const record of records) remember(this.#ownAnswers, record.request, record);
  }

  addSamples(samples: readonly ClientSample[]): void {
    for (const sample of samples) {
      this.#samples.push(sample);
      if (this.#samples.length > KEPT_SAMPLES) this.#thinOut();
    }
  }

  /**
   * Drops the older sample that stands closest behind the one before it. One whose status differs from its neighbour's
   * is what a reader looks for, and goes last.
   */
  #thinOut(): void {
    let drop = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let index = 1; index < this.#samples.length - NEWEST_SAMPLES; index++) {
      const [before, sample] = [this.#samples[index - 1], this.#samples[index]];
      if (before === undefined || sample === undefined) continue;
      const gap = sample.atMs - before.atMs + (sample.status === before.status ? 0 : 1_000_000);
      if (gap < least) {
        least = gap;
        drop = index;
      }
    }
    this.#samples.splice(drop, 1);
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
    const decided = this.#byRequest.get(sample.id);
    if (decided !== undefined) return { kind: 'decided', decision: inRunTime(decided) };
    const own = this.#ownAnswers.get(sample.id);
    if (own !== undefined) return { kind: 'own', stage: own.stage };
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
