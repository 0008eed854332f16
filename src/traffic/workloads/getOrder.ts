import { CATALOGUE_SIZE } from '../../protocol/ordersService';
import type { Workload } from './workload';

/** One order after the other, drawn at random, over either protocol. Nothing is looked for in the answers. */
export function getOrderWorkload(): Workload {
  return {
    next: (_index, _client, random) => {
      const id = String(1 + Math.floor(random.next() * CATALOGUE_SIZE));
      return {
        rest: { method: 'GET', path: `/api/orders/${id}` },
        grpc: { service: 'orders', method: 'GetOrder', request: { id } },
      };
    },
    findings: () => ({}),
  };
}
