/** A prediction: share of the requests by server id, each 0 to 1, summing to 1. No DOM. */
export type Shares = Readonly<Record<string, number>>;

export function evenShares(ids: readonly string[]): Shares {
  return Object.fromEntries(ids.map((id) => [id, 1 / ids.length]));
}

export function allOnOne(ids: readonly string[], chosen: string): Shares {
  return Object.fromEntries(ids.map((id) => [id, id === chosen ? 1 : 0]));
}

/**
 * Sets one server's share and lets the others give way in proportion to what they have; where they have nothing they
 * share what is left evenly. With a single server it stays 1.
 */
export function withShare(shares: Shares, ids: readonly string[], changed: string, value: number): Shares {
  const others = ids.filter((id) => id !== changed);
  if (others.length === 0) return { [changed]: 1 };
  const own = Math.min(1, Math.max(0, value));
  const rest = others.reduce((sum, id) => sum + (shares[id] ?? 0), 0);
  const result: Record<string, number> = {};
  for (const id of ids) {
    if (id === changed) result[id] = own;
    else result[id] = (1 - own) * (rest > 0 ? (shares[id] ?? 0) / rest : 1 / others.length);
  }
  return result;
}

/** The same prediction for another set of servers: new ones get nothing, what left is spread over the rest. */
export function fitShares(shares: Shares, ids: readonly string[]): Shares {
  const total = ids.reduce((sum, id) => sum + (shares[id] ?? 0), 0);
  if (total <= 0) return evenShares(ids);
  return Object.fromEntries(ids.map((id) => [id, (shares[id] ?? 0) / total]));
}

/** Whole percents that sum to exactly 100 (largest remainder), for what the reader sees. */
export function wholePercents(shares: Shares, ids: readonly string[]): ReadonlyMap<string, number> {
  const exact = ids.map((id) => ({ id, value: (shares[id] ?? 0) * 100 }));
  const total = Math.round(exact.reduce((sum, { value }) => sum + value, 0));
  const floors = exact.map(({ id, value }) => {
    const floor = Math.floor(value + 1e-9);
    return { id, floor, remainder: value - floor };
  });
  let missing = total - floors.reduce((sum, { floor }) => sum + floor, 0);
  const byRemainder = [...floors].sort((a, b) => b.remainder - a.remainder);
  const extra = new Set<string>();
  for (const { id } of byRemainder) {
    if (missing <= 0) break;
    extra.add(id);
    missing -= 1;
  }
  return new Map(floors.map(({ id, floor }) => [id, floor + (extra.has(id) ? 1 : 0)]));
}
