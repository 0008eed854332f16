import { type Message, message } from '../../base/message';
import type { Problem, Span } from '../../base/problem';
import type { Comment, ConfFile, Directive, Word } from '../../conf/ast';
import { parseConf } from '../../conf/parse';
import { compileTemplate, literalTemplate, type Template, variableUses } from '../template';
import { type Context, contextNames, type Entry, type Reading } from './entry';
import { missingSemicolons } from './missingSemicolons';
import { nearest } from './nearest';
import { Scope } from './scope';
import { allowedIn, entriesNamed } from './table';
import { changeable, knownVariable, nearestVariable, ownVariable, variableFeature } from './variables';

/** Gives what `include` names. The library opens no file by itself. */
export interface ConfFiles {
  /** The file's text; null: there is none. */
  read(path: string): string | null;
  /** Text of a file that is no part of the configuration (a certificate, a key); absent: as read(). */
  load?(path: string): string | null;
  /** The paths that a pattern with `*` or `?` names, sorted; without one, the path itself. */
  match(pattern: string): readonly string[];
}

export interface ReadOptions {
  readonly files: ConfFiles | null;
  readonly notYet: ReadonlySet<string>;
  /** Read before the file itself. */
  readonly globals: ConfFile;
}

/** A whole configuration, read into scopes; `problems` has everything that was found. */
export interface ReadConf {
  readonly main: Scope;
  readonly reading: Reading;
  readonly problems: readonly Problem[];
  /** Does what was put off until the whole file was known. */
  finish(): void;
}

export function readConf(file: ConfFile, syntax: readonly Problem[], options: ReadOptions): ReadConf {
  const reader = new Reader(file, syntax, options);
  const main = new Scope('main', null, null);
  reader.walk(options.globals.directives, main);
  reader.walk(file.directives, main);
  return { main, reading: reader, problems: reader.problems, finish: () => reader.finish() };
}

interface VariableCheck {
  readonly name: string;
  readonly span: Span;
  readonly isStream: boolean;
}

class Reader implements Reading {
  readonly problems: Problem[] = [];
  readonly #defined = { http: new Set<string>(), stream: new Set<string>() };
  readonly #used: VariableCheck[] = [];
  readonly #labComments = new Set<Comment>();
  readonly #checks: (() => void)[] = [];
  readonly #open: string[];
  /** A missing brace puts every directive behind it in a wrong place: saying so each time would hide the cause. */
  readonly #bracesBroken: boolean;

  constructor(
    file: ConfFile,
    syntax: readonly Problem[],
    private readonly options: ReadOptions,
  ) {
    this.problems.push(...syntax);
    this.#bracesBroken = syntax.length > 0;
    this.#open = [file.path];
    this.#takeLabComments(file);
  }

  error(span: Span, text: Message, hint?: Message): void {
    this.#add('error', span, text, hint);
  }

  warn(span: Span, text: Message, hint?: Message): void {
    this.#add('warning', span, text, hint);
  }

  note(span: Span, text: Message): void {
    this.#add('note', span, text);
  }

  template(word: Word, scope: Scope): Template {
    return this.templatePart(word, 0, word.value, scope);
  }

  templatePart(word: Word, offset: number, text: string, scope: Scope): Template {
    const compiled = compileTemplate(text);
    if (!compiled.ok) {
      this.error(partSpan(word, offset + compiled.error.start, offset + compiled.error.end), compiled.error.message);
      return literalTemplate(text);
    }
    for (const { name, start, end } of variableUses(text)) {
      if (/^[1-9]$/.test(name)) continue;
      this.#used.push({ name, span: partSpan(word, offset + start, offset + end), isStream: scope.isStream });
    }
    return compiled.value;
  }

  defineVariable(name: string, scope: Scope, at?: Span): void {
    if (at !== undefined && !this.#mayDefine(name, scope, at)) return;
    this.#defined[scope.isStream ? 'stream' : 'http'].add(name.toLowerCase());
  }

  /** One of the proxies' own variables has its value from them, but for the few that a file may set. */
  #mayDefine(name: string, scope: Scope, at: Span): boolean {
    if (!ownVariable(name, scope.isStream)) return true;
    if (!changeable.has(name)) this.error(at, message('the duplicate "{variable}" variable', { variable: name }));
    else if (!this.refuseNotYet(variableFeature(name, scope.isStream), at)) return true;
    return false;
  }

  refuseNotYet(feature: string, span: Span): boolean {
    if (!this.options.notYet.has(feature)) return false;
    this.error(span, message('"{feature}" is not supported yet', { feature }));
    return true;
  }

  ownComment(comment: Comment): void {
    this.#labComments.delete(comment);
  }

  contentOf(directive: Directive): readonly Directive[] {
    return (directive.block ?? []).flatMap((row) => {
      const [pattern] = row.args;
      const { files } = this.options;
      if (row.name.value !== 'include' || pattern === undefined || files === null) return [row];
      return [...this.#includedBlocks(pattern, files)].flat();
    });
  }

  readFile(path: string): string | null {
    const { files } = this.options;
    if (files === null) return null;
    const full = resolvePath(path, this.#open[0] ?? '');
    return files.load === undefined ? files.read(full) : files.load(full);
  }

  later(check: () => void): void {
    this.#checks.push(check);
  }

  finish(): void {
    for (let next = this.#checks.shift(); next !== undefined; next = this.#checks.shift()) next();
    for (const { name, span, isStream } of this.#used) {
      const defined = this.#defined[isStream ? 'stream' : 'http'];
      if (defined.has(name)) continue;
      if (knownVariable(name, isStream)) {
        this.refuseNotYet(variableFeature(name, isStream), span);
        continue;
      }
      const near = nearestVariable(name, isStream, defined);
      this.error(
        span,
        message('unknown "{variable}" variable', { variable: name }),
        near === null ? undefined : message('Did you mean "{variable}"?', { variable: `$${near}` }),
      );
    }
    for (const comment of this.#labComments) {
      this.error(
        comment.span,
        message('nothing reads this "lab:" comment'),
        message('It belongs behind a server line, or inside an upstream.'),
      );
    }
    this.#labComments.clear();
  }

  walk(block: readonly Directive[], scope: Scope): void {
    for (const written of block) {
      for (const directive of missingSemicolons(written, scope.context, (at, name) => this.#missing(at, name))) {
        this.#directive(directive, scope);
      }
    }
  }

  #directive(directive: Directive, scope: Scope): void {
    const name = directive.name.value;
    if (name === 'include') {
      this.#include(directive, scope);
      return;
    }
    scope.name(name);
    const named = entriesNamed(name);
    const entry = named.find((candidate) => candidate.contexts.includes(scope.context));
    if (entry === undefined) {
      if (named.length === 0) this.#unknown(directive, scope.context);
      else if (!this.#bracesBroken) this.#misplaced(directive, named, scope.context);
      return;
    }
    if (!this.#wellFormed(directive, entry)) return;
    if (entry.join === null && scope.has(entry)) {
      this.error(
        directive.headSpan,
        message('"{directive}" directive is duplicate', { directive: name }),
        message('The first one is on line {line}.', { line: scope.source(entry)?.span.line ?? 0 }),
      );
      return;
    }
    const feature = scope.isStream ? `stream/${name}` : name;
    if (this.refuseNotYet(feature, directive.headSpan)) return;
    const value = entry.read(directive, this, scope);
    if (value !== undefined) scope.set(entry, value, directive);
  }

  #wellFormed(directive: Directive, entry: Entry): boolean {
    const name = directive.name.value;
    if (entry.block !== (directive.block !== null)) {
      if (this.#bracesBroken && directive.semicolon === null && directive.block === null) return false;
      this.error(
        directive.headSpan,
        entry.block
          ? message('directive "{directive}" has no opening "{"', { directive: name })
          : message('directive "{directive}" is not terminated by ";"', { directive: name }),
      );
      return false;
    }
    const [least, most] = entry.args;
    if (directive.args.length >= least && directive.args.length <= most) return true;
    this.error(
      directive.headSpan,
      message('invalid number of arguments in "{directive}" directive', { directive: name }),
      least === most
        ? message('It takes {count}; here are {found}.', { count: least, found: directive.args.length })
        : message('It takes {least} to {most}; here are {found}.', { least, most, found: directive.args.length }),
    );
    return false;
  }

  #missing(at: Span, name: string): void {
    this.error(
      at,
      message('directive "{directive}" is not terminated by ";"', { directive: name }),
      message('Put ";" at the end of this line.'),
    );
  }

  #unknown(directive: Directive, context: Context): void {
    const allowed = allowedIn(context);
    const near = nearest(directive.name.value, allowed);
    const list = { context: contextNames[context], allowed: allowed.join(', ') };
    this.error(
      directive.name.span,
      message('unknown directive "{directive}"', { directive: directive.name.value }),
      near === null
        ? message('Supported in {context}: {allowed}.', list)
        : message('Did you mean "{near}"? Supported in {context}: {allowed}.', { near, ...list }),
    );
  }

  #misplaced(directive: Directive, named: readonly Entry[], context: Context): void {
    const places = [...new Set(named.flatMap((entry) => entry.contexts))].map((place) => contextNames[place]);
    this.error(
      directive.name.span,
      message('"{directive}" directive is not allowed here', { directive: directive.name.value }),
      message('This is {context}; it belongs in: {places}.', {
        context: contextNames[context],
        places: places.join(', '),
      }),
    );
  }

  #include(directive: Directive, scope: Scope): void {
    const [pattern] = directive.args;
    if (directive.block !== null) {
      this.error(
        directive.headSpan,
        message('directive "{directive}" is not terminated by ";"', { directive: 'include' }),
      );
      return;
    }
    if (pattern === undefined || directive.args.length !== 1) {
      this.error(
        directive.headSpan,
        message('invalid number of arguments in "{directive}" directive', { directive: 'include' }),
      );
      return;
    }
    const { files } = this.options;
    if (files === null) {
      this.error(directive.headSpan, message('"include" cannot be used here: no other file can be read'));
      return;
    }
    for (const block of this.#includedBlocks(pattern, files)) this.walk(block, scope);
  }

  /** The directives of each file that a pattern names. Files that include each other in a ring are refused. */
  *#includedBlocks(pattern: Word, files: ConfFiles): Generator<readonly Directive[]> {
    for (const path of files.match(resolvePath(pattern.value, this.#open[0] ?? ''))) {
      if (this.#open.includes(path)) {
        this.error(
          pattern.span,
          message('"{file}" includes itself', { file: path }),
          message('Take one "include" out of the ring.'),
        );
        continue;
      }
      const text = files.read(path);
      if (text === null) {
        this.error(pattern.span, message('open() "{file}" failed (2: No such file or directory)', { file: path }));
        continue;
      }
      const { file, problems } = parseConf(path, text);
      this.problems.push(...problems);
      this.#takeLabComments(file);
      this.#open.push(path);
      yield file.directives;
      this.#open.pop();
    }
  }

  #takeLabComments(file: ConfFile): void {
    for (const comment of file.comments) if (/^lab:/.test(comment.text)) this.#labComments.add(comment);
  }

  #add(severity: Problem['severity'], span: Span, text: Message, hint?: Message): void {
    this.problems.push({ severity, message: text, span, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Relative paths start at the main file's folder (ngx_conf_full_name). */
function resolvePath(path: string, mainFile: string): string {
  if (/^(\/|[A-Za-z]:[\\/])/.test(path)) return path;
  const folder = mainFile.replace(/[^/\\]*$/, '');
  return folder + path;
}

/** The span of part of a word: exact where the word stands on one line and has no escapes before the part. */
function partSpan(word: Word, start: number, end: number): Span {
  const { span } = word;
  const quote = word.quoted ? 1 : 0;
  const plain = span.line === span.endLine && span.endColumn - span.column === word.value.length + 2 * quote;
  if (!plain) return span;
  return { ...span, column: span.column + quote + start, endColumn: span.column + quote + end };
}
