/** A source of numbers in [0, 1). */
export interface Random {
  next(): number;
}

/**
 * Deterministic 32-bit generator (mulberry32, public domain, Tommy Ettinger), so that a run can be repeated
 * from its seed. Not for cryptography.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    },
  };
}

/** A fresh seed from the machine; the only use of Math.random in the project. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 0xffffffff);
}

/** Exponentially distributed value with the given mean (same unit as the mean). */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}
