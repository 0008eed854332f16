import type { Clock } from '../base/clock';
import type { Disposable } from '../base/dispose';
import type { Service, SharedStore } from '../protocol/backendWorker';
import type { PublicKey } from '../protocol/tokens';
import type { Admission } from './admission';
import type { Catalogue } from './catalogue';
import type { Counters } from './counters';
import type { HopMeter } from './inner/hopMeter';
import type { InnerCalls } from './inner/innerCalls';

/** What every protocol of a backend is built on. */
export interface BackendParts {
  readonly id: string;
  readonly service: Service;
  /** The same for all servers of a run. */
  readonly seed: number;
  readonly store: SharedStore | null;
  readonly admission: Admission;
  readonly catalogue: Catalogue;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Of the run's tokens; absent where nobody verifies them. */
  readonly tokenKey?: PublicKey;
  /** The services inside that this one may ask; null: it asks nobody. */
  readonly inner: InnerCalls | null;
  /** Measures the requests it serves; null: nobody asks. */
  readonly served: HopMeter | null;
}

/** A listening server of a backend. dispose() closes it and its connections at once. */
export interface ProtocolServer extends Disposable {
  /** Port it is bound to. */
  readonly port: number;
  /** Accepts no more connections, answers what has been received, tells clients to go elsewhere, then closes. */
  drain(): Promise<void>;
}
