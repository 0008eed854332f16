import { type Message, message } from '../../src/base/message';
import type { SideCounts, Snapshot } from '../../src/measurement/snapshot';

/** The three sides' counts of one run held against each other, in words. No DOM. */
export interface ReconciliationLine {
  readonly verdict: 'agree' | 'differ' | 'counting';
  /** Whether the sides counted the same number; in the end of a run they may agree without, where requests failed. */
  readonly equal: boolean;
  readonly sides: readonly Side[];
  /** The same of what the edge servers asked inside; empty: they ask nobody. */
  readonly inner: readonly Side[];
  readonly notes: readonly Message[];
  readonly differences: readonly Message[];
}

export interface Side {
  readonly side: Message;
  readonly requests: number;
}

/**
 * 'counting' while requests are in flight and the counts lie apart only by those: an equals sign would be a lie, and a
 * red line too. When the run has ended nothing is in flight: what still lies between the sides are requests that failed.
 */
export function reconciliationLine(snapshot: Snapshot): ReconciliationLine {
  const { agree, differences, counts } = snapshot.reconciliation;
  const sides = sidesOf(message('client'), counts, counts.answeredItself ?? 0);
  const inner = counts.inner === undefined ? [] : sidesOf(message('edge'), counts.inner, 0);
  const equal = sides.every(({ requests }) => requests === counts.client);
  const ended = snapshot.phase === 'done' || snapshot.phase === 'stopped';
  const verdict = !agree ? 'differ' : equal || ended ? 'agree' : 'counting';
  const notes = [...(verdict === 'agree' && !equal ? lostNotes(snapshot) : []), ...notesOf(snapshot)];
  return { verdict, equal, sides, inner, notes, differences };
}

/** `itself`: what the balancer answered itself never reached a server. */
function sidesOf(asking: Message, { client, balancer, backends }: SideCounts, itself: number): readonly Side[] {
  return [
    { side: asking, requests: client },
    ...(balancer === null ? [] : [{ side: message('balancer'), requests: balancer }]),
    itself === 0
      ? { side: message('backends'), requests: backends }
      : { side: message('backends and the balancer’s own answers'), requests: backends + itself },
  ];
}

/** Why counts that agree are not the same number. */
function lostNotes({ client: { failed } }: Snapshot): readonly Message[] {
  const lost = failed.toLocaleString('en');
  return [message('Failed requests ({lost}) lie between the counts; each of them is accounted for.', { lost })];
}

function notesOf(snapshot: Snapshot): readonly Message[] {
  const { balancer, preflights, subrequests } = snapshot.reconciliation.counts;
  if (preflights !== undefined) {
    return [
      message(
        'The browser asked {count} times by itself whether it may send (CORS): that is in none of these counts.',
        {
          count: preflights,
        },
      ),
    ];
  }
  if (subrequests !== undefined) {
    return [
      message('The gateway’s own checks ({checks}) are in none of these counts: no client sent them.', {
        checks: subrequests.toLocaleString('en'),
      }),
    ];
  }
  if (balancer !== null) return [];
  if (snapshot.balancer === null) return [message('There is no balancer here: the client chooses by itself.')];
  return [message('An L4 balancer counts connections; it sees no requests.')];
}
