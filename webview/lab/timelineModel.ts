import type { Snapshot, TimelineEvent } from '../../src/measurement/snapshot';

/** The time line as cause and effect. No DOM. */
export interface TimelineEntry {
  readonly event: TimelineEvent;
  /** Of what somebody did, counted from 1: the same number marks its moment on the chart; null: it followed by itself. */
  readonly number: number | null;
  /** Of what followed: ms since what was done last; null: nothing was. */
  readonly afterMs: number | null;
  /** Answered per second before and after what was done; null: not known (yet). */
  readonly rate: { readonly before: number; readonly after: number } | null;
}

const SLOT_MS = 100;
/** So much on either side is looked at, but at least MIN_SLOTS. */
const WINDOW_SLOTS = 10;
const MIN_SLOTS = 3;
const AT_ONCE_MS = 100;

export function timelineEntries({ timeline, answeredPerSlot, phase }: Snapshot): readonly TimelineEntry[] {
  const ended = phase === 'done' || phase === 'stopped' || phase === 'failed';
  let number = 0;
  let last: TimelineEvent | null = null;
  return timeline.map((event): TimelineEntry => {
    if (isEffect(event, last)) {
      return { event, number: null, afterMs: last === null ? null : event.atMs - last.atMs, rate: null };
    }
    number += 1;
    last = event;
    return { event, number, afterMs: null, rate: rateAround(answeredPerSlot, event.atMs, ended) };
  });
}

/**
 * Whether an event is what the network made of another one, rather than something that was done to it. A reload that
 * follows an added or drained server at once is part of that; any other is a reader's save.
 */
function isEffect({ kind, atMs }: TimelineEvent, last: TimelineEvent | null): boolean {
  if (kind === 'health') return true;
  return kind === 'reload' && last !== null && last.kind !== 'reload' && atMs - last.atMs < AT_ONCE_MS;
}

/** The slot in which it happened belongs to neither side. */
function rateAround(slots: readonly number[], atMs: number, ended: boolean): TimelineEntry['rate'] {
  const at = Math.floor(atMs / SLOT_MS);
  const before = slots.slice(Math.max(0, at - WINDOW_SLOTS), at);
  const after = slots.slice(at + 1, at + 1 + WINDOW_SLOTS);
  // While it goes on the last slot still fills, and a number that jumps with every tick says nothing.
  const isComplete = ended ? after.length >= MIN_SLOTS : slots.length > at + 1 + WINDOW_SLOTS;
  if (before.length < MIN_SLOTS || !isComplete) return null;
  return { before: perSecond(before), after: perSecond(after) };
}

function perSecond(slots: readonly number[]): number {
  return (slots.reduce((sum, answered) => sum + answered, 0) / slots.length) * (1000 / SLOT_MS);
}

/** What the clients do now: as the run began, changed by what was done since. */
export function loadNow(
  snapshot: Snapshot | null,
  first: { readonly rate: number | null; readonly population: 'spread' | 'nat' | 'skewed' | null },
): typeof first {
  const now = { ...first };
  for (const { load } of snapshot?.timeline ?? []) Object.assign(now, load);
  return now;
}
