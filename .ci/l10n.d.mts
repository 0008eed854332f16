/** Types of l10n.mjs. */
export function sourcesBelow(folder: string): string[];
export function sentencesOf(
  text: string,
  isPage: boolean,
): { sentences: { text: string; line: number }[]; unreadable: number[] };
export function collectSentences(): { sentences: Map<string, string[]>; unreadable: string[] };
export function hasWords(sentence: string): boolean;
export function placeholders(sentence: string): string[];
export function readBundle(language: string): Record<string, string>;
