import { message } from '../../base/message';
import type { Directive } from '../../conf/ast';
import type { Entry, Reading } from './entry';

/** nginx counts in 64 bits; the last thousand or so, which numbers here cannot tell apart, are left out. */
const largestInteger = 2 ** 63 - 1024;

/** Readers of the usual kinds of argument, with nginx's own limits and wording. */

/**
 * Milliseconds of "30s", "1m30s", "500ms", "2"; null: not a time (ngx_parse_time). Years and months only count where whole
 * seconds do. Some directives count in
 * whole seconds and refuse "ms": `smallest` says so. */
export function parseTime(text: string, smallest: 'ms' | 's' = 'ms'): number | null {
  const unit = [
    ['y', 365 * 24 * 3600 * 1000],
    ['M', 30 * 24 * 3600 * 1000],
    ['w', 7 * 24 * 3600 * 1000],
    ['d', 24 * 3600 * 1000],
    ['h', 3600 * 1000],
    ['m', 60 * 1000],
    ['s', 1000],
    ['ms', 1],
  ] as const;
  // One digit anywhere is enough for nginx: a unit without a number counts as none of it.
  if (!/^[0-9yMwdhms ]*\d[0-9yMwdhms ]*$/.test(text)) return null;
  let rest = text;
  let total = 0;
  let largest = -1;
  while (rest !== '') {
    const [whole = '', digits = '', written] = /^(\d*)(ms|[yMwdhms ])? */.exec(rest) ?? [];
    rest = rest.slice(whole.length);
    // A number without a unit is seconds, and with nothing behind it may follow any unit.
    if (written === undefined) return limited(total + Number(digits) * 1000);
    const name = written === ' ' ? 's' : written;
    const at = unit.findIndex(([each]) => each === name);
    if (at <= largest || (name === 'ms' && smallest === 's') || (at < 2 && smallest === 'ms')) return null;
    largest = at;
    total += Number(digits) * (unit[at]?.[1] ?? 0);
  }
  return limited(total);
}

function limited(total: number): number | null {
  return total <= largestInteger ? total : null;
}

/** Bytes of "8k", "1m", "512" and, for offsets, "1g"; null: not a size (ngx_parse_size, ngx_parse_offset). */
export function parseSize(text: string, allowGiga = false): number | null {
  const found = /^(\d+)([kKmMgG])?$/.exec(text);
  if (found === null) return null;
  const unit = (found[2] ?? '').toLowerCase();
  if (unit === 'g' && !allowGiga) return null;
  const bytes = Number(found[1]) * (unit === 'k' ? 1024 : unit === 'm' ? 1024 ** 2 : unit === 'g' ? 1024 ** 3 : 1);
  return bytes <= largestInteger ? bytes : null;
}

/** A whole number without a sign (ngx_atoi); null: not one. */
export function parseNumber(text: string): number | null {
  return /^\d+$/.test(text) && BigInt(text) <= 9223372036854775807n ? Number(text) : null;
}

type Reader<T> = (directive: Directive, reading: Reading) => T | undefined;

function first(directive: Directive): string {
  return directive.args[0]?.value ?? '';
}

function invalid(directive: Directive, reading: Reading, hint: Parameters<Reading['error']>[2]): undefined {
  reading.error(
    directive.args[0]?.span ?? directive.headSpan,
    message('"{directive}" directive invalid value', { directive: directive.name.value }),
    hint,
  );
  return undefined;
}

/** Milliseconds. */
export const time: Reader<number> = (directive, reading) =>
  parseTime(first(directive)) ??
  invalid(directive, reading, message('A time is a number with ms, s, m, h or d, for example "30s".'));

/** Bytes, up to megabytes as nginx reads them here. */
export const size: Reader<number> = (directive, reading) =>
  parseSize(first(directive)) ??
  invalid(directive, reading, message('A size is a number of bytes, or one with k or m, for example "8k".'));

/** Bytes, with gigabytes too. */
export const offset: Reader<number> = (directive, reading) =>
  parseSize(first(directive), true) ??
  invalid(directive, reading, message('A size is a number of bytes, or one with k, m or g, for example "10m".'));

export const number: Reader<number> = (directive, reading) => {
  const parsed = parseNumber(first(directive));
  if (parsed !== null) return parsed;
  reading.error(
    directive.args[0]?.span ?? directive.headSpan,
    message('"{directive}" directive invalid number', { directive: directive.name.value }),
    message('A whole number is wanted, for example "3".'),
  );
  return undefined;
};

export const flag: Reader<boolean> = (directive, reading) => {
  const text = first(directive).toLowerCase();
  if (text === 'on') return true;
  if (text === 'off') return false;
  reading.error(
    directive.args[0]?.span ?? directive.headSpan,
    message('invalid value "{value}" in "{directive}" directive, it must be "on" or "off"', {
      value: first(directive),
      directive: directive.name.value,
    }),
  );
  return undefined;
};

export const text: Reader<string> = (directive) => first(directive);

/** One of a closed list of words. */
export function oneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (directive, reading) => {
    const word = words.find((w) => w.toLowerCase() === first(directive).toLowerCase());
    if (word === undefined) {
      reading.error(
        directive.args[0]?.span ?? directive.headSpan,
        message('invalid value "{value}"', { value: first(directive) }),
        message('Allowed are: {words}.', { words: words.join(', ') }),
      );
    }
    return word;
  };
}

/** Any of a closed list of words. */
export function someOf<const T extends string>(...words: readonly T[]): Reader<readonly T[]> {
  return (directive, reading) => {
    const found: T[] = [];
    for (const arg of directive.args) {
      const word = words.find((w) => w.toLowerCase() === arg.value.toLowerCase());
      if (word !== undefined) {
        if (found.includes(word)) reading.warn(arg.span, message('duplicate value "{value}"', { value: arg.value }));
        found.push(word);
      } else {
        reading.error(
          arg.span,
          message('invalid value "{value}"', { value: arg.value }),
          message('Allowed are: {words}.', { words: words.join(', ') }),
        );
      }
    }
    return found;
  };
}

/** A value with variables. */
export const template: Entry<ReturnType<Reading['template']>>['read'] = (directive, reading, scope) => {
  const [word] = directive.args;
  return word === undefined ? undefined : reading.template(word, scope);
};
