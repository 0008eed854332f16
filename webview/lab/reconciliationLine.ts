import { type Message, message } from '../../src/base/message';
import type { Snapshot } from '../../src/measurement/snapshot';

/** The three sides' counts of one run held against each other, in words. No DOM. */
export interface ReconciliationLine {
  readonly verdict: 'agree' | 'differ' | 'counting';
  readonly sides: readonly { readonly side: Message; readonly requests: number }[];
  readonly note: Message | null;
  readonly differences: readonly Message[];
}

/**
 * 'counting' while requests are in flight and the counts lie apart only by those: an equals sign would be a lie, and a
 * red line too.
 */
export function reconciliationLine(snapshot: Snapshot): ReconciliationLine {
  const { agree, differences, counts } = snapshot.reconciliation;
  const sides = [{ side: message('client'), requests: counts.client }];
  if (counts.balancer !== null) sides.push({ side: message('balancer'), requests: counts.balancer });
  sides.push({ side: message('backends'), requests: counts.backends });
  const equal = sides.every(({ requests }) => requests === counts.client);
  const verdict = !agree ? 'differ' : equal ? 'agree' : 'counting';
  return { verdict, sides, note: noteOf(snapshot), differences };
}

function noteOf(snapshot: Snapshot): Message | null {
  const { preflights } = snapshot.reconciliation.counts;
  if (preflights !== undefined) {
    return message(
      'The browser asked {count} times by itself whether it may send (CORS): that is in none of these counts.',
      {
        count: preflights,
      },
    );
  }
  if (snapshot.reconciliation.counts.balancer !== null) return null;
  if (snapshot.balancer === null) return message('There is no balancer here: the client chooses by itself.');
  return message('An L4 balancer counts connections; it sees no requests.');
}
