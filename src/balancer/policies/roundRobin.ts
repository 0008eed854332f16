import { type Message, message } from '../../base/message';
import { ok } from '../../base/result';
import { isBusy } from '../health';
import type { Peer, Pick, Picker, PickRequest, Policy } from '../policy';
import { isEligible, type PeerLists, peerLists, peerName } from './peerLists';

/**
 * Smooth weighted round robin: every eligible peer gains its effective weight, the one that has most is chosen and pays
 * back what all gained together. Weights 5, 1, 1 give a a b a c a a rather than a a a a a b c. An effective weight that
 * failures lowered grows back by one at each choice. Source: ngx_http_upstream_module, commit 52327e0627f4 (Smooth).
 */
export function chooseSmoothly(peers: readonly Peer[], request: PickRequest): { peer: Peer; total: number } | null {
  let best: Peer | null = null;
  let total = 0;
  for (const peer of peers) {
    if (!isEligible(peer, request)) continue;
    total += gainWeight(peer);
    if (best === null || peer.currentWeight > best.currentWeight) best = peer;
  }
  if (best === null) return null;
  best.currentWeight -= total;
  return { peer: best, total };
}

/** One round's gain of a peer that takes part; returns it. */
export function gainWeight(peer: Peer): number {
  const gain = peer.effectiveWeight;
  peer.currentWeight += gain;
  if (peer.effectiveWeight < peer.weight) peer.effectiveWeight += 1;
  return gain;
}

/**
 * Accounts for a peer that something else chose (a sticky cookie), as if it had had its turn; not more of such turns in a
 * row than the others can make up for at once (ngx_http_upstream_get_peer, with a hint).
 */
function takeTurn(lists: PeerLists, peer: Peer, request: PickRequest): void {
  if (lists.single) return;
  const peers = peer.backup ? lists.backup : lists.primary;
  const weight = peers.reduce((sum, each) => sum + each.weight, 0);
  if (peer.currentWeight <= peer.weight - weight) return;
  let total = 0;
  for (const each of peers) if (isEligible(each, request)) total += gainWeight(each);
  peer.currentWeight -= total;
}

/** Round robin over the primaries, then over the backups; also what the hash and random policies fall back to. */
export function pickByRoundRobin(lists: PeerLists, request: PickRequest): Pick | null {
  if (lists.single) return pickTheOnly(lists, request);
  if (!request.progress.onBackups) {
    const choice = chooseSmoothly(lists.primary, request);
    if (choice !== null)
      return { peer: choice.peer, reason: request.traced ? turnReason(choice, lists.primary) : null };
    if (lists.backup.length === 0) return null;
    request.progress.onBackups = true;
  }
  const choice = chooseSmoothly(lists.backup, request);
  return choice && { peer: choice.peer, reason: request.traced ? backupReason(choice.peer) : null };
}

function pickTheOnly(lists: PeerLists, request: PickRequest): Pick | null {
  const peer = lists.primary[0];
  if (peer === undefined || peer.down || isBusy(peer)) return null;
  return {
    peer,
    reason: request.traced
      ? message('{server} is the only server of this upstream.', { server: peerName(peer) })
      : null,
  };
}

function turnReason(choice: { peer: Peer; total: number }, peers: readonly Peer[]): Message {
  const server = peerName(choice.peer);
  if (peers.every((peer) => peer.weight === choice.peer.weight))
    return message('It is the turn of {server}: servers of equal weight are taken one after another.', { server });
  return message(
    '{server} had saved up the most weight ({saved}); being chosen costs it {total}, so the others come next in proportion to their weights.',
    { server, saved: choice.peer.currentWeight + choice.total, total: choice.total },
  );
}

export function backupReason(peer: Peer): Message {
  return message('No primary server can be used now, so the backup {server} steps in.', { server: peerName(peer) });
}

/** The default policy. https://nginx.org/en/docs/http/ngx_http_upstream_module.html#upstream */
export const roundRobin: Policy<null> = {
  name: 'round_robin',
  directive: null,
  contexts: ['http', 'stream'],
  allowsBackup: true,
  parse: () => ok(null),
  createPicker(_config, peers): Picker {
    const lists = peerLists(peers);
    return {
      pick: (request) => pickByRoundRobin(lists, request),
      bound: (peer, request) => takeTurn(lists, peer, request),
    };
  },
};
