import type { Context } from '../../balancer/directives/entry';
import { LineIndex } from '../../conf/lineIndex';
import { tokenize } from '../../conf/tokenize';

/** What stands at a place of a configuration, half-written ones too. Offsets are into the text. */
export type ConfPlace =
  /** The name of a directive, or where one may begin. */
  | { readonly kind: 'directive'; readonly context: Context | null; readonly from: number; readonly word: string }
  /** An argument of a directive, from 0. */
  | {
      readonly kind: 'argument';
      readonly context: Context | null;
      readonly from: number;
      readonly word: string;
      readonly directive: string;
      readonly index: number;
    }
  /** A comment; `directive` is the one on the same line before it. */
  | {
      readonly kind: 'comment';
      readonly context: Context | null;
      readonly from: number;
      /** The whole comment, with its "#". */
      readonly word: string;
      readonly directive: string | null;
    };

/** Blocks inside blocks, as nginx names their contexts; everything else holds no directives. */
const inner: Readonly<Record<string, Readonly<Record<string, Context>>>> = {
  main: { events: 'events', http: 'http', stream: 'stream' },
  http: { upstream: 'upstream', server: 'server' },
  server: { location: 'location', if: 'server-if' },
  location: { location: 'location', if: 'location-if' },
  stream: { upstream: 'stream-upstream', server: 'stream-server' },
};

/** Finds out what stands at an offset. `word` is the whole word there, empty between words. */
export function confPlaceAt(text: string, offset: number): ConfPlace {
  const { tokens } = tokenize(text, new LineIndex('', text));
  const blocks: (Context | null)[] = ['main'];
  let words: { readonly value: string; readonly end: number }[] = [];
  let last: { readonly name: string; readonly end: number } | null = null;
  const sameLine = (from: number, to: number) => !text.slice(from, to).includes('\n');
  const context = () => blocks.at(-1) ?? null;
  const endStatement = (end: number) => {
    const name = words[0]?.value;
    last = name === undefined ? last : { name, end };
    words = [];
  };
  const at = (from: number, word: string): ConfPlace => {
    const end = words.at(-1)?.end ?? 0;
    // A word that begins a line begins a directive: the ";" before it is not written yet.
    if (
      words.length === 0 ||
      (!sameLine(end, from) && text.slice(text.lastIndexOf('\n', from - 1) + 1, from).trim() === '')
    )
      return { kind: 'directive', context: context(), from, word };
    return {
      kind: 'argument',
      context: context(),
      from,
      word,
      directive: words[0]?.value ?? '',
      index: words.length - 1,
    };
  };
  for (const token of tokens) {
    if (token.start > offset) break;
    if (token.kind === 'comment') {
      if (token.start < offset && offset <= token.end) {
        const before = words[0] === undefined ? last : { name: words[0].value, end: words[0].end };
        const directive = before !== null && sameLine(before.end, token.start) ? before.name : null;
        return {
          kind: 'comment',
          context: context(),
          from: token.start,
          word: text.slice(token.start, token.end),
          directive,
        };
      }
    } else if (token.kind === 'word') {
      if (offset <= token.end) return at(token.start, text.slice(token.start, token.end));
      words.push({ value: token.value, end: token.end });
    } else if (token.start < offset) {
      if (token.kind === '{') {
        const outer = context();
        blocks.push((outer === null ? undefined : inner[outer]?.[words[0]?.value ?? '']) ?? null);
      } else if (token.kind === '}' && blocks.length > 1) blocks.pop();
      endStatement(token.end);
    }
  }
  return at(offset, '');
}
