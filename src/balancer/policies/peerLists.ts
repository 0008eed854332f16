import { isBusy, isUnavailable } from '../health';
import type { Peer, PickProgress, PickRequest } from '../policy';

/** The primaries and the backups of an upstream, which nginx keeps as two lists with a state of their own. */
export interface PeerLists {
  readonly primary: readonly Peer[];
  readonly backup: readonly Peer[];
  /** Sum of the primaries' weights, down ones included. */
  readonly primaryWeight: number;
  /** One primary and no backup: nginx then knows no health and no second try. */
  readonly single: boolean;
}

export function peerLists(peers: readonly Peer[]): PeerLists {
  const primary = peers.filter((peer) => !peer.backup);
  const backup = peers.filter((peer) => peer.backup);
  return {
    primary,
    backup,
    primaryWeight: primary.reduce((sum, peer) => sum + peer.weight, 0),
    single: primary.length === 1 && backup.length === 0,
  };
}

/** What a request starts with. */
export function newPickProgress(): PickProgress {
  return { onBackups: false, misses: 0, hash: -1, rehash: 0 };
}

/** May this request go to this peer now? (Whether backups are in use is the caller's question.) */
export function isEligible(peer: Peer, request: PickRequest): boolean {
  return !request.tried.has(peer.index) && !peer.down && !isUnavailable(peer, request.nowSeconds) && !isBusy(peer);
}

/** How texts for the reader name a peer. */
export function peerName(peer: Peer): string {
  return peer.serverId ?? peer.address;
}

/** The peer whose share of the total weight holds `point`, an integer from 0 to the total weight less one. */
export function peerAtWeight(peers: readonly Peer[], point: number): Peer | null {
  let rest = point;
  for (const peer of peers) {
    if (rest < peer.weight) return peer;
    rest -= peer.weight;
  }
  return null;
}
