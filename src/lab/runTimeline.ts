import type { Clock } from '../base/clock';
import { type Message, message } from '../base/message';
import type { PeerCounts, TimelineEvent } from '../measurement/snapshot';
import type { Fault } from '../protocol/backendWorker';
import type { Population } from '../protocol/trafficWorker';
import type { ConfChange } from './confChange';

/** The store's id in the time line and in the picture. */
const STORE = 'store';

const POPULATION_TEXTS: Readonly<Record<Population, Message>> = {
  spread: message('Every client comes from a network of its own'),
  nat: message('All clients come from behind one router'),
  skewed: message('Every second client belongs to one big customer'),
};

/**
 * What happened in a run, in words, in the order in which it did: what the reader or the scenario did, and what came of
 * it. Times are milliseconds since `begin`; what happened before stands at 0.
 */
export class RunTimeline {
  readonly #clock: Clock;
  readonly #events: TimelineEvent[] = [];
  #beganAtMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get events(): readonly TimelineEvent[] {
    return this.#events;
  }

  /** Traffic flows from this moment of the clock on. */
  begin(atMs: number): void {
    this.#beganAtMs = atMs;
  }

  killed(server: string): void {
    this.#note('kill', server, message('{server} was killed', { server }));
  }

  crashed(server: string, error: Error | null): void {
    this.#note('kill', server, message('{server} crashed: {detail}', { server, detail: error?.message ?? '' }));
  }

  revived(server: string): void {
    this.#note('revive', server, message('{server} is back', { server }));
  }

  faulted(server: string, { errorRate, slowFactor }: Fault): void {
    const text =
      errorRate > 0
        ? message('{server} fails {percent} % of its requests', { server, percent: Math.round(errorRate * 100) })
        : slowFactor > 1
          ? message('{server} is {factor} times slower', { server, factor: slowFactor })
          : message('{server} is healthy again', { server });
    this.#note(errorRate > 0 ? 'fail' : 'slow', server, text);
  }

  storeNoted(text: Message): void {
    this.#note('note', STORE, text);
  }

  storeKilled(): void {
    this.#note('kill', STORE, message('The session store was killed, with every session in it'));
  }

  storeCrashed(error: Error | null): void {
    this.#note('kill', STORE, message('The session store died: {detail}', { detail: error?.message ?? '' }));
  }

  storeRevived(): void {
    this.#note('revive', STORE, message('The session store is back, and empty'));
  }

  storeMissing(): void {
    this.#note('note', null, message('This arm has no session store: each server keeps its own sessions'));
  }

  /** `rate` in requests per second; null: as fast as answers come. */
  rateSet(rate: number | null): void {
    const text =
      rate === null
        ? message('The clients send as fast as answers come')
        : message('The clients send {rate} requests per second', { rate });
    this.#note('load', null, text, { rate });
  }

  populationSet(population: Population): void {
    this.#note('load', null, POPULATION_TEXTS[population], { population });
  }

  /** Servers that came, left, and were drained by a configuration that holds now. */
  changed({ joining, leaving, drained, undrained }: ConfChange): void {
    for (const { id: server } of joining) {
      this.#note('add', server, message('{server} joined, and its line was added to the configuration', { server }));
    }
    for (const { id: server } of leaving) {
      const text = message('{server} left the configuration; it ends after its last request', { server });
      this.#note('drain', server, text);
    }
    for (const server of drained) {
      this.#note('drain', server, message('{server} is drained: it gets no new requests', { server }));
    }
    for (const server of undrained) {
      this.#note('drain', server, message('{server} gets requests again', { server }));
    }
  }

  /** Telling the balancer where taken ports moved to, before the run, is no event of the run. */
  reloaded(): void {
    if (this.#beganAtMs === null) return;
    this.#note('reload', null, message('The balancer reloaded its configuration'));
  }

  reloadRefused(): void {
    this.#note('reload-refused', null, message('The new configuration was refused; the old one runs on'));
  }

  /** The balancer took a server out, or in again. */
  healthChanged({ serverId, address, health }: PeerCounts): void {
    const server = serverId ?? address;
    this.#note(
      'health',
      serverId,
      health === 'up'
        ? message('The balancer sends traffic to {server} again', { server })
        : message('The balancer took {server} out', { server }),
    );
  }

  #note(kind: TimelineEvent['kind'], server: string | null, text: Message, load?: TimelineEvent['load']): void {
    const atMs = this.#beganAtMs === null ? 0 : this.#clock.now() - this.#beganAtMs;
    this.#events.push({ atMs, kind, server, text, ...(load === undefined ? {} : { load }) });
  }
}
