import type { ServerCounts } from '../../src/measurement/snapshot';

/** Whether clients reach it: whom only the balancer or other servers ask has no part in the split of what clients sent. */
export function servesClients({ inside, requests, subrequests }: ServerCounts): boolean {
  return inside !== true && (subrequests === undefined || requests > 0);
}
