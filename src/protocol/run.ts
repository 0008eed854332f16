import type { Findings } from '../measurement/findings';
import type { Latency, Outcome, Reconciliation } from '../measurement/snapshot';

/** What the reader (or the command line) asks a run to be. Units: requests, requests per second. */
export interface RunParams {
  /** 1 to 1,000,000. */
  readonly requests: number;
  /** Requests in flight at once, 1 to 1,000; the bound of the open loop too. */
  readonly concurrency: number;
  /** Client connections where the arm keeps connections, 1 to 200. */
  readonly clients: number;
  /** Open loop: requests per second, 1 to 100,000; null: closed loop, as fast as answers come. */
  readonly rate: number | null;
  /** What happens while it runs: id of one of the lab's scenarios; null: nothing. */
  readonly scenario: string | null;
  /** For arms that exist over both; null: the arm's own. */
  readonly protocol: 'rest' | 'grpc' | null;
  /** Id of one of the lab's messages; null: the lab has none. */
  readonly message: string | null;
  readonly seed: number;
}

/** How much is sent, and how. */
export type LoadParams = Pick<RunParams, 'requests' | 'concurrency' | 'clients' | 'rate'>;

export const RUN_LIMITS = {
  requests: { min: 1, max: 1_000_000 },
  concurrency: { min: 1, max: 1_000 },
  clients: { min: 1, max: 200 },
  rate: { min: 1, max: 100_000 },
} as const;

/** The result object of design.md, "Command lines": one arm, run once. */
export interface RunResult extends Findings {
  readonly lab: string;
  readonly arm: string;
  /** Absent where the lab has none of them. */
  readonly scenario?: string;
  readonly protocol?: 'rest' | 'grpc';
  readonly message?: string;
  /** What balanced: "in-process" or, where the reader has it, "nginx 1.22.1". */
  readonly engine: string;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly servers: readonly { readonly id: string; readonly connections: number; readonly requests: number }[];
  readonly counts: Reconciliation['counts'];
  readonly outcomes: readonly Outcome[];
  readonly latencyMs: Latency;
  readonly requestsPerSecond: number;
  /** From the call to the first counted request sent, ms. */
  readonly startMs: number;
  readonly seed: number;
}

/** Shape of the network an arm builds; the diagram is drawn from it. Edge ids are stable over the run. */
export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
}

export interface TopologyNode {
  /** "client", "balancer", or a server id. */
  readonly id: string;
  readonly kind: 'client' | 'balancer' | 'server' | 'store' | 'stage';
  readonly label: string;
  /** Second line: address, layer, protocol. */
  readonly detail: string;
}

export interface TopologyEdge {
  /** "e1", "e2" ... */
  readonly id: string;
  readonly from: string;
  readonly to: string;
}
