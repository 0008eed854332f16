import type { Message } from '../../base/message';
import type { Span } from '../../base/problem';
import type { Comment, Directive, Word } from '../../conf/ast';
import type { Template } from '../template';
import type { Scope } from './scope';

/** Where a directive may stand, as nginx's pages say it; the stream module's blocks of the same name have their own. */
export type Context =
  | 'main'
  | 'events'
  | 'http'
  | 'upstream'
  | 'server'
  | 'location'
  | 'server-if'
  | 'location-if'
  | 'stream'
  | 'stream-upstream'
  | 'stream-server';

/** How a reader calls it. */
export const contextNames: Readonly<Record<Context, string>> = {
  main: 'main',
  events: 'events',
  http: 'http',
  upstream: 'upstream',
  server: 'server',
  location: 'location',
  'server-if': 'if in server',
  'location-if': 'if in location',
  stream: 'stream',
  'stream-upstream': 'upstream in stream',
  'stream-server': 'server in stream',
};

/**
 * One directive: where it may stand, how many arguments it takes, how it is read, and how a level inherits it.
 * The table of all of them is directives/index.ts.
 */
export interface Entry<T = unknown> {
  readonly name: string;
  readonly contexts: readonly Context[];
  /** Number of arguments. */
  readonly args: Arity;
  /** Whether `{ … }` follows rather than `;`. */
  readonly block: boolean;
  /** Whether an inner level that says nothing takes the outer level's value. */
  readonly inherits: boolean;
  /** The value where no level says anything. */
  readonly initial: T;
  /** How a second one on the same level joins the first; null: it is a duplicate, an error. */
  readonly join: Join | null;
  read(directive: Directive, reading: Reading, scope: Scope): T | undefined;
}

export type Arity = readonly [least: number, most: number];

export type Join = 'append' | 'last';

/** What an entry may use while it reads a directive. */
export interface Reading {
  error(span: Span, message: Message, hint?: Message): void;
  warn(span: Span, message: Message, hint?: Message): void;
  note(span: Span, message: Message): void;
  /** Compiles a value with variables, and remembers to check that they exist. Problems are reported at their place. */
  template(word: Word, scope: Scope): Template;
  /** A part of a word as a template; `offset` is where the part begins in the word's value. */
  templatePart(word: Word, offset: number, text: string, scope: Scope): Template;
  /**
   * From here on (and before: order does not matter) the variable exists. `at`: where a directive names it, which may
   * not be one that the proxies have themselves; absent for captures.
   */
  defineVariable(name: string, scope: Scope, at?: Span): void;
  /** Reads the directives of a block in its own scope. */
  walk(block: readonly Directive[], scope: Scope): void;
  /** What a block that is no list of directives (`map`, `types` …) holds, with its `include`s opened. */
  contentOf(directive: Directive): readonly Directive[];
  /** Text of a file that a directive names, relative to the configuration's folder; null: it cannot be read. */
  readFile(path: string): string | null;
  /** Refuses something that parses well but that no proxy does yet; true when it was refused. */
  refuseNotYet(feature: string, span: Span): boolean;
  /** A `# lab:` comment was understood; those that nobody understands are errors. */
  ownComment(comment: Comment): void;
  /** Something to check when the whole file is known. */
  later(check: () => void): void;
}

interface ValueOptions<T> {
  readonly name: string;
  readonly contexts: readonly Context[];
  readonly args?: Arity;
  readonly initial: T;
  readonly inherits?: boolean;
  readonly join?: Join | null;
  readonly read: Entry<T>['read'];
}

/** A directive with one value for its level; a second one is a duplicate. */
export function value<T>(options: ValueOptions<T>): Entry<T> {
  return { args: [1, 1], inherits: true, join: null, block: false, ...options };
}

/** A directive that may be repeated; a level that has any hides all of the outer level's. */
export function list<T>(options: {
  readonly name: string;
  readonly contexts: readonly Context[];
  readonly args: Arity;
  readonly inherits?: boolean;
  readonly block?: boolean;
  readonly read: (directive: Directive, reading: Reading, scope: Scope) => T | undefined;
}): Entry<readonly T[]> {
  return {
    inherits: true,
    block: false,
    ...options,
    initial: [],
    join: 'append',
    read(directive, reading, scope) {
      const one = options.read(directive, reading, scope);
      return one === undefined ? undefined : [one];
    },
  };
}
