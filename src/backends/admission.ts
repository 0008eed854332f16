import type { Random } from '../base/random';
import type { Fault } from '../protocol/backendWorker';
import type { Capacity, Place } from './capacity';
import type { Counters } from './counters';
import type { HopMeter } from './inner/hopMeter';

/** One request inside a backend. Ends exactly once, as answered or as abandoned; the second call does nothing. */
export interface Visit {
  /** To be called right before the last byte is sent, so that no client holds an answer that is not yet counted. */
  answered(): void;
  /** The client went away. Its place in the queue or its slot is given up. */
  abandoned(): void;
}

/** What a protocol does with a request; exactly one of them is called, perhaps at once. */
export interface Visitor {
  /** Slots and queue are full: 503 / RESOURCE_EXHAUSTED. Already counted as answered and rejected. */
  refused(): void;
  /** Failed on purpose (fault): 500 / INTERNAL. Already counted as answered and rejected. */
  failed(): void;
  /** Its service time has passed: make the answer, call visit.answered(), send it. */
  served(visit: Visit): void;
}

/**
 * The door of a backend, the same for REST and gRPC: capacity, faults, and the counts
 * received = answered + abandoned + inFlight + queued, true at every moment.
 */
export class Admission {
  readonly #capacity: Capacity;
  readonly #counters: Counters;
  readonly #random: Random;
  readonly #meter: HopMeter | null;
  #errorRate = 0;
  /** Received and neither answered nor abandoned. */
  #open = 0;

  constructor(capacity: Capacity, counters: Counters, random: Random, meter: HopMeter | null = null) {
    this.#meter = meter;
    this.#capacity = capacity;
    this.#counters = counters;
    this.#random = random;
  }

  setFault(fault: Fault): void {
    this.#capacity.setSlowFactor(fault.slowFactor);
    this.#errorRate = fault.errorRate;
  }

  take(visitor: Visitor): Visit {
    this.#counters.add('received');
    this.#open += 1;
    const measured = this.#meter?.begin();
    let place: Place | null = null;
    let ended = false;
    const end = (count: 'answered' | 'abandoned'): void => {
      if (ended) return;
      ended = true;
      this.#open -= 1;
      this.#counters.add(count);
      if (count === 'answered') measured?.();
      place?.leave();
      this.#publish();
    };
    const visit: Visit = { answered: () => end('answered'), abandoned: () => end('abandoned') };
    const reject = (tell: () => void): void => {
      this.#counters.add('rejected');
      end('answered');
      tell();
    };
    place = this.#capacity.enter(() => {
      this.#publish();
      if (this.#errorRate > 0 && this.#random.next() < this.#errorRate) reject(() => visitor.failed());
      else visitor.served(visit);
    });
    if (place === null) reject(() => visitor.refused());
    this.#publish();
    return visit;
  }

  #publish(): void {
    this.#counters.set('queued', this.#capacity.waiting);
    this.#counters.set('inFlight', this.#open - this.#capacity.waiting);
  }
}
