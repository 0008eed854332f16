import { LatencyRecorder } from './latency';
import type { ClientCounts, Latency, Outcome } from './snapshot';

/** How a request ended, as the client saw it. */
export interface Ending {
  /** A response came, whatever it said. */
  readonly answered: boolean;
  readonly status: string;
  /** Who gave it: a server's id or a stage. */
  readonly by: string;
  /** Attempts beyond the first. */
  readonly retries: number;
  /** From the intended start to the end, ms. */
  readonly latencyMs: number;
}

/** The client's connections, counted apart from its requests. */
export interface ConnectionCount {
  readonly opened: number;
  readonly open: number;
}

/** Width of the slots in which answers are counted over time, ms. */
export const SLOT_MS = 100;
const RATE_WINDOW_MS = 1000;

/**
 * Reduces what happens to requests to ClientCounts. sent = answered + failed + inFlight at every moment, because inFlight
 * is counted up and down by the same two events. Times are ms since the run began; the caller brings them.
 */
export class ClientCounter {
  readonly #latency = new LatencyRecorder();
  readonly #latencyBy = new Map<string, LatencyRecorder>();
  readonly #outcomes = new Map<string, { status: string; by: string; requests: number }>();
  readonly #slots: number[] = [];
  #sent = 0;
  #answered = 0;
  #failed = 0;
  #inFlight = 0;
  #retried = 0;
  #lastEndMs = 0;
  #changedSlot = 0;
  /** Answers at earlier moments, oldest first, for the rate of the last second. */
  #marks: { atMs: number; answered: number }[] = [{ atMs: 0, answered: 0 }];

  sent(): void {
    this.#sent += 1;
    this.#inFlight += 1;
  }

  ended(ending: Ending, atMs: number): void {
    this.#inFlight -= 1;
    this.#retried += ending.retries;
    this.#lastEndMs = Math.max(this.#lastEndMs, atMs);
    const key = `${ending.by}\n${ending.status}`;
    const outcome = this.#outcomes.get(key);
    if (outcome === undefined) this.#outcomes.set(key, { status: ending.status, by: ending.by, requests: 1 });
    else outcome.requests += 1;
    if (!ending.answered) {
      this.#failed += 1;
      return;
    }
    this.#answered += 1;
    this.#latency.record(ending.latencyMs);
    this.#latencyOf(ending.by).record(ending.latencyMs);
    const slot = Math.max(0, Math.floor(atMs / SLOT_MS));
    // Slots in which nothing was answered are new to the reader too.
    this.#changedSlot = Math.min(this.#changedSlot, slot, this.#slots.length);
    while (this.#slots.length <= slot) this.#slots.push(0);
    this.#slots[slot] = (this.#slots[slot] ?? 0) + 1;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The counts at `atMs`. While running the rate is that of the last second, when done that of the whole run. */
  counts(atMs: number, done: boolean, connections: ConnectionCount): ClientCounts {
    return {
      sent: this.#sent,
      answered: this.#answered,
      failed: this.#failed,
      inFlight: this.#inFlight,
      retried: this.#retried,
      connectionsOpened: connections.opened,
      connectionsOpen: connections.open,
      outcomes: sortedOutcomes([...this.#outcomes.values()].map((outcome) => ({ ...outcome }))),
      latencyMs: this.#latency.summary(),
      latencyByServer: this.#latencies(),
      requestsPerSecond: done ? perSecond(this.#answered, this.#lastEndMs) : this.#recentRate(atMs),
    };
  }

  /** Answers per slot, from the first slot that changed since the last call. */
  takeSlots(): { readonly from: number; readonly answered: readonly number[] } {
    const from = Math.min(this.#changedSlot, this.#slots.length);
    this.#changedSlot = Number.POSITIVE_INFINITY;
    return { from, answered: this.#slots.slice(from) };
  }

  #latencyOf(by: string): LatencyRecorder {
    let recorder = this.#latencyBy.get(by);
    if (recorder === undefined) {
      recorder = new LatencyRecorder();
      this.#latencyBy.set(by, recorder);
    }
    return recorder;
  }

  #latencies(): Readonly<Record<string, Latency>> {
    return Object.fromEntries([...this.#latencyBy].map(([by, recorder]) => [by, recorder.summary()]));
  }

  #recentRate(atMs: number): number {
    this.#marks.push({ atMs, answered: this.#answered });
    const begin = atMs - RATE_WINDOW_MS;
    const newest = this.#marks.findLastIndex((mark) => mark.atMs <= begin);
    if (newest > 0) this.#marks = this.#marks.slice(newest);
    const first = this.#marks[0];
    return first === undefined ? 0 : perSecond(this.#answered - first.answered, atMs - first.atMs);
  }
}

/** Most frequent first; equal ones by name, so that two lists of the same outcomes read the same. */
export function sortedOutcomes(outcomes: readonly Outcome[]): Outcome[] {
  return [...outcomes].sort(
    (a, b) => b.requests - a.requests || a.by.localeCompare(b.by, 'en') || a.status.localeCompare(b.status, 'en'),
  );
}

function perSecond(requests: number, ms: number): number {
  return ms > 0 ? (requests * 1000) / ms : 0;
}
