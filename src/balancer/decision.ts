import type { Message } from '../base/message';
import type { Decision, DecisionPeer } from '../measurement/snapshot';
import { isBusy, isUnavailable } from './health';
import type { Peer } from './policy';

/** The peers as a policy is about to see them: taken before the choice, because choosing changes their weights. */
export function observePeers(
  peers: readonly Peer[],
  tried: ReadonlySet<number>,
  nowSeconds: number,
  single: boolean,
): readonly DecisionPeer[] {
  return peers.map((peer) => ({
    address: peer.address,
    serverId: peer.serverId,
    weight: peer.weight,
    effectiveWeight: peer.effectiveWeight,
    currentWeight: peer.currentWeight,
    inFlight: peer.inFlight,
    fails: peer.fails,
    state: stateOf(peer, tried, nowSeconds, single),
  }));
}

function stateOf(peer: Peer, tried: ReadonlySet<number>, nowSeconds: number, single: boolean): DecisionPeer['state'] {
  if (peer.down) return 'down';
  if (tried.has(peer.index)) return 'tried';
  if (!single && isUnavailable(peer, nowSeconds)) return 'unavailable';
  return isBusy(peer) ? 'busy' : 'eligible';
}

/** The whole trace. Usable backups that stayed in reserve are told apart only now, when it is known whether one was needed. */
export function decide(
  observed: readonly DecisionPeer[],
  chosen: Peer,
  all: readonly Peer[],
  facts: { policy: string; upstream: string; atMs: number; attempt: number; reason: Message },
): Decision {
  const peers = chosen.backup
    ? observed
    : observed.map((peer, i) =>
        peer.state === 'eligible' && all[i]?.backup === true ? { ...peer, state: 'backup' as const } : peer,
      );
  return { ...facts, peers, chosen: chosen.address };
}
