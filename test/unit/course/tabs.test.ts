import { describe, expect, it } from 'vitest';
import { course, htmlOf, kindsOf, problemsOf, title } from './courseBuilder';

const fence = (info: string, text = 'one') => [`\`\`\`${info}`, text, '```', ''];

describe('fences that name a tab', () => {
  it('become one strip as long as nothing stands between them', () => {
    const parsed = course(
      ...title,
      ...fence('nginx tab="nginx"', 'least_conn;'),
      ...fence('text tab="HAProxy"', 'balance leastconn'),
      'And the pair:',
      '',
      ...fence('text tab="AWS ALB"'),
      ...fence('text tab="AWS NLB"'),
      ...fence('text', 'no tab'),
    );
    expect(problemsOf(parsed)).toEqual([]);
    expect(kindsOf(parsed)).toEqual(['heading', 'tabs', 'html', 'tabs', 'html']);
    expect(parsed.blocks[1]).toEqual({
      kind: 'tabs',
      tabs: [
        {
          name: 'nginx',
          blocks: [{ kind: 'html', html: '<pre><code class="language-nginx">least_conn;\n</code></pre>\n' }],
        },
        {
          name: 'HAProxy',
          blocks: [{ kind: 'html', html: '<pre><code class="language-text">balance leastconn\n</code></pre>\n' }],
        },
      ],
    });
    expect(parsed.blocks[3]).toMatchObject({ tabs: [{ name: 'AWS ALB' }, { name: 'AWS NLB' }] });
  });

  it.each([
    ['an unquoted name', fence('text tab=nginx'), '3:1 A tab is written tab="Name", with quotation marks.'],
    ['no name', fence('text tab=""'), '3:1 A tab is written tab="Name", with quotation marks.'],
    ['a strip of one', fence('text tab="nginx"'), '3:1 A strip of tabs has at least two, one right after the other.'],
    [
      'a name twice',
      [...fence('text tab="a"'), ...fence('text tab="b"'), ...fence('text tab="a"')],
      '11:1 Two tabs of this strip are called “a”.',
    ],
    [
      'a lab',
      [...fence('text tab="a"'), ...fence('text tab="b"'), ...fence('lab tab="c"', 'id: pinning')],
      '11:1 Only listings stand in tabs, not a lab block.',
    ],
    [
      'a list around it',
      ['- ```text tab="a"', '  x', '  ```', ''],
      '3:1 Tabs stand by themselves, not inside a list, a quotation or a table.',
    ],
  ])('are told what is wrong: %s', (_name, lines, says) => {
    const parsed = course(...title, ...lines, 'The text goes on.');
    expect(problemsOf(parsed)).toEqual([says]);
    expect(htmlOf(parsed)).toContain('The text goes on.');
  });
});
