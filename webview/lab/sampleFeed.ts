import type { RequestSample } from '../../src/measurement/snapshot';

/**
 * Which samples the list shows: the newest, until the reader selects one; from then on the list stands still, so that
 * nothing moves away under the cursor, until the selection is cleared or a new run begins. No DOM.
 */
export interface SampleFeed {
  /** Newest first. */
  readonly shown: readonly RequestSample[];
  readonly selected: string | null;
  /** Samples that came since the list stands still. */
  readonly waiting: number;
}

export const EMPTY_FEED: SampleFeed = { shown: [], selected: null, waiting: 0 };

export function feedSamples(feed: SampleFeed, samples: readonly RequestSample[], newRun: boolean): SampleFeed {
  const newestFirst = [...samples].reverse();
  if (feed.selected === null || newRun) return { shown: newestFirst, selected: null, waiting: 0 };
  const newest = feed.shown[0];
  const known = newest === undefined ? -1 : newestFirst.findIndex((sample) => sample.id === newest.id);
  return { ...feed, waiting: known === -1 ? newestFirst.length : known };
}

export function selectSample(feed: SampleFeed, id: string | null): SampleFeed {
  if (id === null || !feed.shown.some((sample) => sample.id === id)) return { ...feed, selected: null };
  return { ...feed, selected: id };
}

/** The sample `steps` below (above if negative) the selected one; the first when none is selected. */
export function neighbour(feed: SampleFeed, steps: number): string | null {
  const at = feed.shown.findIndex((sample) => sample.id === feed.selected);
  const next = at === -1 ? 0 : Math.min(feed.shown.length - 1, Math.max(0, at + steps));
  return feed.shown[next]?.id ?? null;
}
