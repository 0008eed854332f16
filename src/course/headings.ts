import type { Token } from 'markdown-it';
import { type Message, message } from '../base/message';

/** What a top-level token is to the table of headings, by its opening token. */
export type Heading =
  /** A paragraph with nothing but the anchor of the heading after it. */
  | { readonly role: 'anchor'; readonly level: 0; readonly anchor: ''; readonly text: '' }
  | { readonly role: 'heading'; readonly level: number; readonly anchor: string; readonly text: string };

const TITLE_ANCHOR = 'top';

/**
 * Finds the headings, the anchors above them, and every other anchor of the document. A heading without an anchor gets one
 * by its number, so that the page works; the author is told, since such an anchor changes with the next heading added.
 */
export function collectHeadings(
  tokens: readonly Token[],
  report: (line: number, text: Message, severity: 'error' | 'warning') => void,
): { readonly headings: ReadonlyMap<Token, Heading>; readonly anchors: Set<string> } {
  const headings = new Map<Token, Heading>();
  const anchors = new Set<string>();
  const claim = (anchor: string, line: number): void => {
    if (anchors.has(anchor)) report(line, message('Two places are called “{anchor}”.', { anchor }), 'error');
    anchors.add(anchor);
  };
  let line = 0;
  let count = 0;
  tokens.forEach((token, index) => {
    line = token.map?.[0] ?? line;
    if (token.type === 'inline') for (const anchor of anchorsIn(token)) claim(anchor, line);
    if (token.type !== 'heading_open' || token.level !== 0) return;
    count += 1;
    const level = Number(token.tag.slice(1));
    const before = anchorParagraph(tokens, index);
    if (before !== null) headings.set(before.open, { role: 'anchor', level: 0, anchor: '', text: '' });
    let anchor = before?.anchor;
    if (anchor === undefined) {
      anchor = level === 1 && !anchors.has(TITLE_ANCHOR) ? TITLE_ANCHOR : `section-${count}`;
      claim(anchor, line);
      if (level > 1) {
        const text = message('This heading has no anchor of its own: put <a id="name"></a> on a line above it.');
        report(line, text, 'warning');
      }
    }
    headings.set(token, { role: 'heading', level, anchor, text: textOf(tokens[index + 1]) });
  });
  return { headings, anchors };
}

/** The paragraph right before the heading, if it holds one anchor and nothing else. */
function anchorParagraph(
  tokens: readonly Token[],
  heading: number,
): { readonly open: Token; readonly anchor: string } | null {
  const [open, inline, close] = tokens.slice(Math.max(0, heading - 3), heading);
  if (open?.type !== 'paragraph_open' || inline?.type !== 'inline' || close?.type !== 'paragraph_close') return null;
  const anchor = anchorsIn(inline)[0];
  return anchor !== undefined && inline.children?.length === 1 ? { open, anchor } : null;
}

function anchorsIn(inline: Token): string[] {
  return (inline.children ?? []).flatMap((child) => (child.type === 'anchor' ? [child.content] : []));
}

/** The words of a heading without marks; code keeps its text. */
function textOf(inline: Token | undefined): string {
  return (inline?.children ?? [])
    .map((child) => (child.type === 'text' || child.type === 'code_inline' ? child.content : ''))
    .join('')
    .trim();
}
