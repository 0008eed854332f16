import path from 'node:path';
import { lineOf, literalAt, maskSource } from '../../../.ci/source.mjs';
import { machineSources, type Rule, registries, restrictions, rules } from './table';

/** File name relative to the project -> its text. */
export type Sources = ReadonlyMap<string, string>;

interface Import {
  readonly line: number;
  readonly specifier: string;
  readonly isType: boolean;
  /** Project file it names, null for a package or a Node module. */
  readonly target: string | null;
}

const importForms =
  /(?<![\w$.])(?:(import|export)\s+(type\s+)?(?:([\w$*{}\s,]+?)\s*from\s*)?(?=['"])|import\s*\(\s*|require\s*\(\s*)/g;

/** Every import of a file: static, of types, re-exports, dynamic, `require`, `import('…')` in a type. */
function importsOf(file: string, text: string, sources: Sources): Import[] {
  const masked = maskSource(text);
  const found: Import[] = [];
  for (const form of masked.matchAll(importForms)) {
    const literal = literalAt(text, masked, form.index + form[0].length);
    if (literal === null) continue;
    const specifier = literal.value;
    found.push({
      line: lineOf(text, form.index),
      specifier,
      isType: form[2] !== undefined || namesTypesOnly(form[3]),
      target: specifier.startsWith('.') ? resolve(file, specifier, sources) : null,
    });
  }
  return found;
}

function namesTypesOnly(names: string | undefined): boolean {
  const list = /^\{([^}]*)\}$/.exec(names?.trim() ?? '')?.[1];
  if (list === undefined) return false;
  const each = list.split(',').map((name) => name.trim());
  return each.every((name) => name === '' || name.startsWith('type ')) && each.some((name) => name !== '');
}

function resolve(file: string, specifier: string, sources: Sources): string {
  const place = path.posix.join(path.posix.dirname(file), specifier);
  const candidates = [`${place}.ts`, `${place}/index.ts`, place.replace(/\.js$/, '.ts'), place];
  return candidates.find((name) => sources.has(name)) ?? place;
}

/** Whether a file is at a place: the folder or file itself, something below it, or what a pattern with `*` says. */
function isAt(file: string, place: string): boolean {
  if (place.includes('*')) {
    const [folder = '', name = ''] = place.split('/**/');
    const pattern = new RegExp(`^${name.replace('*', '[^/]*')}$`);
    return isAt(file, folder) && pattern.test(path.posix.basename(file, '.ts'));
  }
  return file === place || file === `${place}.ts` || file.startsWith(`${place}/`);
}

function ruleOf(file: string): Rule | undefined {
  return rules.find((rule) => isAt(file, rule.place));
}

function list(places: readonly string[]): string {
  return places.length === 0 ? 'nothing' : places.join(', ');
}

function checkImport(file: string, rule: Rule, found: Import): string | null {
  const where = `${file}:${found.line} imports '${found.specifier}'`;
  if (found.target === null) {
    const bare = found.specifier.replace(/^node:/, '');
    const restriction = restrictions.find((one) => one.modules.includes(bare));
    // The page has no Node at all; its own tsconfig sees to that. Types of `vscode` bind no less than its values.
    if (restriction === undefined || restriction.places.some((place) => isAt(file, place))) return null;
    return `${where}: only ${list(restriction.places)} may (${restriction.reason}).`;
  }
  const { target } = found;
  if (isAt(target, rule.place) || rule.may.some((place) => isAt(target, place))) return null;
  const types = rule.mayTypes ?? [];
  if (found.isType && types.some((place) => isAt(target, place))) return null;
  const alsoTypes = types.length === 0 ? '' : `; types only: ${list(types)} (${rule.reason})`;
  return `${where}: ${rule.place} may import ${list(rule.may)}${alsoTypes}.`;
}

/** Every import that the table forbids, as a sentence that says what is allowed. */
export function forbiddenImports(sources: Sources): string[] {
  const complaints: string[] = [];
  for (const [file, text] of sources) {
    const rule = ruleOf(file);
    if (rule === undefined) {
      complaints.push(
        `${file}: no rule says what may be imported here; the folders are ${list(rules.map((r) => r.place))}.`,
      );
      continue;
    }
    for (const found of importsOf(file, text, sources)) {
      const complaint = checkImport(file, rule, found);
      if (complaint !== null) complaints.push(complaint);
    }
  }
  return complaints;
}

/** Uses of the machine's clock, timers and chance outside src/base. */
export function machineUses(sources: Sources): string[] {
  const complaints: string[] = [];
  for (const [file, text] of sources) {
    if (!isAt(file, 'src') || isAt(file, 'src/base')) continue;
    const masked = maskSource(text);
    for (const { name, pattern } of machineSources) {
      const uses = [...masked.matchAll(new RegExp(pattern, 'g'))];
      const use = uses.find((one) => !isMethod(masked, one.index + one[0].length));
      if (use === undefined) continue;
      complaints.push(
        `${file}:${lineOf(text, use.index)} uses ${name}: only src/base may; take a Clock or a Random from there.`,
      );
    }
  }
  return complaints;
}

/** Whether a parameter list and a body follow: then a method of that name is defined, and nothing is called. */
function isMethod(masked: string, offset: number): boolean {
  if (masked[offset] !== '(') return false;
  let depth = 0;
  for (let at = offset; at < masked.length; at++) {
    if (masked[at] === '(') depth += 1;
    else if (masked[at] === ')') depth -= 1;
    if (depth === 0) return /^\)\s*(?::[^;={]*)?\{/.test(masked.slice(at, at + 200));
  }
  return false;
}

/** Files that only pass on what others export, and index.ts files that are no registry. */
export function barrels(sources: Sources): string[] {
  const complaints: string[] = [];
  for (const [file, text] of sources) {
    const folder = path.posix.dirname(file);
    if (registries.includes(folder) && file.endsWith('/index.ts')) continue;
    const rest = maskSource(text).replace(
      /\bexport\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+['"][^'"]*['"]\s*;?/g,
      '',
    );
    const passesOn = rest.trim() === '' && text.trim() !== '' && rest !== maskSource(text);
    if (file.endsWith('/index.ts') || passesOn) {
      complaints.push(`${file}: import from the file itself; an index.ts is only in ${list(registries)}.`);
    }
  }
  return complaints;
}

/**
 * One shortest circle of imports for each file that is on one, each circle once. Types do not count: they are gone at
 * run time, and two types of one idea may well name each other.
 */
export function importCycles(sources: Sources): string[] {
  const edges = new Map<string, string[]>();
  for (const [file, text] of sources) {
    const targets = importsOf(file, text, sources).flatMap(({ target, isType }) =>
      !isType && target !== null && sources.has(target) ? [target] : [],
    );
    edges.set(file, [...new Set(targets)]);
  }
  const cycles = new Map<string, string>();
  for (const start of edges.keys()) {
    const circle = shortestWayBack(start, edges);
    const key = circle === null ? '' : [...circle].sort().join();
    if (circle !== null && !cycles.has(key)) cycles.set(key, [...circle, start].join(' → '));
  }
  return [...cycles.values()];
}

function shortestWayBack(start: string, edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const seen = new Set<string>();
  let ways: string[][] = [[start]];
  while (ways.length > 0) {
    const longer: string[][] = [];
    for (const way of ways) {
      for (const next of edges.get(way.at(-1) ?? '') ?? []) {
        if (next === start) return way;
        if (seen.has(next)) continue;
        seen.add(next);
        longer.push([...way, next]);
      }
    }
    ways = longer;
  }
  return null;
}
