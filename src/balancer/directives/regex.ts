import { type Message, message } from '../../base/message';
import { err, ok, type Result } from '../../base/result';
import { byteText } from '../byteText';

export interface CompiledRegex {
  readonly pattern: RegExp;
  /** Names of its named groups; `$name` reads them. */
  readonly captures: readonly string[];
}

/**
 * A PCRE of the configuration as a JavaScript expression. What is the same in both passes unchanged; PCRE's own
 * spellings with an equal are rewritten (`(?P<n>`, `(?i)` in front, `\A`, `\z`, possessive-free); what has no equal
 * is refused rather than matched differently.
 */
export function compileRegex(source: string, ignoreCase: boolean): Result<CompiledRegex, Message> {
  let flags = ignoreCase ? 'i' : '';
  // PCRE matches bytes, unless it is told otherwise.
  let text = byteText(source);
  const inline = /^\(\?([ims]+)\)/.exec(text);
  if (inline !== null) {
    text = text.slice(inline[0].length);
    flags = [...new Set(flags + (inline[1] ?? ''))].join('');
  }
  const foreign = /\(\?[>|#R&]|\(\?P[=>]|\(\*|\(\?[imsx-]+[:)]|[*+?}]\+|\\[QEGKXRCh]|\[\[:/.exec(
    withoutEscapedBackslashes(text),
  );
  if (foreign !== null) {
    return err(message('"{part}" of the regular expression "{source}" is not supported', { part: foreign[0], source }));
  }
  text = text
    .replace(/\(\?P</g, '(?<')
    // Captures are variables, whose names have no case.
    .replace(/(\(\?|\\k)<([A-Za-z_]\w*)>/g, (_, before: string, name: string) => `${before}<${name.toLowerCase()}>`)
    .replace(/\\A/g, '^')
    .replace(/\\[zZ]/g, '$');
  try {
    const pattern = new RegExp(text, flags);
    return ok({ pattern, captures: [...text.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map((found) => found[1] ?? '') });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
    return err(message('the regular expression "{source}" cannot be read: {reason}', { source, reason }));
  }
}

function withoutEscapedBackslashes(text: string): string {
  return text.replace(/\\\\/g, '__');
}
