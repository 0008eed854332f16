import type { Span } from '../../base/problem';
import type { Directive } from '../../conf/ast';
import type { Context } from './entry';
import { entriesNamed } from './table';

/**
 * A directive that lost its `;` swallows the lines below. Where that cannot be meant (too many arguments, or a block
 * behind a directive that has none) and a swallowed line begins with a directive's name, it is read as the directives
 * it was meant to be.
 */
export function* missingSemicolons(
  directive: Directive,
  context: Context,
  missing: (at: Span, name: string) => void,
): Generator<Directive> {
  let rest = directive;
  for (;;) {
    const entry = entriesNamed(rest.name.value).find((candidate) => candidate.contexts.includes(context));
    if (entry === undefined || entry.block) break;
    const [, most] = entry.args;
    if (rest.block === null && rest.args.length <= most) break;
    const at = rest.args.findIndex((word, i) => {
      const before = rest.args[i - 1] ?? rest.name;
      const onNewLine = word.span.line > before.span.endLine && !word.quoted;
      return onNewLine && entriesNamed(word.value).some((candidate) => candidate.contexts.includes(context));
    });
    const next = rest.args[at];
    if (next === undefined) break;
    const last = rest.args[at - 1] ?? rest.name;
    missing({ ...last.span, line: last.span.endLine, column: last.span.endColumn }, rest.name.value);
    const head: Span = { ...rest.headSpan, endLine: last.span.endLine, endColumn: last.span.endColumn };
    yield {
      ...rest,
      args: rest.args.slice(0, at),
      block: null,
      braces: null,
      semicolon: null,
      span: head,
      headSpan: head,
    };
    const begin = { line: next.span.line, column: next.span.column };
    rest = {
      ...rest,
      name: next,
      args: rest.args.slice(at + 1),
      span: { ...rest.span, ...begin },
      headSpan: { ...rest.headSpan, ...begin },
    };
  }
  yield rest;
}
