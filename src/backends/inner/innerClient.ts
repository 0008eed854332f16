import type { Disposable } from '../../base/dispose';
import type { Service } from '../../protocol/backendWorker';

/** A question to a service inside, in both forms: which one is sent is the configuration's choice. */
export interface InnerQuestion {
  readonly service: Service['kind'];
  /** GET, "/api/orders/7". */
  readonly path: string;
  readonly grpc: { readonly method: string; readonly request: object };
}

/** What became of it, the same over either protocol. */
export type InnerAnswer =
  | { readonly kind: 'found'; readonly body: object }
  | { readonly kind: 'not-found' }
  /** Nobody was there to answer it, or had no room: it may go well another time. */
  | { readonly kind: 'unavailable' }
  /** It was answered, but not as agreed. */
  | { readonly kind: 'failed' };

/** As a protocol tells it: with the status in its own words, and by whom. */
export interface InnerReply {
  readonly answer: InnerAnswer;
  readonly status: string;
  /** Id of the server that signed; 'balancer': nobody did; 'client': no answer came. */
  readonly by: string;
}

/** Sends questions to one target over connections of its own. */
export interface InnerClient extends Disposable {
  ask(question: InnerQuestion): Promise<InnerReply>;
}

/** Longer than any inner answer of a lab takes, shorter than the clients wait. */
export const INNER_TIMEOUT_MS = 3_000;
