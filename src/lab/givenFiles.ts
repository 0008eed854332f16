import type { ConfFiles } from '../balancer/directives/read';
import type { NamedFiles } from '../protocol/balancerWorker';

/** Files that another thread has read for this one, which opens none itself. */
export function givenFiles({ texts, matches }: NamedFiles): ConfFiles {
  return {
    read: (full) => texts[full] ?? null,
    match: (pattern) => matches[pattern] ?? (isPattern(pattern) ? [] : [pattern]),
  };
}

export function isPattern(text: string): boolean {
  return /[*?]/.test(text);
}
