import { type Message, message } from '../../base/message';
import { ok } from '../../base/result';
import type { Peer, Pick, Picker, PickRequest, Policy } from '../policy';
import { isEligible, type PeerLists, peerLists, peerName } from './peerLists';
import { argumentsWithin } from './problems';
import { backupReason, gainWeight, pickByRoundRobin } from './roundRobin';

/**
 * The eligible peer with the least in flight per weight. Only where several share that least does the smooth round
 * robin among those few decide (and only then do their weight counters move), as in nginx.
 */
function chooseLeastLoaded(peers: readonly Peer[], request: PickRequest): { peer: Peer; tied: number } | null {
  let best: Peer | null = null;
  let tied = 0;
  for (const peer of peers) {
    if (!isEligible(peer, request)) continue;
    const difference = best === null ? -1 : compareLoad(peer, best);
    if (difference < 0) {
      best = peer;
      tied = 1;
    } else if (difference === 0) tied += 1;
  }
  if (best === null) return null;
  if (tied === 1) return { peer: best, tied };

  const least = best;
  let total = 0;
  for (const peer of peers) {
    if (!isEligible(peer, request) || compareLoad(peer, least) !== 0) continue;
    total += gainWeight(peer);
    if (peer.currentWeight > best.currentWeight) best = peer;
  }
  best.currentWeight -= total;
  return { peer: best, tied };
}

/** Below 0: `a` carries less per weight than `b`. Cross-multiplied, so that no rounding decides. */
export function compareLoad(a: Peer, b: Peer): number {
  return a.inFlight * b.weight - b.inFlight * a.weight;
}

function pickLeastLoaded(lists: PeerLists, request: PickRequest): Pick | null {
  if (lists.single) return pickByRoundRobin(lists, request);
  if (!request.progress.onBackups) {
    const choice = chooseLeastLoaded(lists.primary, request);
    if (choice !== null) return { peer: choice.peer, reason: request.traced ? loadReason(choice) : null };
    if (lists.backup.length === 0) return null;
    request.progress.onBackups = true;
  }
  const choice = chooseLeastLoaded(lists.backup, request);
  return choice && { peer: choice.peer, reason: request.traced ? backupReason(choice.peer) : null };
}

function loadReason({ peer, tied }: { peer: Peer; tied: number }): Message {
  const facts = { server: peerName(peer), inFlight: peer.inFlight, weight: peer.weight, tied };
  return tied === 1
    ? message('{server} has the least in flight for its weight: {inFlight} at weight {weight}.', facts)
    : message(
        '{tied} servers share the least load; among them it is the turn of {server} ({inFlight} in flight).',
        facts,
      );
}

/** https://nginx.org/en/docs/http/ngx_http_upstream_module.html#least_conn */
export const leastConn: Policy<null> = {
  name: 'least_conn',
  directive: 'least_conn',
  contexts: ['http', 'stream'],
  allowsBackup: true,
  parse(directive) {
    if (directive === null) return ok(null);
    const args = argumentsWithin(directive, 0, 0, message('Write it as {form}.', { form: 'least_conn;' }));
    return args.ok ? ok(null) : args;
  },
  createPicker(_config, peers): Picker {
    const lists = peerLists(peers);
    return { pick: (request) => pickLeastLoaded(lists, request) };
  },
};
