import { getOrderWorkload } from './getOrder';
import type { Workload } from './workload';

/**
 * One order after the other, and by which server each client was answered last: when servers change, that tells how many
 * clients a policy moves.
 */
export function ordersByClient(): Workload {
  const orders = getOrderWorkload();
  const last = new Map<number, string>();
  let before: ReadonlyMap<number, string> | null = null;
  return {
    next: (index, client, random) => ({
      ...orders.next(index, client, random),
      read: ({ by }) => {
        last.set(client, by);
      },
    }),
    compare: () => {
      before ??= new Map(last);
    },
    findings: () => {
      if (before === null || before.size === 0) return {};
      const moved = [...before].filter(([client, server]) => last.get(client) !== server).length;
      return { moved: moved / before.size };
    },
  };
}
