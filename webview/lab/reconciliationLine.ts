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
  // What the balancer answered itself never reached a server.
  const itself = counts.answeredItself ?? 0;
  if (itself === 0) sides.push({ side: message('backends'), requests: counts.backends });
  else sides.push({ side: message('backends and the balancer’s own answers'), requests: counts.backends + itself });
  const equal = sides.every(({ requests }) => requests === counts.client);
  const verdict = !agree ? 'differ' : equal ? 'agree' : 'counting';
  return { verdict, sides, note: noteOf(snapshot), differences };
}

function noteOf(snapshot: Snapshot): Message | null {
  const { balancer, subrequests } = snapshot.reconciliation.counts;
  if (subrequests !== undefined) {
    return message('The gateway’s own checks ({checks}) are in none of these counts: no client sent them.', {
      checks: subrequests.toLocaleString('en'),
    });
  }
  if (balancer !== null) return null;
  if (snapshot.balancer === null) return message('There is no balancer here: the client chooses by itself.');
  return message('An L4 balancer counts connections; it sees no requests.');
}
