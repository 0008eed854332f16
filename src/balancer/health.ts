import type { Peer } from './policy';

/*
 * Passive health, as nginx's ngx_http_upstream_round_robin module keeps it for every policy: a peer that failed
 * max_fails times within fail_timeout is left out for fail_timeout, then gets one trial. All times are whole seconds.
 */

/** Out for now: failed too often, and fail_timeout has not passed since it was last checked. */
export function isUnavailable(peer: Peer, nowSeconds: number): boolean {
  return (
    peer.maxFails > 0 && peer.fails >= peer.maxFails && nowSeconds - peer.checkedSeconds <= peer.failTimeoutSeconds
  );
}

/** At its max_conns. */
export function isBusy(peer: Peer): boolean {
  return peer.maxConns > 0 && peer.inFlight >= peer.maxConns;
}

/** Notes that a chosen peer is being checked now; at most once per fail_timeout, so that a peer on trial gets one request. */
export function recordChosen(peer: Peer, nowSeconds: number): void {
  if (nowSeconds - peer.checkedSeconds > peer.failTimeoutSeconds) peer.checkedSeconds = nowSeconds;
}

/** Counts a failure and lowers the effective weight by weight / max_fails. Returns whether the peer is out now. */
export function recordFailure(peer: Peer, nowSeconds: number): boolean {
  peer.fails += 1;
  peer.accessedSeconds = nowSeconds;
  peer.checkedSeconds = nowSeconds;
  if (peer.maxFails === 0) return false;
  peer.effectiveWeight = Math.max(0, peer.effectiveWeight - Math.trunc(peer.weight / peer.maxFails));
  return peer.fails >= peer.maxFails;
}

/** Forgets the failures once a check later than the last failure passed. Returns whether the peer had been out. */
export function recordPassed(peer: Peer): boolean {
  if (peer.accessedSeconds >= peer.checkedSeconds) return false;
  const wasOut = peer.maxFails > 0 && peer.fails >= peer.maxFails;
  peer.fails = 0;
  return wasOut;
}
