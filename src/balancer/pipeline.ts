import type { BucketLevel, OwnAnswers, PipelineCounts, Stage, StageFlow } from '../measurement/snapshot';
import { STAGES } from '../measurement/snapshot';

type Row = Record<Stage, number>;

export function noStages(): Row {
  return { route: 0, limit: 0, auth: 0, static: 0 };
}

/** Counts where requests go on to within the balancer, and who of its stages answered them. */
export class Pipeline {
  readonly #moved: Record<'client' | Stage, Row> = {
    client: noStages(),
    route: noStages(),
    limit: noStages(),
    auth: noStages(),
    static: noStages(),
  };
  readonly #own: { -readonly [Key in keyof OwnAnswers]: OwnAnswers[Key] }[] = [];
  #buckets: () => readonly BucketLevel[] = () => [];
  #wasDraining = false;

  /** Whoever knows how full the buckets are. */
  watch(buckets: () => readonly BucketLevel[]): void {
    this.#buckets = buckets;
  }

  moved(from: 'client' | Stage, to: Stage): void {
    this.#moved[from][to] += 1;
  }

  answered(stage: Stage | null, status: number, grpcStatus: number | null): void {
    const known = this.#own.find(
      (own) => own.stage === stage && own.status === status && own.grpcStatus === grpcStatus,
    );
    if (known === undefined) this.#own.push({ stage, status, grpcStatus, requests: 1 });
    else known.requests += 1;
  }

  /** Whether a bucket holds something, or did when this was asked last: its level falls with time alone. */
  isDraining(): boolean {
    const was = this.#wasDraining;
    this.#wasDraining = this.#buckets().some(({ level }) => level > 0);
    return was || this.#wasDraining;
  }

  counts(
    peers: readonly { readonly address: string; readonly serverId: string | null; readonly from: Row }[],
  ): PipelineCounts {
    const flows: StageFlow[] = [];
    for (const from of ['client', ...STAGES] as const) {
      for (const to of STAGES) {
        const requests = this.#moved[from][to];
        if (requests > 0) flows.push({ from, to, requests });
      }
    }
    for (const from of STAGES) {
      const byServer = new Map<string, number>();
      for (const peer of peers) {
        const to = peer.serverId ?? peer.address;
        if (peer.from[from] > 0) byServer.set(to, (byServer.get(to) ?? 0) + peer.from[from]);
      }
      for (const [to, requests] of byServer) flows.push({ from, to, requests });
    }
    return { flows, own: this.#own.map((own) => ({ ...own })), buckets: this.#buckets() };
  }
}
