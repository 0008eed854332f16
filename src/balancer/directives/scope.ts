import type { Directive } from '../../conf/ast';
import type { Context, Entry } from './entry';

/** One level of a configuration (http, a server, a location …) and what its directives say. */
export class Scope {
  readonly #values = new Map<Entry, unknown>();
  readonly #directives = new Map<Entry, Directive[]>();
  readonly #named = new Set<string>();

  constructor(
    readonly context: Context,
    readonly parent: Scope | null,
    /** The block's own directive; null for the whole file. */
    readonly directive: Directive | null,
  ) {}

  /** Whether this is in `stream {}`, where other variables exist than in `http {}`. */
  get isStream(): boolean {
    return this.context.startsWith('stream');
  }

  set<T>(entry: Entry<T>, value: T, directive: Directive): void {
    const before = this.#values.get(entry);
    this.#values.set(
      entry,
      entry.join === 'append' && Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value,
    );
    this.#directives.set(entry, [...(this.#directives.get(entry) ?? []), directive]);
  }

  /** A directive of this name stands here, in the block itself or in a file that it includes, be it good or bad. */
  name(directive: string): void {
    this.#named.add(directive);
  }

  names(directive: string): boolean {
    return this.#named.has(directive);
  }

  has(entry: Entry): boolean {
    return this.#values.has(entry);
  }

  /** The value that holds here: this level's, else (where it inherits) the nearest outer one's, else the default. */
  get<T>(entry: Entry<T>): T {
    const level = this.#lookUp(entry);
    return level === null ? entry.initial : level.#own(entry);
  }

  /** This level's own value; undefined where it says nothing. */
  own<T>(entry: Entry<T>): T | undefined {
    return this.has(entry) ? this.#own(entry) : undefined;
  }

  /** The directive that the value that holds here comes from. */
  source(entry: Entry): Directive | null {
    const level = this.#lookUp(entry);
    return level === null ? null : (level.#directives.get(entry)?.[0] ?? null);
  }

  /** The nearest level of this kind, this one or an outer one. */
  enclosing(context: Context): Scope | null {
    if (this.context === context) return this;
    return this.parent?.enclosing(context) ?? null;
  }

  #lookUp(entry: Entry): Scope | null {
    if (this.#values.has(entry)) return this;
    return entry.inherits && this.parent !== null ? this.parent.#lookUp(entry) : null;
  }

  #own<T>(entry: Entry<T>): T {
    // set() is the only writer and pairs an entry with its own type.
    return this.#values.get(entry) as T;
  }
}
