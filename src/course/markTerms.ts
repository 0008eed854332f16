import type { Token } from 'markdown-it';
import { isKoreanEnding } from '../quiz/spelling';
import type { GlossaryTerm } from './glossary';

interface Spelling {
  readonly id: string;
  readonly text: string;
}

/** Finds the words of a glossary in running text and marks the first of each term in a section. */
export class TermMarker {
  /** By first character, longest first, so that “API gateway” is not taken for “API”. */
  readonly #spellings = new Map<string, Spelling[]>();
  readonly #seen = new Set<string>();

  constructor(terms: readonly GlossaryTerm[]) {
    const all = terms.flatMap(({ id, term, also }) => [term, ...also].map((text) => ({ id, text })));
    for (const spelling of all.sort((a, b) => b.text.length - a.text.length)) {
      for (const first of firstCharacters(spelling.text)) {
        this.#spellings.set(first, [...(this.#spellings.get(first) ?? []), spelling]);
      }
    }
  }

  /** A heading came: every term may be marked once more. */
  beginSection(): void {
    this.#seen.clear();
  }

  /** Marks terms in the text of an element; not in links, code, table heads or what a picture says. */
  mark(element: readonly Token[]): void {
    if (this.#spellings.size === 0) return;
    let isHead = false;
    for (const token of element) {
      if (token.type === 'th_open') isHead = true;
      else if (token.type === 'th_close') isHead = false;
      else if (token.type === 'inline' && token.children !== null && !isHead) {
        token.children = this.#markInline(token.children);
      }
    }
  }

  #markInline(children: readonly Token[]): Token[] {
    let links = 0;
    return linesJoined(children).flatMap((child) => {
      if (child.type === 'link_open') links += 1;
      if (child.type === 'link_close') links -= 1;
      return child.type === 'text' && links === 0 ? this.#markText(child) : [child];
    });
  }

  #markText(token: Token): Token[] {
    const text = token.content;
    // A term may be broken over two lines of the source.
    const words = text.replaceAll('\n', ' ');
    const parts: Token[] = [];
    let plainFrom = 0;
    const push = (type: string, content: string, id: string | null): void => {
      if (content === '') return;
      const part = withContent(token, content);
      part.type = type;
      part.meta = id === null ? null : { term: id };
      parts.push(part);
    };
    for (let at = 0; at < text.length; at++) {
      const found = this.#at(words, at);
      if (found === null) continue;
      const end = at + found.text.length;
      if (!this.#seen.has(found.id)) {
        push('text', text.slice(plainFrom, at), null);
        push('term', words.slice(at, end), found.id);
        plainFrom = end;
      }
      this.#seen.add(found.id);
      at = end - 1;
    }
    if (parts.length === 0) return [token];
    push('text', text.slice(plainFrom), null);
    return parts;
  }

  #at(text: string, at: number): Spelling | null {
    if (isWordCharacter(text[at - 1])) return null;
    for (const spelling of this.#spellings.get(text[at] ?? '') ?? []) {
      // The first character was compared by the map, capital or not.
      if (text.startsWith(spelling.text.slice(1), at + 1) && endsHere(text.slice(at + spelling.text.length))) {
        return spelling;
      }
    }
    return null;
  }
}

/** A term that is written small may begin a sentence; one with a capital is a name. */
function firstCharacters(text: string): readonly string[] {
  const first = text[0] ?? '';
  return [...new Set([first, first.toUpperCase()])];
}

/** Text that only line ends of the source part, as one token: it renders the same, since a line end is white space. */
function linesJoined(children: readonly Token[]): readonly Token[] {
  const joined: Token[] = [];
  children.forEach((child, index) => {
    const last = joined.at(-1);
    const isText = child.type === 'text' || (child.type === 'softbreak' && children[index + 1]?.type === 'text');
    if (!isText || last?.type !== 'text') joined.push(child);
    else joined[joined.length - 1] = withContent(last, last.content + (child.type === 'text' ? child.content : '\n'));
  });
  return joined;
}

function withContent(token: Token, content: string): Token {
  return Object.assign(Object.create(Object.getPrototypeOf(token)) as Token, token, { content });
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_-]/u.test(character);
}

/** Whether a word ends before this text: nothing of it follows but a Korean particle or an English plural. */
function endsHere(rest: string): boolean {
  const [, tail = '', after = ''] = /^([\p{L}\p{N}_]*)(.{0,2})/su.exec(rest) ?? [];
  if (/^[-.][\p{L}\p{N}]/u.test(after)) return false;
  if (tail === '' || tail === 's' || tail === 'es') return true;
  return /^\p{Script=Hangul}+$/u.test(tail) && isKoreanEnding(tail);
}
