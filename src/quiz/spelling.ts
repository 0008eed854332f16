/**
 * Whether two short answers are the same but for how they are written. What does not count: full and half width forms
 * (NFKC), capitals, spaces, punctuation, an English article, and the Korean particle or ending that hangs on a word
 * (“라운드 로빈입니다”, “라운드로빈을”).
 */

const articles = /^(?:a|an|the)$/;

/** Longest first, so that “에서는” is not left as “에서”. */
const endings =
  '입니다|이에요|예요|이다|이며|에서는|에서도|으로는|에게서|에서|에게|으로|까지|부터|마다|처럼|보다|하고|이나|이란|들은|들이|은|는|이|가|을|를|의|에|와|과|도|로|만|나|란|임';

/** At least one character of the word stays. */
const particles = new RegExp(`^(.+?)(?:${endings})$`, 'u');

/** Further endings by which a term stands in a sentence; “들” and “이라는” leave the term what it is. */
const ending = new RegExp(`^들?(?:${endings}|이라는|라는|이라고|라고|에는|에도|와는|과는|끼리|별|당)?$`, 'u');

/** Whether what follows a Korean noun is a particle, or several, rather than the rest of another word. */
export function isKoreanEnding(tail: string): boolean {
  return tail !== '' && ending.test(tail);
}

/** The words of a text, each without what does not count. `*` stays: in an accepted spelling it stands for any text. */
function words(text: string): readonly string[] {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}*+#]+/gu, ' ')
    .trim()
    .split(' ')
    .filter((word) => word !== '' && !articles.test(word));
}

/** The same text as readers may write it: as it is, and without particles. Spaces are gone. */
function spellings(text: string): readonly string[] {
  const all = words(text);
  const bare = all.map((word) => particles.exec(word)?.[1] ?? word);
  // Only the last word of what is written together can be told from its particle.
  const joined = all.join('');
  return [...new Set([joined, bare.join(''), particles.exec(joined)?.[1] ?? joined])].filter((one) => one !== '');
}

/** Whether `given` is a way of writing `accepted`, in which each `*` stands for any text, or none. */
export function isSpelling(given: string, accepted: string): boolean {
  const wanted = spellings(accepted);
  return spellings(given.replaceAll(/[*＊]/gu, ' ')).some((one) => wanted.some((pattern) => fits(one, pattern)));
}

/** Whether anything of the text counts: punctuation alone is no answer. */
export function saysSomething(text: string): boolean {
  return spellings(text.replaceAll(/[*＊]/gu, ' ')).length > 0;
}

/** Leftmost places first; no backtracking, so that no pattern can take long. */
function fits(text: string, pattern: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return text === first;
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
