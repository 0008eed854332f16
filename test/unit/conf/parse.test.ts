import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import type { Directive } from '../../../src/conf/ast';
import { parseConf } from '../../../src/conf/parse';
import { printConf } from '../../../src/conf/print';
import { anyConf, goodConf } from './confText';

/** Directives as nested arrays: ["name", "arg", [children]]. */
function shape(directives: readonly Directive[]): unknown[] {
  return directives.map((directive) => {
    const words = [directive.name.value, ...directive.args.map((word) => word.value)];
    return directive.block === null ? words : [...words, shape(directive.block)];
  });
}

function parsed(text: string) {
  return shape(parseConf('nginx.conf', text).file.directives);
}

function problems(text: string): string[] {
  return parseConf('nginx.conf', text).problems.map((problem) => {
    const hint = problem.hint === undefined ? '' : ` | ${renderMessage(problem.hint)}`;
    return `${problem.span.line}:${problem.span.column} ${renderMessage(problem.message)}${hint}`;
  });
}

function names(directives: readonly Directive[]): string[] {
  return directives.flatMap((directive) => [directive.name.value, ...names(directive.block ?? [])]);
}

describe('words', () => {
  test.each<[string, unknown[]]>([
    ['a b c;', [['a', 'b', 'c']]],
    ['a;b;', [['a'], ['b']]],
    ['a"b;', [['a"b']]],
    ['a "b c";', [['a', 'b c']]],
    ["a 'b c';", [['a', 'b c']]],
    ['a "b\\"c";', [['a', 'b"c']]],
    ['a "b\nc";', [['a', 'b\nc']]],
    ['a b\\ c;', [['a', 'b\\ c']]],
    ['a \\;;', [['a', '\\;']]],
    ['a "\\t\\r\\n\\x";', [['a', '\t\r\n\\x']]],
    ['a $b;', [['a', '$b']]],
    ['a ${b}c;', [['a', '${b}c']]],
    ['a b#c;', [['a', 'b#c']]],
    ['a #b;\nc;', [['a', 'c']]],
    ['a b}c;', [['a', 'b}c']]],
    ['a "";', [['a', '']]],
    ['if ($a = "b") { c; }', [['if', '($a', '=', 'b', ')', [['c']]]]],
    ['a {\r\n b;\r\n}', [['a', [['b']]]]],
    ['a { }', [['a', []]]],
    ['a\n\n{\n}\nb;', [['a', []], ['b']]],
  ])('%j', (text, expected) => {
    expect(parsed(text)).toEqual(expected);
    expect(problems(text)).toEqual([]);
  });

  test('spans are exact, from 1, the end exclusive', () => {
    const [directive] = parseConf('f', 'events {\n  worker_connections "10" ; # why\n}').file.directives;
    const inner = directive?.block?.[0];
    expect(inner?.name.span).toEqual({ file: 'f', line: 2, column: 3, endLine: 2, endColumn: 21 });
    expect(inner?.args[0]?.span).toEqual({ file: 'f', line: 2, column: 22, endLine: 2, endColumn: 26 });
    expect(inner?.span.endColumn).toBe(28);
    expect(directive?.span).toEqual({ file: 'f', line: 1, column: 1, endLine: 3, endColumn: 2 });
  });
});

describe('comments', () => {
  const file = parseConf(
    'f',
    '# top\n\n# about a\na; # behind a\n# lonely\n\nb {\n  # inside b\n\n  c; # behind c\n  # last in b\n} # behind b\n',
  ).file;

  test('belong to the directive above which, behind which or inside which they stand', () => {
    const [a, b] = file.directives;
    expect(a?.innerComments.map((comment) => comment.text)).toEqual(['about a']);
    expect(a?.trailingComment?.text).toBe('behind a');
    expect(b?.innerComments.map((comment) => comment.text)).toEqual(['inside b', 'last in b']);
    expect(b?.trailingComment?.text).toBe('behind b');
    expect(b?.block?.[0]?.trailingComment?.text).toBe('behind c');
  });

  test('are all listed', () => {
    expect(file.comments).toHaveLength(8);
  });
});

describe('problems', () => {
  test.each<[string, string[]]>([
    ['a b\n', ['1:4 unexpected end of file, expecting ";" or "}" | End the directive with ";".']],
    ['a { b c\n}', ['2:1 unexpected "}" | Is a ";" missing behind "c" on line 1?']],
    ['a {\n b;\n', ['3:1 unexpected end of file, expecting "}" | The block opened on line 1 is not closed.']],
    ['a;\n}\nb;', ['2:1 unexpected "}" | There is no open block here: remove it, or add the missing "{".']],
    [';', ['1:1 unexpected ";" | A directive has to begin with its name.']],
    ['a "b"c;', ['1:6 unexpected "c" | Put a space, ";" or "{" behind the closing quote.']],
    ['a "b;\nc "d";', ['2:4 unexpected "d" | The quoted text began on line 1: is a closing quote missing there?']],
    ["a 'b;\nc d;", ["1:3 unexpected end of file, the quote ' is not closed | Put ' where the text ends."]],
  ])('%j', (text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test('all of a file at once', () => {
    expect(problems('a {\n  b c\n}\n;\nd "e"f;\n}\ng').map((line) => line.replace(/ \|.*/, ''))).toEqual([
      '3:1 unexpected "}"',
      '4:1 unexpected ";"',
      '5:6 unexpected "f"',
      '6:1 unexpected "}"',
      '7:2 unexpected end of file, expecting ";" or "}"',
    ]);
  });

  test('what follows an unclosed quote is still read', () => {
    expect(parsed("a 'b;\nc d;")).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('a word of 4096 bytes does not fit', () => {
    expect(problems(`a ${'x'.repeat(4095)};`)).toEqual([]);
    expect(problems(`a ${'é'.repeat(2048)};`)[0]).toMatch(/^1:3 too long parameter "é{10}\.\.\." started/);
  });

  test('blocks nested without end do not exhaust the stack', () => {
    expect(problems('a {'.repeat(50_000)).some((line) => line.includes('too many nested blocks'))).toBe(true);
    expect(problems('{'.repeat(50_000)).length).toBeGreaterThan(0);
  });
});

describe('for any file', () => {
  test('printing gives back the text', () => {
    fc.assert(
      fc.property(anyConf, (text) => {
        expect(printConf(parseConf('f', text).file)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test('spans lie in the text and directives in their block', () => {
    fc.assert(
      fc.property(anyConf, (text) => {
        const lines = text.split('\n').length;
        const check = (directive: Directive) => {
          expect(directive.span.line).toBeGreaterThanOrEqual(1);
          expect(directive.span.endLine).toBeLessThanOrEqual(lines);
          for (const child of directive.block ?? []) {
            expect(child.span.line).toBeGreaterThanOrEqual(directive.span.line);
            expect(child.span.endLine).toBeLessThanOrEqual(directive.span.endLine);
            check(child);
          }
        };
        parseConf('f', text).file.directives.forEach(check);
      }),
    );
  });

  test('a well-formed one has no problem, and every directive is found', () => {
    fc.assert(
      fc.property(goodConf, ({ text, names: written }) => {
        const result = parseConf('f', text);
        expect(result.problems).toEqual([]);
        expect(names(result.file.directives)).toEqual(written);
        expect(printConf(result.file)).toBe(text);
      }),
    );
  });

  test('a well-formed one without one of its ends has a problem', () => {
    fc.assert(
      fc.property(goodConf, fc.nat(), ({ text }, at) => {
        const ends = parseConf('f', text).file.directives.flatMap((directive) => directive.braces?.close ?? []);
        fc.pre(ends.length > 0);
        const end = ends[at % ends.length];
        if (end === undefined) throw new Error('There is one');
        const lines = text.split('\n');
        const line = lines[end.line - 1] ?? '';
        lines[end.line - 1] = line.slice(0, end.column - 1) + line.slice(end.endColumn - 1);
        expect(parseConf('f', lines.join('\n')).problems).not.toEqual([]);
      }),
    );
  });
});
