/** A part of a file, by its lines. */
export interface ListingPart {
  /** First line, from 0. */
  readonly from: number;
  /** The line after its last. */
  readonly to: number;
}

/**
 * The block of a file that begins with a head line: `upstream orders` finds `upstream orders {` and all up to its closing
 * brace. Several heads lead inwards, each found within the one before: `server`, `location /api/`. Where no brace opens,
 * what is indented deeper than the head belongs to it. null: there is no such block.
 */
export function findPart(text: string, heads: readonly string[]): ListingPart | null {
  const lines = text.split('\n');
  let part: ListingPart = { from: 0, to: lines.length };
  for (const [depth, head] of heads.entries()) {
    const wanted = normal(head);
    // The head of the block before stands in its own part.
    const first = depth === 0 ? part.from : part.from + 1;
    const at = lines.findIndex((line, index) => index >= first && index < part.to && normal(line) === wanted);
    if (at === -1) return null;
    part = { from: at, to: Math.min(part.to, endOfBlock(lines, at)) };
  }
  return part;
}

/** The lines of a part, moved to the left as far as all of them allow. */
export function partText(text: string, { from, to }: ListingPart): string {
  const lines = text.split('\n').slice(from, to);
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop();
  const indents = lines.filter((line) => line.trim() !== '').map(indentOf);
  const common = indents.length === 0 ? 0 : Math.min(...indents);
  return lines.map((line) => line.slice(common)).join('\n');
}

/** A head as it counts: no comment, no brace, single spaces. */
function normal(line: string): string {
  return withoutComment(line)
    .replace(/\{\s*$/, '')
    .trim()
    .replace(/\s+/g, ' ');
}

function endOfBlock(lines: readonly string[], head: number): number {
  const opensBrace = withoutComment(lines[head] ?? '')
    .trimEnd()
    .endsWith('{');
  return opensBrace ? endOfBraces(lines, head) : endOfIndented(lines, head);
}

function endOfBraces(lines: readonly string[], head: number): number {
  let open = 0;
  for (let at = head; at < lines.length; at++) {
    for (const brace of withoutComment(lines[at] ?? '').match(/[{}]/g) ?? []) open += brace === '{' ? 1 : -1;
    if (open <= 0) return at + 1;
  }
  return lines.length;
}

function endOfIndented(lines: readonly string[], head: number): number {
  const own = indentOf(lines[head] ?? '');
  let end = head + 1;
  for (let at = end; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.trim() === '') continue;
    if (indentOf(line) <= own) break;
    end = at + 1;
  }
  return end;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Without what is quoted, too: a brace in a string opens nothing. `#` and `//` begin a comment after white space only. */
function withoutComment(line: string): string {
  return line
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (quoted) => quoted.replace(/[{}#]/g, '_'))
    .replace(/(^|\s)(#|\/\/).*$/, '');
}
