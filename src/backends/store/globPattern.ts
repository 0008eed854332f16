/**
 * Whether a key matches a pattern of SCAN: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and `\` before what is meant as it stands.
 * Takes time in the order of pattern times key at most, whatever the pattern: only the last star is ever gone back to.
 */
export function globMatches(pattern: string, key: string): boolean {
  let at = 0;
  let inKey = 0;
  let star: { readonly pattern: number; key: number } | null = null;
  while (inKey < key.length) {
    if (pattern[at] === '*') {
      star = { pattern: at + 1, key: inKey };
      at += 1;
      continue;
    }
    const taken = at < pattern.length ? matchOne(pattern, at, key[inKey] ?? '') : null;
    if (taken !== null) {
      at = taken;
      inKey += 1;
    } else if (star !== null) {
      star.key += 1;
      at = star.pattern;
      inKey = star.key;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

/** Where the pattern goes on if what stands at `at` matches the character; null: it does not. */
function matchOne(pattern: string, at: number, character: string): number | null {
  switch (pattern[at]) {
    case '?':
      return at + 1;
    case '[':
      return matchClass(pattern, at + 1, character);
    case '\\':
      // At the very end it stands for itself.
      if (at + 1 < pattern.length) return pattern[at + 1] === character ? at + 2 : null;
      return character === '\\' ? at + 1 : null;
    default:
      return pattern[at] === character ? at + 1 : null;
  }
}

function matchClass(pattern: string, start: number, character: string): number | null {
  let at = start;
  const negated = pattern[at] === '^';
  if (negated) at += 1;
  let found = false;
  while (at < pattern.length && pattern[at] !== ']') {
    if (pattern[at] === '\\' && at + 1 < pattern.length) {
      at += 1;
      found ||= pattern[at] === character;
      at += 1;
    } else if (pattern[at + 1] === '-' && at + 2 < pattern.length) {
      const [low = '', high = ''] = [pattern[at] ?? '', pattern[at + 2] ?? ''].toSorted();
      found ||= character >= low && character <= high;
      at += 3;
    } else {
      found ||= pattern[at] === character;
      at += 1;
    }
  }
  // A class that is never closed ends with the pattern.
  return found === negated ? null : Math.min(at + 1, pattern.length);
}
