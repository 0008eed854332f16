import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { insertDirectiveAfter, replaceSpan } from '../../../src/conf/edit';
import { parseConf } from '../../../src/conf/parse';
import { goodConf } from './confText';

const text = 'upstream u {\n    server a:1; # lab: backend a rest\n    server b:1;\n}\n';

function servers(of: string) {
  return parseConf('f', of).file.directives[0]?.block ?? [];
}

describe('insertDirectiveAfter', () => {
  test('puts a line below, indented alike, behind the comment of the line above', () => {
    const { file } = parseConf('f', text);
    const [first] = servers(text);
    if (first === undefined) throw new Error('The upstream has servers');
    expect(insertDirectiveAfter(file, first, 'server d:1; # lab: backend d rest')).toBe(
      'upstream u {\n    server a:1; # lab: backend a rest\n    server d:1; # lab: backend d rest\n    server b:1;\n}\n',
    );
  });

  test('keeps line ends and moves down what stood behind on the same line', () => {
    const crowded = 'a;\r\n b; c;\r\n';
    const { file } = parseConf('f', crowded);
    const second = file.directives[1];
    if (second === undefined) throw new Error('There are three directives');
    expect(insertDirectiveAfter(file, second, 'x;')).toBe('a;\r\n b;\r\n x;\r\n c;\r\n');
  });

  test('adds exactly one directive, right behind, to any file', () => {
    fc.assert(
      fc.property(goodConf, fc.nat(), ({ text: any }, at) => {
        const { file } = parseConf('f', any);
        fc.pre(file.directives.length > 0);
        const index = at % file.directives.length;
        const directive = file.directives[index];
        if (directive === undefined) throw new Error('There is one');
        const after = parseConf('f', insertDirectiveAfter(file, directive, 'added here;'));
        expect(after.problems).toEqual([]);
        const words = after.file.directives.map((each) => each.name.value);
        const expected = file.directives.map((each) => each.name.value);
        expected.splice(index + 1, 0, 'added');
        expect(words).toEqual(expected);
      }),
    );
  });
});

test('replaceSpan replaces a word and nothing else', () => {
  const word = servers(text)[1]?.args[0];
  if (word === undefined) throw new Error('The second server has an address');
  expect(replaceSpan(text, word.span, 'c:9')).toBe(text.replace('b:1', 'c:9'));
});
