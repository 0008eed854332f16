import { describe, expect, it } from 'vitest';
import { findPart, partText } from '../../../src/course/listingPart';
import { course, kindsOf, problemsOf, title } from './courseBuilder';

const conf = [
  'events {}',
  '# upstream orders { is below',
  'http {',
  '    upstream orders { # the servers',
  '        least_conn;',
  '        server 127.0.0.1:1; # lab: backend a }',
  '',
  '        server 127.0.0.1:2;',
  '    }',
  '    server {',
  '        location / { return 200 "}"; }',
  '    }',
  '    server {',
  '        listen 1;',
  '        location   /api/ {',
  '            proxy_pass http://orders;',
  '        }',
  '    }',
  '}',
  '',
].join('\n');

function cut(text: string, ...heads: string[]): string | null {
  const part = findPart(text, heads);
  return part === null ? null : partText(text, part);
}

describe('the block of a file', () => {
  it('is found by its head and reaches to its closing brace, moved to the left', () => {
    expect(cut(conf, 'upstream orders')).toBe(
      'upstream orders { # the servers\n    least_conn;\n    server 127.0.0.1:1; # lab: backend a }\n\n    server 127.0.0.1:2;\n}',
    );
    expect(findPart(conf, ['upstream orders'])).toEqual({ from: 3, to: 9 });
  });

  it('is found within another by several heads, however they are spaced', () => {
    expect(cut(conf, 'http', 'location /api/')).toBe('location   /api/ {\n    proxy_pass http://orders;\n}');
  });

  it('is the whole file without a head', () => {
    expect(cut(conf)).toBe(conf.trimEnd());
  });

  it('goes by indentation where there are no braces', () => {
    const yaml = 'a:\n  b: 1\n\n  c:\n    - d\ne: 2\n';
    expect(cut(yaml, 'a:')).toBe('a:\n  b: 1\n\n  c:\n    - d');
    expect(cut(yaml, 'a:', 'c:')).toBe('c:\n  - d');
    expect(cut(yaml, 'e: 2')).toBe('e: 2');
  });

  it.each([[['upstream other']], [['upstream orders', 'location /api/']], [['upstream']]])(
    'is not there: %j',
    (heads) => {
      expect(findPart(conf, heads)).toBeNull();
    },
  );
});

describe('a listing of a lab’s file', () => {
  const listing = (...yaml: readonly string[]) =>
    course(...title, '```listing', ...yaml, '```', '', 'The text goes on.');

  it('is a block that names the file, its part and the arm', () => {
    const parsed = listing('lab: pinning', 'file: l4.nginx.conf', 'block: upstream orders', 'arm: l4');
    expect(problemsOf(parsed)).toEqual([]);
    expect(parsed.blocks[1]).toEqual({
      kind: 'listing',
      lab: 'pinning',
      file: 'l4.nginx.conf',
      heads: ['upstream orders'],
      arm: 'l4',
    });
  });

  it('may stand in a tab', () => {
    const parsed = course(
      ...title,
      '```listing tab="nginx"',
      'lab: pinning',
      'file: l4.nginx.conf',
      'block: [stream, upstream orders]',
      '```',
      '',
      '```text tab="HAProxy"',
      'balance roundrobin',
      '```',
    );
    expect(problemsOf(parsed)).toEqual([]);
    expect(parsed.blocks[1]).toMatchObject({
      tabs: [
        { name: 'nginx', blocks: [{ kind: 'listing', heads: ['stream', 'upstream orders'] }] },
        { name: 'HAProxy' },
      ],
    });
  });

  it.each([
    [['lab: other', 'file: l4.nginx.conf'], '4:6 There is no lab “other” in this course.'],
    [['lab: pinning', 'file: l5.nginx.conf'], '5:7 The lab “pinning” has no file “l5.nginx.conf”.'],
    [
      ['lab: pinning', 'file: l4.nginx.conf', 'block: upstream users'],
      '6:8 The file “l4.nginx.conf” has no block “upstream users”.',
    ],
    [['lab: pinning', 'file: l4.nginx.conf', 'arm: l9'], '6:6 The lab “pinning” has no arm “l9”.'],
    [['lab: pinning', 'file: ../lab.yaml'], expect.stringMatching(/^5:7 “file”/)],
    [['lab: pinning'], expect.stringMatching(/“file” is missing/)],
  ])('that is not there is told in its place: %j', (yaml, says) => {
    const parsed = listing(...yaml);
    expect(problemsOf(parsed)).toEqual([says]);
    expect(kindsOf(parsed)).toEqual(['heading', 'problem', 'html']);
  });
});
