import { describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import type { Problem } from '../../../src/base/problem';
import { type Glossary, parseGlossary } from '../../../src/course/glossary';
import { parseCourse } from '../../../src/course/parseCourse';
import { htmlOf, labs, title } from './courseBuilder';

const says = (problems: readonly Problem[]) =>
  problems.map(({ span, message }) => `${span.file}:${span.line} ${renderMessage(message)}`);

const yaml = [
  'terms:',
  '  - id: balancer',
  '    en: { term: load balancer, also: [balancer], text: Spreads *requests*. }',
  '    ko: { term: 로드밸런서, also: [밸런서], text: 요청을 나눕니다. }',
  '  - id: rest',
  '    en: { term: REST, text: A style. }',
  '    ko: { term: REST, text: 방식입니다. }',
  '  - id: store',
  '    en: { term: session store, text: Keeps `sessions`. }',
  '    ko: { term: 세션 저장소, text: 세션을 보관합니다. }',
].join('\n');

function glossary(language: string, text = yaml): Glossary {
  return parseGlossary(text, 'glossary.yaml', language);
}

/** The marked words of a course file, as "id:words". */
function marked(language: string, ...lines: readonly string[]): readonly string[] {
  const parsed = parseCourse([...title, ...lines].join('\n'), 'course.md', {
    labs,
    glossary: glossary(language).terms,
  });
  expect(says(parsed.problems)).toEqual([]);
  const headings = parsed.blocks.map((block) => (block.kind === 'heading' ? block.html : '')).join('');
  expect(headings).not.toContain('data-term');
  return [...htmlOf(parsed).matchAll(/<span class="term" data-term="([a-z]+)">([^<]*)<\/span>/g)].map(
    ([, id, text]) => `${id}:${text}`,
  );
}

describe('the words of a glossary', () => {
  it('are marked where they first stand in a section, however they are written', () => {
    const lines = [
      'A balancer, a load balancer and REST.',
      '',
      '- The **session store** and REST',
      '',
      '<a id="b"></a>',
      '## The load balancer',
      '',
      '| REST | x |',
      '|---|---|',
      '| Load balancers | REST |',
    ];
    expect(marked('en', ...lines)).toEqual([
      'balancer:balancer',
      'rest:REST',
      'store:session store',
      'balancer:Load balancer',
      'rest:REST',
    ]);
  });

  it.each([
    ['a link', '[REST](https://example.com) `REST`'],
    ['a picture’s text', '![REST](rest.png)'],
    ['a listing', '```text\nREST\n```'],
    ['a longer word', 'RESTful rest REST-like REST.md _REST_ful unbalancer'],
  ])('are not marked in %s', (_where, line) => {
    expect(marked('en', line)).toEqual([]);
  });

  it.each([
    ['로드밸런서는 REST를 나눕니다.', ['balancer:로드밸런서', 'rest:REST']],
    ['세션 저장소에서는 밸런서들이라는 말이', ['store:세션 저장소', 'balancer:밸런서']],
    ['로드밸런서링과 서로드밸런서', []],
  ])('are known with their Korean endings: %s', (line, words) => {
    expect(marked('ko', line)).toEqual(words);
  });

  it('are not marked inside a longer term that was marked before', () => {
    expect(marked('en', 'A load balancer. The load balancer, the balancer.')).toEqual(['balancer:load balancer']);
  });

  it.each([
    ['a paragraph', 'en', ['A request meets the load', 'balancer first.'], ['balancer:load balancer']],
    ['emphasis', 'en', ['The **session', 'store** keeps it.'], ['store:session store']],
    [
      'a quotation',
      'en',
      ['> Look into the session', '> store, or the', '> load balancers.'],
      ['store:session store', 'balancer:load balancer'],
    ],
    ['a list', 'ko', ['- 세션', '  저장소에서는 REST를'], ['store:세션 저장소', 'rest:REST']],
  ])('are found where a line of the source breaks them: in %s', (_where, language, lines, words) => {
    expect(marked(language, ...lines)).toEqual(words.map((word) => expect.stringMatching(`^${word}s?$`)));
  });

  it('leave the line ends between the other words alone', () => {
    const parsed = parseCourse('# T\n\none\ntwo REST\nthree', 'course.md', { labs, glossary: glossary('en').terms });
    expect(htmlOf(parsed)).toContain('<p>one\ntwo <span class="term" data-term="rest">REST</span>\nthree</p>\n');
  });

  it('are not made of words that a hard break, a link or code parts', () => {
    expect(marked('en', 'the load\\', 'balancing, session `x` store, [session](https://example.com)', 'store')).toEqual(
      [],
    );
  });

  it('come to the page with what they mean, safe', () => {
    const parsed = parseCourse('# T\n\nREST', 'course.md', { labs, glossary: glossary('en').terms });
    expect(parsed.glossary).toEqual([
      { id: 'balancer', term: 'load balancer', html: 'Spreads <em>requests</em>.' },
      { id: 'rest', term: 'REST', html: 'A style.' },
      { id: 'store', term: 'session store', html: 'Keeps <code>sessions</code>.' },
    ]);
  });

  it('are told where an explanation wants to be clicked', () => {
    const { terms } = glossary('en', yaml.replace('A style.', '"See [it](#x)."'));
    const parsed = parseCourse('# T', 'course.md', { labs, glossary: terms });
    expect(says(parsed.problems)).toEqual(['glossary.yaml:6 The explanation of a term has no links and no images.']);
  });
});

describe('a glossary with faults', () => {
  it.each([
    ['terms: [', /^glossary\.yaml:\d+ This is not valid YAML/],
    ['words: []', /^glossary\.yaml:1 /],
    [yaml.replace('text: A style.', 'txt: A style.'), /^glossary\.yaml:6 “text” is missing\./],
    [yaml.replace('id: store', 'id: rest'), /^glossary\.yaml:8 Two terms have the id “rest”\./],
    [
      yaml.replace('    en: { term: REST, text: A style. }\n', ''),
      /^glossary\.yaml:5 The term “rest” is not explained in the language “en”\./,
    ],
    [
      yaml.replace('term: REST, text: A', 'term: balancer, text: A'),
      /^glossary\.yaml:6 “balancer” is already a word for “balancer”\./,
    ],
  ])('says what and where: %#', (text, wrong) => {
    expect(says(glossary('en', text).problems)[0]).toMatch(wrong);
  });

  it('keeps the terms that are right', () => {
    const { terms } = glossary('en', yaml.replace('text: A style.', 'txt: A style.'));
    expect(terms.map(({ id }) => id)).toEqual(['balancer', 'store']);
  });
});
