import type { ClientFindings } from '../measurement/findings';
import type { ClientCounts } from '../measurement/snapshot';
import type { PageClientKind } from './browse';
import type { MessageKind } from './messagesService';
import type { PrivateKey } from './tokens';

/** Messages between whoever runs a lab and its traffic worker (the client side of the lab). */

export type ClientKind =
  /** HTTP/1.1 GET, a new TCP connection for each request. */
  | 'rest-new-sockets'
  /** HTTP/1.1 GET over keep-alive connections, one per client, requests in sequence on each. */
  | 'rest-keepalive'
  /** As rest-keepalive, over TLS; the server's certificate is checked against the plan's authority. */
  | 'rest-tls'
  /** Unary gRPC; one channel with its own connection per client. */
  | 'grpc'
  /** Unary gRPC-Web (binary) as browsers send it: HTTP/1.1 POST over keep-alive connections, one per client. */
  | 'grpc-web'
  /** Unary gRPC; per client one channel with a server list and the library's own round_robin. */
  | 'grpc-client-side'
  /** The course page, which is a browser: no thread of the lab is the client then. */
  | PageClientKind;

/**
 * What the clients ask for, and what they look for in the answers. One file in src/traffic/workloads implements each.
 */
export type WorkloadPlan =
  /** One order after the other, drawn by the seed. */
  | { readonly kind: 'get-order' }
  /** Users, orders and static files in one mix; `by` is what kinds of request are told apart by in the findings. */
  | { readonly kind: 'paths'; readonly by: 'path' | 'header' | 'cookie' }
  /** The same, remembering which server answered each client ('compare' asks who changed). */
  | { readonly kind: 'orders-by-client' }
  /**
   * What comes to the door of a shop's API. `token`: what the clients show; `bad` ones were signed by somebody else, altered
   * or not signed at all. `ask`: `services`: users, and orders no faster than a client would that keeps to the limit;
   * `services-and-files`: files, too (REST); `orders`: nothing but orders; `unknown`: what no service offers.
   */
  | {
      readonly kind: 'gateway';
      readonly token: 'none' | 'good' | 'bad' | 'expired';
      readonly ask: 'services' | 'services-and-files' | 'orders' | 'unknown';
    }
  /** Each client logs in, goes on as itself with its cookies, and logs in again where it is answered as a stranger. */
  | { readonly kind: 'sessions' }
  /** An order and who placed it, as the shop's edge puts them together; what the answers look like is found. */
  | { readonly kind: 'summary' }
  /**
   * The same message again and again, answered with itself: JSON as REST, protobuf as gRPC; `gzip`: compressed by those
   * means that the protocol has. The first REST request has a wrong field, to see who notices. `sent` is the run's.
   */
  | { readonly kind: 'message'; readonly gzip: boolean; readonly sent?: SentMessage }
  /** Each request is a stream of so many messages: server-sent events as REST, a chat of both sides as gRPC. */
  | { readonly kind: 'stream'; readonly messages: number; readonly everyMs: number };

/** One of the lab's messages as the reader wrote it, checked. */
export interface SentMessage {
  readonly kind: MessageKind;
  readonly value: object;
}

/**
 * Who the clients are to a balancer that looks: every request carries its client's address (ADDRESS_HEADER) and customer
 * (CUSTOMER_HEADER). `spread`: each in a network of its own; `nat`: all behind one router, in one /24; `skewed`: every
 * second request is one big customer's, who has one address. Where a connection carries one request at a time every second
 * client is that customer's; where it multiplexes, one client sends them all.
 */
export type Population = 'spread' | 'nat' | 'skewed';
/** The client's address as the last proxy before the lab would have written it; read with `real_ip_header`. */
export const ADDRESS_HEADER = 'x-forwarded-for';
export const CUSTOMER_HEADER = 'x-customer';

export interface LoadPlan {
  readonly kind: ClientKind;
  readonly workload: WorkloadPlan;
  /** What each server does, by server id; absent: nothing asks. */
  readonly services?: Readonly<Record<string, string>>;
  /** PEM certificate of whom the clients trust; for kinds that speak TLS. */
  readonly authority?: string;
  /** null: requests say nothing of who sends them. */
  readonly population: Population | null;
  /** Counts of sent requests at which the thread says so ('mark'), ascending. */
  readonly marks: readonly number[];
  /** One address ("127.0.0.1:4150"), or for client-side balancing the servers' addresses. Loopback only. */
  readonly targets: readonly string[];
  readonly requests: number;
  readonly concurrency: number;
  readonly clients: number;
  /** Requests per second (open loop); null: closed loop. */
  readonly rate: number | null;
  readonly timeoutMs: number;
  readonly seed: number;
  /** With which tokens are signed; absent where nobody verifies them. */
  readonly tokenKey?: PrivateKey;
}

export type ToTraffic =
  /** Connect (and for client-side balancing wait until every subchannel is ready); answers 'ready'. Nothing is counted. */
  | { readonly type: 'prepare'; readonly plan: LoadPlan }
  | { readonly type: 'go' }
  /** Send no more, let what is in flight end; answers 'done'. */
  | { readonly type: 'stop' }
  /** Another rate or another population from now on; what is absent stays. */
  | { readonly type: 'adjust'; readonly rate?: number | null; readonly population?: Population }
  /** From now on `moved` tells which clients are answered by another server than at this moment. The first call counts. */
  | { readonly type: 'compare' }
  /** What name resolution gives from now on; the client sees it when it resolves again. */
  | { readonly type: 'targets'; readonly targets: readonly string[] }
  | { readonly type: 'close' };

/** A request as the client saw it; the balancer's decision is joined by `id` or by `serverConnection`. */
export interface ClientSample {
  readonly id: string;
  /** ms since 'go'. */
  readonly atMs: number;
  readonly server: string | null;
  readonly status: string;
  readonly latencyMs: number;
  readonly clientConnection: number | null;
  /** Remote port of the connection as the server saw it (CONNECTION_HEADER). */
  readonly serverConnection: number | null;
  /** How many requests that connection had carried before this one, as the server counted (CONNECTION_HEADER); null: not told. */
  readonly requestsBefore: number | null;
}

export interface TrafficReport {
  /** ms since 'go'. */
  readonly atMs: number;
  readonly counts: ClientCounts;
  /** New since the last report, at most 20. */
  readonly samples: readonly ClientSample[];
  /** What the workload itself found in the answers so far. */
  readonly findings: ClientFindings;
  /** Written and read by the clients' sockets so far. */
  readonly bytes: number;
  /** Answered per 100 ms slot, from the first slot that changed since the last report. */
  readonly slots: { readonly from: number; readonly answered: readonly number[] };
}

export type FromTraffic =
  | { readonly type: 'ready' }
  /** Right after so many requests (LoadPlan.marks) were sent. */
  | { readonly type: 'mark'; readonly sent: number }
  /** When the first answer came, and every 100 ms from 'go' on. */
  | { readonly type: 'report'; readonly report: TrafficReport }
  /** After the last request ended: the final report. */
  | { readonly type: 'done'; readonly report: TrafficReport }
  | { readonly type: 'failed'; readonly code: string; readonly text: string };
