import fc from 'fast-check';

/** Of all that is generated in `npm test`. */
const SEED = 20_250_301;

/** How long a fuzz test goes on. */
export interface Effort {
  /** Cases. */
  readonly runs?: number;
  /** Seconds; goes on with new seeds until they are over. */
  readonly seconds?: number;
}

/**
 * Checks a property with fixed seeds for so many cases (in `npm test`), or with new ones for so long (in `npm run
 * test:long`). A failure names the seed and path that repeat it.
 */
export function fuzz<T>(arbitrary: fc.Arbitrary<T>, effort: Effort, check: (value: T) => void): void {
  if (effort.seconds === undefined) {
    fc.assert(fc.property(arbitrary, check), { numRuns: effort.runs ?? 300, seed: SEED });
    return;
  }
  const end = performance.now() + effort.seconds * 1000;
  while (performance.now() < end) fc.assert(fc.property(arbitrary, check), { numRuns: 2_000 });
}

/** As fuzz(), for properties that wait for something. */
export async function fuzzAsync<T>(
  arbitrary: fc.Arbitrary<T>,
  effort: Effort,
  check: (value: T) => Promise<void>,
): Promise<void> {
  if (effort.seconds === undefined) {
    await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns: effort.runs ?? 300, seed: SEED });
    return;
  }
  const end = performance.now() + effort.seconds * 1000;
  while (performance.now() < end) await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns: 500 });
}

/** How many times as many files a differential test generates: DIFFERENTIAL_TIMES, else 1. */
const DIFFERENTIAL_TIMES = Number(process.env.DIFFERENTIAL_TIMES ?? 1);

/**
 * What fast-check is told where each case starts an nginx: fixed cases in `npm test`, or, in `npm run test:long`, new and
 * many more of them. A failure names the seed and path; DIFFERENTIAL_SEED is that seed.
 */
export function differential(runs: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: runs * DIFFERENTIAL_TIMES, seed: Number(process.env.DIFFERENTIAL_SEED ?? SEED) };
}

/** Milliseconds for a differential test that takes at most so many in `npm test`. */
export function differentialTimeout(standard: number): number {
  return standard * DIFFERENTIAL_TIMES;
}

/** Seconds of each long fuzz test: FUZZ_SECONDS, else ten minutes. */
export const FUZZ_SECONDS = Number(process.env.FUZZ_SECONDS ?? 600);

/** Where bytes of a good message are changed, and how: what a random text would never come near. */
export interface Mutation {
  readonly kind: 'insert' | 'replace' | 'delete' | 'repeat' | 'swap';
  /** 0 to 1, of the length. */
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

export function mutationsOf(pieces: readonly string[]): fc.Arbitrary<readonly Mutation[]> {
  return fc.array(
    fc.record({
      kind: fc.constantFrom<Mutation['kind']>('insert', 'replace', 'delete', 'repeat', 'swap'),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 40 })),
      text: fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary-ascii', maxLength: 3 })),
    }),
    { maxLength: 4 },
  );
}

export function mutate(text: string, mutations: readonly Mutation[]): string {
  let changed = text;
  for (const { kind, at, length, text: piece } of mutations) {
    const from = Math.floor(at * changed.length);
    const taken = changed.slice(from, from + length);
    const rest = changed.slice(from + length);
    const before = changed.slice(0, from);
    switch (kind) {
      case 'insert':
        changed = before + piece + taken + rest;
        break;
      case 'replace':
        changed = before + piece + rest;
        break;
      case 'delete':
        changed = before + rest;
        break;
      case 'repeat':
        changed = before + taken + taken + rest;
        break;
      case 'swap':
        changed = before + [...taken].reverse().join('') + rest;
        break;
    }
  }
  return changed;
}

/** Bytes cut into pieces at the given places (0 to 1). */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => Math.floor(place * bytes.length)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...at, bytes.length]) {
    if (to > from) pieces.push(bytes.subarray(from, to));
    from = Math.max(from, to);
  }
  return pieces;
}

export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
