import { message } from '../../base/message';
import type { Directive, Word } from '../../conf/ast';
import type { IfCondition, RewriteStep } from '../plan';
import { type Entry, list, type Reading } from './entry';
import { parseNumber } from './kinds';
import { variableName } from './maps';
import { compileRegex } from './regex';
import { Scope } from './scope';

/**
 * ngx_http_rewrite_module: `return`, `set`, `rewrite`, `break` and `if`. They run in the order of the file, before anything
 * else, so all of them write into one list of steps.
 */

/** The steps of one level; written by the directives together. */
export const rewriteSteps: Entry<readonly RewriteStep[]> = list<RewriteStep>({
  name: 'rewrite steps',
  contexts: [],
  args: [0, 0],
  inherits: false,
  read: () => undefined,
});

const places = ['server', 'location', 'server-if', 'location-if'] as const;

function step(
  name: string,
  args: Entry['args'],
  block: boolean,
  read: (directive: Directive, reading: Reading, scope: Scope) => RewriteStep | undefined,
): Entry<null> {
  return {
    name,
    // An `if` stands in no other one.
    contexts: block ? ['server', 'location'] : places,
    args,
    block,
    inherits: false,
    initial: null,
    join: 'last',
    read(directive, reading, scope) {
      const one = read(directive, reading, scope);
      if (one !== undefined) scope.set(rewriteSteps, [one], directive);
      return null;
    },
  };
}

const returnStep = step('return', [1, 2], false, (directive, reading, scope) => {
  const [first, second] = directive.args;
  if (first === undefined) return undefined;
  const status = parseNumber(first.value);
  if (status !== null && status <= 999) {
    return { kind: 'return', status, body: second === undefined ? null : reading.template(second, scope) };
  }
  if (status === null && second === undefined && /^(https?:\/\/|\$scheme)/.test(first.value)) {
    return { kind: 'return', status: 302, body: reading.template(first, scope) };
  }
  reading.error(
    first.span,
    message('invalid return code "{code}"', { code: first.value }),
    message('Write a status from 0 to 999, perhaps with a text, or an address that begins with http:// or https://.'),
  );
  return undefined;
});

const setStep = step('set', [2, 2], false, (directive, reading, scope) => {
  const [target, text] = directive.args;
  if (target === undefined || text === undefined) return undefined;
  const name = variableName(target, reading);
  const value = reading.template(text, scope);
  if (name === undefined) return undefined;
  reading.defineVariable(name, scope, target.span);
  return { kind: 'set', variable: name, value };
});

const breakStep = step('break', [0, 0], false, () => ({ kind: 'break' }));

const rewriteStep = step('rewrite', [2, 3], false, (directive, reading, scope) => {
  const [source, target, flag] = directive.args;
  if (source === undefined || target === undefined) return undefined;
  const compiled = compileRegex(source.value, false);
  if (!compiled.ok) {
    reading.error(source.span, compiled.error);
    return undefined;
  }
  for (const capture of compiled.value.captures) reading.defineVariable(capture, scope);
  const then = afterRewrite(target.value, flag?.value);
  if (then === undefined) {
    reading.error(
      flag?.span ?? target.span,
      message('invalid parameter "{parameter}"', { parameter: flag?.value ?? '' }),
      message('Allowed are: {words}.', { words: 'last, break, redirect, permanent' }),
    );
    return undefined;
  }
  // A "?" at the end says that the request's own arguments are to go.
  const keepsArgs = !target.value.endsWith('?');
  const text = keepsArgs ? target.value : target.value.slice(0, -1);
  const query = text.indexOf('?');
  const path = reading.templatePart(target, 0, query < 0 ? text : text.slice(0, query), scope);
  const args = query < 0 ? null : reading.templatePart(target, query + 1, text.slice(query + 1), scope);
  return { kind: 'rewrite', pattern: compiled.value.pattern, path, args, keepsArgs, then };
});

/** What a rewrite that matches does then; undefined: there is no such flag. */
function afterRewrite(target: string, flag: string | undefined): 'on' | 'last' | 'break' | number | undefined {
  const isAddress = /^(https?:\/\/|\$scheme)/.test(target);
  switch (flag) {
    case undefined:
      return isAddress ? 302 : 'on';
    case 'last':
    case 'break':
      return isAddress ? 302 : flag;
    case 'redirect':
      return 302;
    case 'permanent':
      return 301;
  }
  return undefined;
}

const ifStep = step('if', [1, 64], true, (directive, reading, scope) => {
  const condition = readCondition(directive, reading, scope);
  const inner = new Scope(scope.context === 'server' ? 'server-if' : 'location-if', scope, directive);
  reading.walk(directive.block ?? [], inner);
  return condition === null ? undefined : { kind: 'if', condition, steps: inner.get(rewriteSteps) };
});

/** What stands between the parentheses, which may be words of their own or glued to one (ngx_http_rewrite_if_condition). */
function readCondition(directive: Directive, reading: Reading, scope: Scope): IfCondition | null {
  const words = withoutParentheses(directive.args);
  const [variable, operator, operand, ...rest] = words ?? [];
  const whole = directive.args.map((word) => word.value).join(' ');
  const refuse = (place: Word | undefined) => {
    reading.error(
      place?.span ?? directive.headSpan,
      message('invalid condition "{condition}"', { condition: whole }),
      message('Supported are: ($name), and ($name OPERATOR value) with =, !=, ~, ~*, !~ or !~*.'),
    );
    return null;
  };
  if (variable === undefined || !/^\$[A-Za-z0-9_]+$/.test(variable.value)) return refuse(variable);
  const tested = reading.template(variable, scope);
  if (operator === undefined) return { kind: 'set', tested };
  if (operand === undefined || rest.length > 0) return refuse(operator);
  const negated = operator.value.startsWith('!');
  switch (operator.value) {
    case '=':
    case '!=':
      return { kind: 'equals', tested, value: reading.template(operand, scope), negated };
    case '~':
    case '~*':
    case '!~':
    case '!~*': {
      const compiled = compileRegex(operand.value, operator.value.endsWith('*'));
      if (!compiled.ok) {
        reading.error(operand.span, compiled.error);
        return null;
      }
      for (const capture of compiled.value.captures) reading.defineVariable(capture, scope);
      return { kind: 'matches', tested, pattern: compiled.value.pattern, negated };
    }
    default:
      reading.error(operator.span, message('unexpected "{operator}" in condition', { operator: operator.value }));
      return null;
  }
}

function withoutParentheses(args: readonly Word[]): readonly Word[] | null {
  const words = [...args];
  const first = words[0];
  const last = words.at(-1);
  if (first === undefined || last === undefined || !first.value.startsWith('(') || !last.value.endsWith(')'))
    return null;
  // A part of a word keeps the word's place but for the parenthesis.
  words[0] = {
    ...first,
    value: first.value.slice(1),
    span: first.quoted ? first.span : { ...first.span, column: first.span.column + 1 },
  };
  const end = words.at(-1) ?? last;
  words[words.length - 1] = {
    ...end,
    value: end.value.slice(0, -1),
    span: end.quoted ? end.span : { ...end.span, endColumn: end.span.endColumn - 1 },
  };
  return words.filter((word, i) => word.value !== '' || (i > 0 && i < words.length - 1));
}

export const rewriteEntries: readonly Entry[] = [returnStep, setStep, rewriteStep, breakStep, ifStep];
