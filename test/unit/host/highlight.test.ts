import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { highlighted, languageOfFile } from '../../../src/host/highlight';

/** The words of a listing with their class, as "class:words". */
function coloured(text: string): readonly string[] {
  return [...highlighted(text, 'nginx').matchAll(/<span class="hl-([a-z]+)">([^<]*)<\/span>/g)].map(
    ([, kind, words]) => `${kind}:${words}`,
  );
}

const text = (html: string) =>
  html
    .replace(/<\/?span[^>]*>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');

describe('a coloured listing', () => {
  it('tells names, numbers, variables, strings and comments of nginx apart', () => {
    expect(
      coloured('upstream a { # lab: x\n  server 127.0.0.1:1 weight=2;\n  hash $uri "a b";\n  keepalive 32;\n}'),
    ).toEqual([
      'name:upstream',
      'comment:# lab: x',
      'name:server',
      'number:127.0.0.1:1',
      'name:hash',
      'variable:$uri',
      'string:&quot;a b&quot;',
      'name:keepalive',
      'number:32',
    ]);
  });

  it('has one colour in a language that is not read here', () => {
    expect(highlighted('a: "<b>" # c', 'text')).toBe('a: &quot;&lt;b&gt;&quot; # c');
  });

  it('is the same text, whatever it is, and no HTML but its own', () => {
    const nasty = fc.array(
      fc.oneof(fc.constantFrom('<b>', '"', "'", '#', '{', ';', '$x', '&lt;', '\n', ' '), fc.string()),
    );
    fc.assert(
      fc.property(nasty, (parts) => {
        const html = highlighted(parts.join(''), 'nginx');
        expect(text(html)).toBe(parts.join(''));
        for (const [tag] of html.matchAll(/<[^>]*>?/g)) expect(tag).toMatch(/^<(?:span class="hl-[a-z]+"|\/span)>$/);
      }),
    );
  });

  it('colours what the course lists beside nginx, and never makes markup of its text', () => {
    expect(highlighted('policy: round_robin # one after the other', 'yaml')).toContain('class="hl-comment"');
    expect(highlighted('{ "id": 7 }', 'json')).toMatch(/class="hl-name".*class="hl-number"/);
    expect(highlighted('message Order { string id = 1; }', 'proto')).toContain('class="hl-name"');
    const nasty = fc.array(fc.oneof(fc.constantFrom('<b>', '"', ': ', '# ', '{', '&lt;', '\n', '  - '), fc.string()));
    fc.assert(
      fc.property(nasty, fc.constantFrom('yaml', 'json', 'http', 'typescript', 'proto', 'text'), (parts, language) => {
        const html = highlighted(parts.join(''), language);
        expect(html.replace(/<[^>]*>/g, '')).not.toMatch(/<(?!span|\/span)/);
        for (const [tag] of html.matchAll(/<[^>]*>?/g)) expect(tag).toMatch(/^<(?:span class="hl-[a-z]+"|\/span)>$/);
      }),
    );
  });

  it.each([
    ['l4.nginx.conf', 'nginx'],
    ['orders.proto', 'proto'],
    ['Makefile', 'text'],
  ])('has the language of its file: %s', (file, language) => {
    expect(languageOfFile(file)).toBe(language);
  });
});
