/** Parts of a whole by server id; not negative. They need not sum to 1 exactly, both sides are scaled to it. */
export type Shares = Readonly<Record<string, number>>;

/**
 * How near a predicted split is to the measured one: 100 times (1 minus the total variation distance), that is 100 minus
 * the percentage of requests that were put on the wrong server. 100 is exact, 0 has nothing in common. A server that one
 * side does not name has share 0 there. Without any share on either side there is nothing to compare: 0.
 */
export function scoreSplit(predicted: Shares, measured: Shares): number {
  const ids = [...new Set([...Object.keys(predicted), ...Object.keys(measured)])];
  return score(
    ids.map((id) => shareOf(predicted, id)),
    ids.map((id) => shareOf(measured, id)),
  );
}

/**
 * The same, but it does not matter which server got which share: the largest predicted share is held against the largest
 * measured one and so on. (Pairing sorted lists is the pairing of least distance, so this is the best score any renaming
 * of servers could give.)
 */
export function scoreShape(predicted: Shares, measured: Shares): number {
  const length = Math.max(Object.keys(predicted).length, Object.keys(measured).length);
  return score(descending(predicted, length), descending(measured, length));
}

function descending(shares: Shares, length: number): number[] {
  const sorted = Object.keys(shares)
    .map((id) => shareOf(shares, id))
    .sort((a, b) => b - a);
  return [...sorted, ...Array.from({ length: length - sorted.length }, () => 0)];
}

function shareOf(shares: Shares, id: string): number {
  const share = Object.hasOwn(shares, id) ? shares[id] : 0;
  return share !== undefined && Number.isFinite(share) && share > 0 ? share : 0;
}

function score(predicted: readonly number[], measured: readonly number[]): number {
  const predictedSum = predicted.reduce((sum, share) => sum + share, 0);
  const measuredSum = measured.reduce((sum, share) => sum + share, 0);
  if (predictedSum === 0 || measuredSum === 0) return 0;
  const common = predicted.reduce(
    (sum, share, index) => sum + Math.min(share / predictedSum, (measured[index] ?? 0) / measuredSum),
    0,
  );
  return Math.min(100, 100 * common);
}
