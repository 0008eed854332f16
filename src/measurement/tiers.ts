import { message } from '../base/message';
import { type Ledgers, reconcile } from './reconcile';
import type { BalancerCounts, ClientCounts, ListenerCounts, Reconciliation } from './snapshot';

/** What the servers that clients reach have sent inside: to them they are the client. */
export interface InnerTier {
  /** All their calls together. */
  readonly client: ClientCounts;
  /** Listeners of the balancer that they call, as declared. */
  readonly listeners: readonly string[];
  /** Ids of the servers behind those. */
  readonly servers: readonly string[];
}

/**
 * Holds two tiers of one run against each other, each by the rules of `reconcile`: the clients, the outer listener and the
 * servers behind it; and those servers as clients, the inner listeners and the servers behind these. What is asked inside is
 * in no count of the first tier. Differences of the second stand behind a line that says so.
 */
export function reconcileTiers(ledgers: Ledgers, inner: InnerTier): Reconciliation {
  const { balancer, servers, final } = ledgers;
  const isInside = ({ id }: { readonly id: string }): boolean => inner.servers.includes(id);
  const outside = reconcile({
    ...ledgers,
    balancer: balancer && part(balancer, inner, false),
    servers: servers.filter((server) => !isInside(server)),
  });
  const inside = reconcile({
    client: inner.client,
    balancer: balancer && part(balancer, inner, true),
    servers: servers.filter(isInside),
    final,
  });
  return {
    agree: outside.agree && inside.agree,
    differences: inside.agree
      ? outside.differences
      : [...outside.differences, message('Inside, where the edge servers are the client:'), ...inside.differences],
    counts: { ...outside.counts, inner: inside.counts },
  };
}

/** What the balancer counted for one of the tiers. */
function part(balancer: BalancerCounts, { listeners, servers }: InnerTier, inside: boolean): BalancerCounts {
  const own = listenersOf(balancer, inside).filter(({ address }) => listeners.includes(address) === inside);
  const sum = (count: (listener: ListenerCounts) => number): number =>
    own.reduce((total, listener) => total + count(listener), 0);
  return {
    ...balancer,
    connectionsAccepted: sum(({ connectionsAccepted }) => connectionsAccepted),
    requests: sum(({ requests }) => requests),
    answeredItself: sum(({ answeredItself }) => answeredItself),
    peers: balancer.peers.filter(({ serverId }) => (serverId !== null && servers.includes(serverId)) === inside),
  };
}

/** While nobody has called an inner listener, the outer one has it all. */
function listenersOf(balancer: BalancerCounts, inside: boolean): readonly ListenerCounts[] {
  const { connectionsAccepted, requests, answeredItself } = balancer;
  if (balancer.listeners !== undefined || inside) return balancer.listeners ?? [];
  return [{ address: '', connectionsAccepted, requests: requests ?? 0, answeredItself }];
}
