import type { Problem } from '../base/problem';
import type { BalancerCounts, Decision, Stage } from '../measurement/snapshot';

/** Messages between whoever runs a lab and its balancer worker. */

/** A configuration as text, so that an unsaved or edited one can run. */
export interface ConfSource {
  /** Absolute or lab-relative path, used in problems and to resolve includes. */
  readonly path: string;
  readonly text: string;
  /** Everything it names (includes, certificates, keys); absent: it may name nothing. */
  readonly files?: NamedFiles;
}

/** Files that were read together with a configuration: a thread that gets these opens none itself. */
export interface NamedFiles {
  /** By full path. */
  readonly texts: Readonly<Record<string, string>>;
  /** The paths that each pattern of an `include` stands for. */
  readonly matches: Readonly<Record<string, readonly string[]>>;
}

/** Declared "host:port" -> actual "host:port", where a port had to differ. Policies always see the declared one. */
export type AddressMap = Readonly<Record<string, string>>;

/** `workerData` of the balancer worker. */
export interface BalancerStart {
  readonly conf: ConfSource;
  /** Folder that `root` is relative to; absent: that of the configuration. */
  readonly prefix?: string;
  readonly addresses: AddressMap;
  /** 'declared': as nginx, fail when taken; 'fallback': take another loopback port when taken; 'any': always port 0. */
  readonly ports: 'declared' | 'fallback' | 'any';
  /** Bind only these listeners (declared "host:port"); others of the file are left alone. null: all. */
  readonly listeners: readonly string[] | null;
  readonly seed: number;
}

export type ToBalancer =
  | { readonly type: 'reload'; readonly conf: ConfSource; readonly addresses: AddressMap; readonly serial: number }
  /** Answers 'cpu'. */
  | { readonly type: 'cpu' }
  /** Answers 'counts'. */
  | { readonly type: 'counts' }
  | { readonly type: 'drain' }
  | { readonly type: 'close' };

export interface ListenerAddress {
  readonly declared: string;
  readonly actual: string;
}

export type FromBalancer =
  | {
      readonly type: 'listening';
      readonly listeners: readonly ListenerAddress[];
      readonly problems: readonly Problem[];
    }
  /** The configuration (at start or at reload) was refused; at reload the old one runs on. */
  | { readonly type: 'refused'; readonly serial: number | null; readonly problems: readonly Problem[] }
  | { readonly type: 'reloaded'; readonly serial: number; readonly listeners: readonly ListenerAddress[] }
  /** Every 100 ms while anything changed. */
  | { readonly type: 'report'; readonly report: BalancerReport }
  /** CPU time of its thread so far, ms; null: the system does not tell. */
  | { readonly type: 'cpu'; readonly usedMs: number | null }
  /** As they stand now, between two reports. */
  | { readonly type: 'counts'; readonly counts: BalancerCounts }
  | { readonly type: 'drained' }
  | { readonly type: 'failed'; readonly code: string; readonly text: string };

export interface BalancerReport {
  readonly counts: BalancerCounts;
  readonly decisions: readonly DecisionRecord[];
  readonly ownAnswers: readonly OwnAnswerRecord[];
}

/** A traced request that the balancer answered itself, and the stage that did; null: none of them. */
export interface OwnAnswerRecord {
  readonly request: string;
  readonly stage: Stage | null;
}

/** A decision and what it was for: a traced request (L7), or a connection (L4). */
export interface DecisionRecord {
  readonly request: string | null;
  /** L4: local port of the balancer's connection to the server, which that server sees as the remote port. */
  readonly upstreamPort: number | null;
  readonly decision: Decision;
}
