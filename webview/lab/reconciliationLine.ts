import { type Message, message } from '../../src/base/message';
import type { SideCounts, Snapshot } from '../../src/measurement/snapshot';

/** The three sides' counts of one run held against each other, in words. No DOM. */
export interface ReconciliationLine {
  readonly verdict: 'agree' | 'differ' | 'counting';
  readonly sides: readonly Side[];
  /** The same of what the edge servers asked inside; empty: they ask nobody. */
  readonly inner: readonly Side[];
  readonly note: Message | null;
  readonly differences: readonly Message[];
}

export interface Side {
  readonly side: Message;
  readonly requests: number;
}

/**
 * 'counting' while requests are in flight and the counts lie apart only by those: an equals sign would be a lie, and a
 * red line too.
 */
export function reconciliationLine(snapshot: Snapshot): ReconciliationLine {
  const { agree, differences, counts } = snapshot.reconciliation;
  const sides = sidesOf(message('client'), counts, counts.answeredItself ?? 0);
  const inner = counts.inner === undefined ? [] : sidesOf(message('edge'), counts.inner, 0);
  const equal = sides.every(({ requests }) => requests === counts.client);
  const verdict = !agree ? 'differ' : equal ? 'agree' : 'counting';
  return { verdict, sides, inner, note: noteOf(snapshot), differences };
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

function noteOf(snapshot: Snapshot): Message | null {
  const { balancer, preflights, subrequests } = snapshot.reconciliation.counts;
  if (preflights !== undefined) {
    return message(
      'The browser asked {count} times by itself whether it may send (CORS): that is in none of these counts.',
      { count: preflights },
    );
  }
  if (subrequests !== undefined) {
    return message('The gateway’s own checks ({checks}) are in none of these counts: no client sent them.', {
      checks: subrequests.toLocaleString('en'),
    });
  }
  if (balancer !== null) return null;
  if (snapshot.balancer === null) return message('There is no balancer here: the client chooses by itself.');
  return message('An L4 balancer counts connections; it sees no requests.');
}
