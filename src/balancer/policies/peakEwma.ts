import { message } from '../../base/message';
import type { Random } from '../../base/random';
import { ok } from '../../base/result';
import type { Peer, Pick, Picker, PickRequest, Policy } from '../policy';
import { fallBack } from './fallBack';
import { isEligible, type PeerLists, peerLists, peerName } from './peerLists';
import { drawEligible } from './random';

/** After this time without news, ms, a remembered response time has faded to 1/e. Finagle's default. */
const decayMs = 10_000;

/** Cost of a peer with requests under way but no answer yet, ms: high, so that one request explores it and not a crowd. */
const unknownCostMs = 1e9;

/**
 * Of two peers drawn by weight, the one whose next answer is expected sooner: recent response time, grown by what is in
 * flight there per weight. The average jumps up at once to a slow answer and comes down slowly. After Finagle's
 * "peak EWMA" (com.twitter.finagle.loadbalancer.PeakEwma). nginx has no such policy; it reads round robin in the file.
 */
export const peakEwma: Policy<null> = {
  name: 'peak_ewma',
  directive: null,
  labName: 'peak_ewma',
  contexts: ['http', 'stream'],
  allowsBackup: true,
  parse: () => ok(null),
  createPicker(_config, peers, source): Picker {
    const lists = peerLists(peers);
    return { pick: (request) => pickCheaper(lists, request, source), observe };
  },
};

function pickCheaper(lists: PeerLists, request: PickRequest, source: Random): Pick | null {
  if (lists.single || request.progress.onBackups) return fallBack(lists, request, 'misses');
  const eligible = lists.primary.filter((peer) => isEligible(peer, request));
  const [only] = eligible;
  if (only === undefined) return fallBack(lists, request, 'misses');
  if (eligible.length === 1) {
    const facts = { server: peerName(only) };
    return {
      peer: only,
      reason: request.traced ? message('{server} is the only server that can be used now.', facts) : null,
    };
  }
  const usable = peerLists(eligible);
  const first = drawEligible(usable, request, source, null);
  const second = first && drawEligible(usable, request, source, first);
  if (first === null || second === null) return fallBack(lists, request, 'misses');
  const [peer, other] =
    expectedCostMs(second, request.nowMs) < expectedCostMs(first, request.nowMs) ? [second, first] : [first, second];
  const facts = {
    server: peerName(peer),
    other: peerName(other),
    average: Math.round(faded(peer, request.nowMs)),
    inFlight: peer.inFlight,
    otherAverage: Math.round(faded(other, request.nowMs)),
    otherInFlight: other.inFlight,
  };
  return {
    peer,
    reason: request.traced
      ? message(
          'Of the two drawn by lot, {server} (about {average} ms, {inFlight} in flight) should answer no later than {other} (about {otherAverage} ms, {otherInFlight} in flight).',
          facts,
        )
      : null,
  };
}

function expectedCostMs(peer: Peer, nowMs: number): number {
  const average = faded(peer, nowMs);
  if (average > 0) return average * (1 + peer.inFlight / peer.weight);
  return peer.inFlight > 0 ? unknownCostMs * (1 + peer.inFlight / peer.weight) : 0;
}

/** The average as it is worth now. */
function faded(peer: Peer, nowMs: number): number {
  return peer.ewmaMs * Math.exp(-Math.max(0, nowMs - peer.ewmaAtMs) / decayMs);
}

function observe(peer: Peer, responseMs: number, nowMs: number): void {
  const kept = Math.exp(-Math.max(0, nowMs - peer.ewmaAtMs) / decayMs);
  const known = peer.ewmaMs > 0 && responseMs <= peer.ewmaMs;
  peer.ewmaMs = known ? peer.ewmaMs * kept + responseMs * (1 - kept) : responseMs;
  peer.ewmaAtMs = nowMs;
}
