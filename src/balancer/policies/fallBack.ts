import { type Message, message } from '../../base/message';
import type { Pick, PickProgress, PickRequest } from '../policy';
import { type PeerLists, peerName } from './peerLists';
import { pickByRoundRobin } from './roundRobin';

/** nginx gives up on hashing, or drawing, after 20 unusable peers within one request. */
const missLimit = 20;

export function tooManyMisses(progress: PickProgress): boolean {
  return progress.misses > missLimit;
}

/** Round robin in place of a policy that cannot decide; the trace says why it could not. */
export function fallBack(lists: PeerLists, request: PickRequest, cause: 'misses' | 'no key'): Pick | null {
  const pick = pickByRoundRobin(lists, request);
  if (pick === null || !request.traced || lists.single || pick.peer.backup) return pick;
  return { peer: pick.peer, reason: causeReason(cause, peerName(pick.peer)) };
}

function causeReason(cause: 'misses' | 'no key', server: string): Message {
  return cause === 'no key'
    ? message('The key is empty, so there is nothing to hash: round robin chose {server}.', { server })
    : message('More than 20 choices in a row hit servers that cannot be used, so round robin chose {server}.', {
        server,
      });
}
