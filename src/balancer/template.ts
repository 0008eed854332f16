import { type Message, message } from '../base/message';
import { err, ok, type Result } from '../base/result';
import { byteText } from './byteText';

/** A directive's value with `$variables`, compiled once when the configuration is read. */
export interface Template {
  readonly source: string;
  /** Names of the variables it reads, without `$`, in lower case; captures are "1" to "9". */
  readonly variables: readonly string[];
  /** Bytes as latin1 text. */
  evaluate(variables: VariableSource): string;
}

/** Gives the value of a variable for the request (or connection) at hand, as latin1 text; '' where it has none. */
export interface VariableSource {
  variable(name: string): string;
}

/** What is wrong with a template; `start` and `end` are offsets in its text. */
export interface TemplateProblem {
  readonly message: Message;
  readonly start: number;
  readonly end: number;
}

/** Where a variable is used in a template's text, from the `$` on. */
export interface VariableUse {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

type Part = { readonly literal: string } | VariableUse;

/**
 * Compiles `$name`, `${name}` and the captures `$1` to `$9`, as ngx_http_script_compile() reads them. There is no
 * escape for `$` in nginx. Whether the variables exist is for variableUses() and whoever knows them all.
 */
export function compileTemplate(text: string): Result<Template, TemplateProblem> {
  const parts = split(text);
  if (!parts.ok) return parts;
  const variables = [...new Set(parts.value.flatMap((part) => ('name' in part ? [part.name] : [])))];
  return ok({ source: text, variables, evaluate: evaluator(parts.value) });
}

/** Every use of a variable, with its place; none where the text does not compile. */
export function variableUses(text: string): readonly VariableUse[] {
  const parts = split(text);
  return parts.ok ? parts.value.filter((part): part is VariableUse => 'name' in part) : [];
}

/** A template that is always the same text, `$` or not. */
export function literalTemplate(text: string): Template {
  const value = byteText(text);
  return { source: text, variables: [], evaluate: () => value };
}

function split(text: string): Result<readonly Part[], TemplateProblem> {
  const parts: Part[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const ch = text[at] ?? '';
    if (ch !== '$') {
      literal += ch;
      at += 1;
      continue;
    }
    const found = /^\$(?:([1-9])|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/.exec(text.slice(at));
    // nginx does not tell $Host from $host.
    const name = (found?.[1] ?? found?.[2] ?? found?.[3])?.toLowerCase();
    if (found === null || name === undefined) {
      const unclosed = /^\$\{[A-Za-z0-9_]*$/.test(text.slice(at)) || /^\$\{[A-Za-z0-9_]+[^}]/.test(text.slice(at));
      return err({
        message: unclosed
          ? message('the closing bracket in "{variable}" variable is missing', { variable: text.slice(at) })
          : message('invalid variable name'),
        start: at,
        end: Math.min(text.length, at + 1),
      });
    }
    if (literal !== '') parts.push({ literal: byteText(literal) });
    literal = '';
    parts.push({ name, start: at, end: at + found[0].length });
    at += found[0].length;
  }
  if (literal !== '') parts.push({ literal: byteText(literal) });
  return ok(parts);
}

/** The shapes that nearly all templates have get a function without a loop: this runs for every request. */
function evaluator(parts: readonly Part[]): (variables: VariableSource) => string {
  const [first] = parts;
  if (first === undefined) return () => '';
  if (parts.length === 1) {
    if ('literal' in first) return () => first.literal;
    return (variables) => variables.variable(first.name);
  }
  return (variables) => {
    let value = '';
    for (const part of parts) value += 'literal' in part ? part.literal : variables.variable(part.name);
    return value;
  };
}
