import type { Clock } from '../base/clock';
import type { Snapshot } from '../measurement/snapshot';
import type { LiveSnapshot } from '../protocol/webview';

/** Samples with their decisions are most of a snapshot; nobody reads them ten times a second. */
const SAMPLES_EVERY_MS = 500;

/**
 * What is sent to the page of each snapshot: all the numbers, and the samples now and then and at the end. Sending them
 * every time is what the extension host would be busy with while a lab runs.
 */
export class SnapshotFeed {
  readonly #clock: Clock;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(snapshot: Snapshot): LiveSnapshot {
    const now = this.#clock.now();
    const flowing = snapshot.phase === 'running' || snapshot.phase === 'draining';
    if (flowing && now - this.#sentAt < SAMPLES_EVERY_MS) return { ...snapshot, samples: null };
    this.#sentAt = now;
    return snapshot;
  }
}
