import { message } from '../../base/message';
import type { Directive, Word } from '../../conf/ast';
import { byteText } from '../byteText';
import type { SplitClients, VariableMap } from '../plan';
import type { Template } from '../template';
import { type Context, type Entry, list, type Reading } from './entry';
import { compileRegex } from './regex';
import type { Scope } from './scope';

/** Variables made from others: ngx_http_map_module, ngx_http_split_clients_module and their stream sisters. */

/** The name behind `$`; undefined with the problem reported. */
export function variableName(word: Word, reading: Reading): string | undefined {
  if (/^\$[A-Za-z0-9_]+$/.test(word.value)) return word.value.slice(1).toLowerCase();
  reading.error(
    word.span,
    message('invalid variable name "{name}"', { name: word.value }),
    message('A variable is "$" and letters, digits or "_".'),
  );
  return undefined;
}

function map(context: Context): Entry<readonly VariableMap[]> {
  return list<VariableMap>({
    name: 'map',
    contexts: [context],
    args: [2, 2],
    block: true,
    read(directive, reading, scope) {
      const [source, target] = directive.args;
      if (source === undefined || target === undefined) return undefined;
      const name = variableName(target, reading);
      const read = new MapBlock(reading, scope);
      for (const row of reading.contentOf(directive)) read.row(row);
      if (name === undefined) return undefined;
      reading.defineVariable(name, scope, target.span);
      return { variable: name, source: reading.template(source, scope), ...read.result };
    },
  });
}

type Rows = Omit<VariableMap, 'variable' | 'source'>;

class MapBlock {
  #hostnames = false;
  #volatile = false;
  #fallback: Template | null = null;
  readonly #exact = new Map<string, Template>();
  readonly #wildcards: Rows['wildcards'][number][] = [];
  readonly #patterns: Rows['patterns'][number][] = [];

  constructor(
    private readonly reading: Reading,
    private readonly scope: Scope,
  ) {}

  get result(): Rows {
    return {
      fallback: this.#fallback,
      exact: this.#exact,
      wildcards: this.#wildcards,
      patterns: this.#patterns,
      hostnames: this.#hostnames,
      volatile: this.#volatile,
    };
  }

  row(row: Directive): void {
    const { reading } = this;
    const [word, ...rest] = row.args;
    const key = row.name.value;
    if (word === undefined && (key === 'hostnames' || key === 'volatile')) {
      if (key === 'hostnames') this.#hostnames = true;
      else this.#volatile = true;
      return;
    }
    if (word === undefined || rest.length > 0 || row.block !== null) {
      reading.error(row.headSpan, message('invalid number of the map parameters'), message('Write "KEY VALUE;".'));
      return;
    }
    const value = reading.template(word, this.scope);
    if (key === 'default') {
      if (this.#fallback !== null) reading.error(row.headSpan, message('duplicate default map parameter'));
      this.#fallback = value;
    } else if (key.startsWith('~')) {
      const ignoreCase = key.startsWith('~*');
      const compiled = compileRegex(key.slice(ignoreCase ? 2 : 1), ignoreCase);
      if (!compiled.ok) reading.error(row.name.span, compiled.error);
      else {
        for (const capture of compiled.value.captures) reading.defineVariable(capture, this.scope);
        this.#patterns.push({ pattern: compiled.value.pattern, value });
      }
    } else this.#plain(row.name, key, value);
  }

  #plain(word: Word, key: string, value: Template): void {
    // A leading backslash makes "\default" or "\~x" an ordinary key.
    const text = byteText(key.startsWith('\\') ? key.slice(1) : key).toLowerCase();
    if (this.#hostnames && /^(\*?\.[^*]+|[^*]+\.\*)$/.test(text)) {
      this.#wildcards.push({ pattern: text, value });
      // ".name" is the name itself, too.
      if (text.startsWith('.')) this.#exactly(word, key, text.slice(1), value);
      return;
    }
    if (this.#hostnames && text.includes('*')) {
      this.reading.error(word.span, message('invalid hostname or wildcard "{name}"', { name: key }));
      return;
    }
    this.#exactly(word, key, text, value);
  }

  #exactly(word: Word, key: string, text: string, value: Template): void {
    if (this.#exact.has(text))
      this.reading.error(word.span, message('conflicting parameter "{parameter}"', { parameter: key }));
    this.#exact.set(text, value);
  }
}

function splitClients(context: Context): Entry<readonly SplitClients[]> {
  return list<SplitClients>({
    name: 'split_clients',
    contexts: [context],
    args: [2, 2],
    block: true,
    read(directive, reading, scope) {
      const [source, target] = directive.args;
      if (source === undefined || target === undefined) return undefined;
      const name = variableName(target, reading);
      const parts = readParts(directive, reading);
      if (name === undefined) return undefined;
      reading.defineVariable(name, scope, target.span);
      return { variable: name, source: reading.template(source, scope), parts };
    },
  });
}

function readParts(directive: Directive, reading: Reading): SplitClients['parts'] {
  const parts: SplitClients['parts'][number][] = [];
  let sum = 0;
  for (const row of reading.contentOf(directive)) {
    const [value, ...rest] = row.args;
    if (value === undefined || rest.length > 0 || row.block !== null) {
      reading.error(
        row.headSpan,
        message('invalid number of arguments in "{directive}" directive', { directive: 'split_clients' }),
        message('Write "PERCENT% VALUE;" or "* VALUE;".'),
      );
      continue;
    }
    const text = byteText(value.value);
    if (row.name.value === '*') {
      parts.push({ hundredths: null, value: text });
      continue;
    }
    const percent = /^(\d+)(?:\.(\d{1,2}))?%$/.exec(row.name.value);
    const hundredths = percent === null ? 0 : Number(percent[1]) * 100 + Number((percent[2] ?? '0').padEnd(2, '0'));
    if (hundredths === 0) {
      reading.error(row.name.span, message('invalid percent value "{value}"', { value: row.name.value }));
      continue;
    }
    sum += hundredths;
    parts.push({ hundredths, value: text });
  }
  if (sum > 10_000) reading.error(directive.headSpan, message('percent total is greater than 100%'));
  return parts;
}

export const httpMaps = map('http');
export const streamMaps = map('stream');
export const httpSplits = splitClients('http');
export const streamSplits = splitClients('stream');

export const mapEntries: readonly Entry[] = [httpMaps, streamMaps, httpSplits, streamSplits];
