import { type Random, seededRandom } from '../base/random';
import type { OptionOrder } from './quizKind';

/** As written in the course. */
export const sourceOrder: OptionOrder = (count) => Array.from({ length: count }, (_, index) => index);

/**
 * The order in which one reader sees the options of one question: the same at every visit and in every language, another
 * for another reader. `readerSeed` is drawn once per reader and kept with the progress.
 */
export function readerOrder(readerSeed: number, quizId: string): OptionOrder {
  return (count) => shuffled(count, seededRandom(mix(readerSeed, quizId)));
}

/** Fisher-Yates: every order is equally likely. */
function shuffled(count: number, random: Random): readonly number[] {
  const order = [...sourceOrder(count)];
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    const kept = order[last] ?? last;
    order[last] = order[other] ?? other;
    order[other] = kept;
  }
  return order;
}

/** FNV-1a over the id, started from the reader's seed. */
function mix(seed: number, text: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}

/** The items in the order; as they stand if `order` is not a permutation of them. */
export function inOrder<T>(items: readonly T[], order: OptionOrder): readonly T[] {
  const positions = order(items.length);
  const isPermutation = positions.length === items.length && new Set(positions).size === items.length;
  const ordered = positions.flatMap((position) => {
    const item = items[position];
    return item === undefined ? [] : [item];
  });
  return isPermutation && ordered.length === items.length ? ordered : items;
}
