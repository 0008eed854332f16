import type { Order } from '../protocol/ordersService';
import { type Summary, summaryOf, userIdOf } from '../protocol/shopService';
import type { User } from '../protocol/usersService';
import type { InnerCalls } from './inner/innerCalls';
import type { InnerAnswer } from './inner/innerClient';

/** Why there is no summary: which service is to blame, and for what. */
export interface SummaryFault {
  readonly service: 'orders' | 'users';
  readonly kind: Exclude<InnerAnswer['kind'], 'found'>;
}

export type SummaryAnswer = { readonly summary: Summary } | { readonly fault: SummaryFault };

/** Asks for the order and for who placed it at the same time, and puts the two together. */
export async function findSummary(inner: InnerCalls, id: string): Promise<SummaryAnswer> {
  // What is no number is no order; the services decide about the others.
  if (!/^[1-9]\d{0,8}$/.test(id)) return { fault: { service: 'orders', kind: 'not-found' } };
  const user = userIdOf(id);
  const [order, placedBy] = await Promise.all([
    inner.ask({ service: 'orders', path: `/api/orders/${id}`, grpc: { method: 'GetOrder', request: { id } } }),
    inner.ask({ service: 'users', path: `/api/users/${user}`, grpc: { method: 'GetUser', request: { id: user } } }),
  ]);
  if (order.kind !== 'found') return { fault: { service: 'orders', kind: order.kind } };
  if (placedBy.kind !== 'found') return { fault: { service: 'users', kind: placedBy.kind } };
  return { summary: summaryOf(order.body as Order, placedBy.body as User) };
}

/** What the edge says of a fault, whatever was spoken inside. */
export function faultText({ service, kind }: SummaryFault): string {
  switch (kind) {
    case 'not-found':
      return service === 'orders' ? 'There is no such order' : 'There is no such user';
    case 'unavailable':
      return `The ${service} service does not answer`;
    case 'failed':
      return `The ${service} service failed`;
  }
}
