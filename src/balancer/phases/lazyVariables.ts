import type { SplitClients, VariableMap } from '../plan';
import type { Template, VariableSource } from '../template';
import { murmurHash2 } from './murmurHash2';

/** Variables that `map` and `split_clients` make from others, only where something asks for them. */

/** A request (or connection) whose `$1` and named captures a regular expression may set. */
export interface CapturingSource extends VariableSource {
  captured(match: RegExpExecArray): void;
}

export interface LazyVariable {
  /** Worked out anew each time rather than once for a request. */
  readonly volatile: boolean;
  evaluate(source: CapturingSource): string;
}

/** By name; null: the configuration has none. */
export type LazyVariables = ReadonlyMap<string, LazyVariable>;

export function lazyVariables(maps: readonly VariableMap[], splits: readonly SplitClients[]): LazyVariables | null {
  if (maps.length === 0 && splits.length === 0) return null;
  const all = new Map<string, LazyVariable>();
  for (const map of maps) all.set(map.variable, mapVariable(map));
  for (const split of splits) all.set(split.variable, splitVariable(split));
  return all;
}

/** Of two maps that need each other nginx gives neither a value; evaluation is synchronous, so a mark is enough. */
function once(evaluate: (source: CapturingSource) => string): (source: CapturingSource) => string {
  let running = false;
  return (source) => {
    if (running) return '';
    running = true;
    try {
      return evaluate(source);
    } finally {
      running = false;
    }
  };
}

function mapVariable(map: VariableMap): LazyVariable {
  const { heads, tails } = wildcardsOf(map);
  const find = (text: string, source: CapturingSource): Template | null => {
    const lower = text.toLowerCase();
    const exact = map.exact.get(lower);
    if (exact !== undefined) return exact;
    const wild = longest(heads, (suffix) => lower.endsWith(suffix)) ?? longest(tails, (head) => lower.startsWith(head));
    if (wild !== null) return wild;
    if (text === '') return null;
    for (const { pattern, value } of map.patterns) {
      const match = pattern.exec(text);
      if (match === null) continue;
      source.captured(match);
      return value;
    }
    return null;
  };
  const evaluate = once((source) => {
    let text = map.source.evaluate(source);
    if (map.hostnames && text.endsWith('.')) text = text.slice(0, -1);
    return (find(text, source) ?? map.fallback)?.evaluate(source) ?? '';
  });
  return { volatile: map.volatile, evaluate };
}

interface Wildcard {
  readonly part: string;
  readonly value: Template;
}

/** What a name ends (`*.name`, `.name`) or begins (`name.*`) with, dot included. */
function wildcardsOf(map: VariableMap): { readonly heads: readonly Wildcard[]; readonly tails: readonly Wildcard[] } {
  const heads: Wildcard[] = [];
  const tails: Wildcard[] = [];
  for (const { pattern, value } of map.wildcards) {
    if (pattern.endsWith('.*')) tails.push({ part: pattern.slice(0, -1), value });
    else heads.push({ part: pattern.replace(/^\*/, ''), value });
  }
  return { heads, tails };
}

function longest(all: readonly Wildcard[], matches: (part: string) => boolean): Template | null {
  let best: Wildcard | null = null;
  for (const each of all) if (matches(each.part) && each.part.length > (best?.part.length ?? 0)) best = each;
  return best?.value ?? null;
}

/** The part of all hash values, in 2^32nds, up to which a value holds (ngx_conf_split_clients_block). */
function splitVariable(split: SplitClients): LazyVariable {
  let last = 0;
  const parts = split.parts.map(({ hundredths, value }) => {
    last = hundredths === null ? 0 : last + Math.floor((0xffffffff * hundredths) / 10_000);
    return { below: hundredths === null ? Number.POSITIVE_INFINITY : last, value };
  });
  return {
    volatile: false,
    evaluate: once((source) => {
      const hash = murmurHash2(Buffer.from(split.source.evaluate(source), 'latin1'));
      return parts.find(({ below }) => hash < below)?.value ?? '';
    }),
  };
}
