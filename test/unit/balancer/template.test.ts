import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTemplate, variableUses } from '../../../src/balancer/template';
import { renderMessage } from '../../../src/base/message';

function evaluate(text: string, values: Readonly<Record<string, string>>): string {
  const compiled = compileTemplate(text);
  if (!compiled.ok) throw new Error(renderMessage(compiled.error.message));
  return compiled.value.evaluate({ variable: (name) => values[name] ?? '' });
}

describe('compileTemplate', () => {
  test.each([
    ['', ''],
    ['plain', 'plain'],
    ['$a', 'A'],
    ['${a}b', 'Ab'],
    ['$a_b', 'AB'],
    ['$a-$b', 'A-B'],
    ['x$a${b}y', 'xABy'],
    ['$1$2', 'onetwo'],
    ['$12', 'one2'],
    ['$none', ''],
    ['a b;{}', 'a b;{}'],
  ])('%j gives %j', (text, expected) => {
    expect(evaluate(text, { a: 'A', b: 'B', a_b: 'AB', 1: 'one', 2: 'two' })).toBe(expected);
  });

  test.each([
    ['$', 'invalid variable name', 0],
    ['a$-', 'invalid variable name', 1],
    ['ab${c', 'the closing bracket in "${c" variable is missing', 2],
    ['${}', 'invalid variable name', 0],
  ])('%j is refused: %s', (text, expected, start) => {
    const compiled = compileTemplate(text);
    expect(compiled.ok).toBe(false);
    if (compiled.ok) return;
    expect(renderMessage(compiled.error.message)).toBe(expected);
    expect(compiled.error.start).toBe(start);
  });

  test('tells where each variable is', () => {
    expect(variableUses('x$a${bc}$1')).toEqual([
      { name: 'a', start: 1, end: 3 },
      { name: 'bc', start: 3, end: 8 },
      { name: '1', start: 8, end: 10 },
    ]);
  });

  test('text without "$" is itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('$'));
        expect(evaluate(text, {})).toBe(text);
      }),
    );
  });

  test('literals and values come out in their order', () => {
    const part = fc.oneof(
      fc.record({ literal: fc.stringMatching(/^[^$]{1,5}$/) }),
      fc.record({ name: fc.stringMatching(/^[a-z_]{1,5}$/) }),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.map((p) => ('literal' in p ? p.literal : `\${${p.name}}`)).join('');
        const expected = parts.map((p) => ('literal' in p ? p.literal : `<${p.name}>`)).join('');
        const compiled = compileTemplate(text);
        expect(compiled.ok && compiled.value.evaluate({ variable: (name) => `<${name}>` })).toBe(expected);
      }),
    );
  });
});
