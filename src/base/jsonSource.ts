import { type Message, message } from './message';
import type { Problem, Span } from './problem';
import { err, ok, type Result } from './result';

/** A JSON text that remembers where everything stands, so that a wrong value can be pointed at. */
export interface JsonSource {
  readonly value: unknown;
  /** Span of the value at the path (a member: of its name and value); of the nearest parent if there is none. */
  locate(path: readonly (string | number)[]): Span;
}

/** Deeper nesting is refused: it would only exhaust the stack. */
const MAX_DEPTH = 100;

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

class Malformed extends Error {
  constructor(
    readonly at: number,
    readonly text: Message,
  ) {
    super(text.text);
  }
}

/** Reads a JSON text (RFC 8259). A member that is named twice is an error. The first problem, at its place. */
export function readJson(text: string, file: string): Result<JsonSource, readonly Problem[]> {
  const spans = new Map<string, readonly [from: number, to: number]>();
  const spanOf = (from: number, to: number): Span => {
    const start = position(text, from);
    const end = position(text, to);
    return { file, line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
  };
  try {
    const value = new Reader(text, spans).read();
    return ok({
      value,
      locate: (path) => {
        for (let length = path.length; length >= 0; length -= 1) {
          const span = spans.get(JSON.stringify(path.slice(0, length)));
          if (span !== undefined) return spanOf(...span);
        }
        return spanOf(0, text.length);
      },
    });
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return err([
      { severity: 'error', message: error.text, span: spanOf(error.at, Math.min(text.length, error.at + 1)) },
    ]);
  }
}

type Path = readonly (string | number)[];

class Reader {
  readonly #text: string;
  readonly #spans: Map<string, readonly [number, number]>;
  #at = 0;

  constructor(text: string, spans: Map<string, readonly [number, number]>) {
    this.#text = text;
    this.#spans = spans;
  }

  read(): unknown {
    const value = this.#value([]);
    this.#take(SPACE);
    if (this.#at < this.#text.length) this.#fail(message('The JSON has ended, but more follows.'));
    return value;
  }

  #value(path: Path, from?: number): unknown {
    this.#take(SPACE);
    const start = this.#at;
    if (path.length > MAX_DEPTH) this.#fail(message('This is nested too deeply.'));
    const value = this.#next('{') ? this.#object(path) : this.#next('[') ? this.#list(path) : this.#scalar();
    this.#spans.set(JSON.stringify(path), [from ?? start, this.#at]);
    return value;
  }

  #object(path: Path): unknown {
    const value: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    if (this.#next('}')) return { ...value };
    do {
      this.#take(SPACE);
      const from = this.#at;
      const name = this.#string();
      if (name === null) this.#fail(message('A name in double quotes is missing here.'));
      if (Object.hasOwn(value, name)) this.#fail(message('“{name}” stands here twice.', { name }), from);
      if (!this.#next(':')) this.#fail(message('A colon is missing behind the name.'));
      value[name] = this.#value([...path, name], from);
    } while (this.#next(','));
    if (!this.#next('}')) this.#fail(message('A comma or a closing brace is missing here.'));
    return { ...value };
  }

  #list(path: Path): unknown {
    const value: unknown[] = [];
    if (this.#next(']')) return value;
    do value.push(this.#value([...path, value.length]));
    while (this.#next(','));
    if (!this.#next(']')) this.#fail(message('A comma or a closing bracket is missing here.'));
    return value;
  }

  #scalar(): unknown {
    const text = this.#string() ?? undefined;
    if (text !== undefined) return text;
    const token = this.#take(WORD) || this.#take(NUMBER);
    if (token === '') this.#fail(message('This is no JSON value.'));
    return JSON.parse(token);
  }

  /** null: none begins here. */
  #string(): string | null {
    if (this.#text[this.#at] !== '"') return null;
    const from = this.#at;
    try {
      return JSON.parse(this.#take(STRING)) as string;
    } catch {
      // A line break inside, an unknown escape, or no end at all.
      return this.#fail(message('This text in quotes does not end, or holds what JSON does not allow.'), from);
    }
  }

  #next(character: string): boolean {
    this.#take(SPACE);
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #fail(text: Message, at = this.#at): never {
    throw new Malformed(at, text);
  }
}

function position(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 };
}
