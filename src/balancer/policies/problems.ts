import { type Message, message } from '../../base/message';
import type { Problem } from '../../base/problem';
import { err, ok, type Result } from '../../base/result';
import type { Directive, Word } from '../../conf/ast';

/** An error at one argument (or at the directive's name). */
export function problemAt(word: Word, text: Message, hint?: Message): Problem {
  return { severity: 'error', message: text, span: word.span, ...(hint && { hint }) };
}

/** nginx's own words for an argument a policy does not know. */
export function invalidParameter(word: Word, hint: Message): Problem {
  return problemAt(word, message('invalid parameter "{value}"', { value: word.value }), hint);
}

/** The directive's arguments if there are `from` to `to` of them, else nginx's complaint about their number. */
export function argumentsWithin(
  directive: Directive,
  from: number,
  to: number,
  hint: Message,
): Result<readonly Word[], readonly Problem[]> {
  const count = directive.args.length;
  if (count >= from && count <= to) return ok(directive.args);
  const text = message('invalid number of arguments in "{directive}" directive', { directive: directive.name.value });
  return err([problemAt(directive.name, text, hint)]);
}
