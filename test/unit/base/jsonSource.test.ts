import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../../src/base/jsonSource';
import { renderMessage } from '../../../src/base/message';

function problem(text: string): string {
  const read = readJson(text, 'user.json');
  if (read.ok) return 'none';
  const [first] = read.error;
  return `${first?.span.line}:${first?.span.column} ${first === undefined ? '' : renderMessage(first.message)}`;
}

describe('reading JSON with places', () => {
  it('reads what JSON.parse reads, to the same value', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2, '\t'), (json, space) => {
        const text = JSON.stringify(JSON.parse(json), null, space);
        const read = readJson(text, 'a.json');
        expect(read.ok && read.value.value).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses what JSON.parse refuses, but for names that stand twice', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b',
      '1',
      '-',
      '01',
      '1.',
      'true',
      'nul',
      ' ',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        const read = readJson(text, 'a.json');
        let parsed = true;
        try {
          JSON.parse(text);
        } catch {
          parsed = false;
        }
        const isTwice = !read.ok && read.error[0]?.message.text.includes('twice') === true;
        expect(read.ok || isTwice).toBe(parsed || isTwice);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['', '1:1 This is no JSON value.'],
    ['{\n  "a": 1,\n}', '3:1 A name in double quotes is missing here.'],
    ['{\n  "a" 1\n}', '2:7 A colon is missing behind the name.'],
    ['{ "a": 1 "b": 2 }', '1:10 A comma or a closing brace is missing here.'],
    ['[1, 2', '1:6 A comma or a closing bracket is missing here.'],
    ['{ "a": 1 } 2', '1:12 The JSON has ended, but more follows.'],
    ['{ "a": "x\n" }', '1:8 This text in quotes does not end, or holds what JSON does not allow.'],
    ['{ "a": 1, "a": 2 }', '1:11 “a” stands here twice.'],
    ["{ 'a': 1 }", '1:3 A name in double quotes is missing here.'],
    ['[01]', '1:3 A comma or a closing bracket is missing here.'],
    [`${'['.repeat(200)}`, '1:102 This is nested too deeply.'],
  ])('%j: %s', (text, told) => {
    expect(problem(text)).toBe(told);
  });

  it('finds the place of every value, and of the parent of one that is missing', () => {
    const read = readJson('{\n  "items": [\n    { "sku": "a" },\n    { "sku": 7 }\n  ]\n}', 'order.json');
    if (!read.ok) throw new Error('this is JSON');
    expect(read.value.locate(['items', 1, 'sku'])).toEqual({
      file: 'order.json',
      line: 4,
      column: 7,
      endLine: 4,
      endColumn: 15,
    });
    expect(read.value.locate(['items', 1, 'quantity'])).toMatchObject({ line: 4, column: 5 });
  });
});
