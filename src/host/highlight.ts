import { LineIndex } from '../conf/lineIndex';
import { type Token, tokenize } from '../conf/tokenize';

/**
 * A listing as safe HTML, coloured where the language is one we read ourselves: nginx, by the balancer's own tokenizer.
 * Everything else is shown in one colour.
 */
export function highlighted(text: string, language: string): string {
  return language === 'nginx' ? nginx(text) : escapeHtml(text);
}

/** The language of a lab's file by its name. */
export function languageOfFile(file: string): string {
  if (file.endsWith('.conf')) return 'nginx';
  return /\.([a-z]+)$/.exec(file)?.[1] ?? 'text';
}

/** A directive's name stands where a statement begins; numbers with a unit, addresses and ports are one class. */
function nginx(text: string): string {
  const { tokens } = tokenize(text, new LineIndex('', text));
  let html = '';
  let at = 0;
  let beginsStatement = true;
  for (const token of tokens) {
    const kind = kindOf(token, beginsStatement, text.slice(token.start, token.end));
    const words = escapeHtml(text.slice(token.start, token.end));
    html += escapeHtml(text.slice(at, token.start));
    html += kind === null ? words : `<span class="hl-${kind}">${words}</span>`;
    at = token.end;
    if (token.kind !== 'comment') beginsStatement = token.kind !== 'word';
  }
  return html + escapeHtml(text.slice(at));
}

function kindOf(token: Token, beginsStatement: boolean, written: string): string | null {
  if (token.kind === 'comment') return 'comment';
  if (token.kind !== 'word') return null;
  if (beginsStatement) return 'name';
  if (token.quoted) return 'string';
  if (written.includes('$')) return 'variable';
  return /^(?:[\d.:/]+[a-zA-Z]{0,2}|\[[\da-f:]+\](?::\d+)?)$/.test(written) ? 'number' : null;
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character] ?? character);
}
