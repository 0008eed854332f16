import { describe, expect, it } from 'vitest';
import { parseCourse } from '../../../src/course/parseCourse';
import { viewCourse } from '../../../src/course/parsedCourse';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import { course, htmlOf, kindsOf, labs, problemsOf, quizLines, title } from './courseBuilder';

describe('a course file without fault', () => {
  const parsed = course(
    ...title,
    'Some *text*.',
    '',
    '<a id="flow"></a>',
    '',
    '## The `L4` flow',
    '',
    '| a | b |',
    '|---|---|',
    '| 1 | 2 |',
    '',
    '```mermaid',
    '%% id: flow-l4',
    'flowchart LR',
    '  accTitle: A flow',
    '  accDescr: From a to b',
    '  a --> b',
    '```',
    '',
    '<a id="try"></a>',
    '### Try it',
    '',
    '```lab',
    'id: pinning',
    'arm: l7',
    '```',
    '',
    ...quizLines(),
    '',
    'See [the flow](#flow).',
    '',
    '<a id="end"></a>',
    '## End',
  );

  it('becomes blocks in the order of the document', () => {
    expect(problemsOf(parsed)).toEqual([]);
    expect(kindsOf(parsed)).toEqual([
      'heading',
      'html',
      'heading',
      'html',
      'mermaid',
      'heading',
      'lab',
      'quiz',
      'html',
      'heading',
    ]);
    expect(parsed.title).toBe('Course');
    expect(parsed.blocks[2]).toEqual({
      kind: 'heading',
      level: 2,
      anchor: 'flow',
      html: 'The <code>L4</code> flow',
      text: 'The L4 flow',
    });
    expect(parsed.blocks[4]).toMatchObject({ id: 'flow-l4', title: 'A flow', description: 'From a to b' });
    expect(parsed.blocks[6]).toEqual({ kind: 'lab', lab: 'pinning', arm: 'l7' });
  });

  it('gives the tree its sections with the labs and questions in each', () => {
    expect(parsed.outline).toEqual([
      {
        anchor: 'flow',
        level: 2,
        title: 'The L4 flow',
        labs: [],
        quizzes: [],
        children: [{ anchor: 'try', level: 3, title: 'Try it', labs: ['pinning'], quizzes: ['first'], children: [] }],
      },
      { anchor: 'end', level: 2, title: 'End', labs: [], quizzes: [], children: [] },
    ]);
    expect(parsed.labs).toEqual(['pinning']);
    expect([...parsed.quizzes.keys()]).toEqual(['first']);
  });

  it('shows the page questions without their key', () => {
    const view = viewCourse(parsed, () => sourceOrder);
    const quiz = view.blocks.find((block) => block.kind === 'quiz');
    expect(quiz).toEqual({
      kind: 'quiz',
      quiz: {
        id: 'first',
        kind: 'single-choice',
        promptHtml: 'Which <strong>one</strong>?',
        options: [
          { id: 'yes-option', html: 'This' },
          { id: 'no-option', html: 'That' },
        ],
      },
    });
    expect(JSON.stringify(view)).not.toMatch(/correct|Because/);
  });
});

/** Each broken file, and what is said of it at which place. The paragraph after the fault must always survive. */
const faults: readonly {
  readonly name: string;
  readonly lines: readonly string[];
  readonly says: readonly string[];
}[] = [
  {
    name: 'YAML that is none',
    lines: ['```lab', 'id: [pinning', '```'],
    says: [
      '5:1 This is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  },
  {
    name: 'a key written twice',
    lines: ['```lab', 'id: pinning', 'id: pinning', '```'],
    says: ['5:1 This is not valid YAML: Map keys must be unique'],
  },
  {
    name: 'an indented fence',
    lines: ['  ```lab', '  id: nowhere', '  ```'],
    says: ['4:7 There is no lab “nowhere” in this course.'],
  },
  {
    name: 'an empty block',
    lines: ['```lab', '```'],
    says: ['4:1 “(document)” should be Object, but is null.'],
  },
  {
    name: 'an alias that leads nowhere',
    lines: ['```lab', 'id: *gone', '```'],
    says: ['4:5 Aliases such as “*gone” are not supported here.'],
  },
  {
    name: 'an unknown lab',
    lines: ['```lab', 'id: nowhere', '```'],
    says: ['4:5 There is no lab “nowhere” in this course.'],
  },
  {
    name: 'an unknown arm',
    lines: ['```lab', 'id: pinning', 'arm: l5', '```'],
    says: ['5:6 The lab “pinning” has no arm “l5”.'],
  },
  {
    name: 'an unknown field',
    lines: ['```lab', 'id: pinning', 'am: l4', '```'],
    says: ['5:5 “am” is not known here.'],
  },
  {
    name: 'an unknown kind of question',
    lines: quizLines({ kind: 'guess' }),
    says: [
      '5:7 There is no kind of question “guess”; there are: single-choice, multiple-choice, predict-split, predict-outcome, short-answer, order, match, find-the-fault, interview',
    ],
  },
  {
    name: 'an option without explanation, and a field of the wrong type, both at once',
    lines: [
      '```quiz',
      'id: q',
      'kind: multiple-choice',
      'prompt: Why?',
      'options:',
      '  - id: a',
      '    text: A',
      '    correct: maybe',
      '    explanation: E',
      '  - id: b',
      '    text: B',
      '```',
    ],
    says: ['10:14 “options.0.correct” should be boolean, but is "maybe".', '12:5 “options.1.explanation” is missing.'],
  },
  {
    name: 'no correct option',
    lines: quizLines().map((line) => line.replace('correct: true', 'correct: false')),
    says: ['8:3 Exactly one option must be correct, not 0.'],
  },
  {
    name: 'two options of one id',
    lines: quizLines().map((line) => line.replace('no-option', 'yes-option')),
    says: ['12:9 Two options have the id “yes-option”.'],
  },
  {
    name: 'two questions of one id',
    lines: [...quizLines(), '', ...quizLines()],
    says: ['18:5 Another question has the id “first”.'],
  },
  {
    name: 'a prediction for an arm that is not there',
    lines: [
      '```quiz',
      'id: q',
      'kind: predict-split',
      'prompt: How?',
      'lab: pinning',
      'arm: l9',
      'explanation: E',
      '```',
    ],
    says: ['8:6 The lab “pinning” has no arm “l9”.'],
  },
  {
    name: 'a dead link in a prompt',
    lines: quizLines().map((line) => line.replace('Which **one**?', '"[Where](#nowhere)?"')),
    says: ['6:9 Nothing in this document is called “nowhere”.'],
  },
  {
    name: 'a diagram without header, id, title and description',
    lines: ['```mermaid', 'pie', '```'],
    says: [
      '4:1 A diagram begins with “flowchart LR” (or TD, TB, BT, RL) or “sequenceDiagram”.',
      '4:1 A diagram needs an id of small letters, digits and hyphens: “%% id: name”.',
      '4:1 A diagram needs a title for those who do not see it: “accTitle: …”.',
      '4:1 A diagram needs a description for those who do not see it: “accDescr: …”.',
    ],
  },
  {
    name: 'a diagram with settings and a click',
    lines: [
      '```mermaid',
      '%% id: d',
      '%%{init: {"securityLevel": "loose"}}%%',
      'flowchart LR',
      '  accTitle: T',
      '  accDescr: D',
      '  click a call f()',
      '```',
    ],
    says: [
      '5:1 A diagram has no settings of its own; its look is the page’s.',
      '9:1 Nothing in a diagram can be clicked.',
    ],
  },
  {
    name: 'a block inside a list',
    lines: ['- item', '', '  ```lab', '  id: pinning', '  ```'],
    says: ['5:1 A lab block stands by itself, not inside a list, a quotation or a table.'],
  },
  {
    name: 'a link to nowhere in particular, in the second line of a paragraph',
    lines: ['one', 'two [x](http://example.org)'],
    says: ['4:9 A link leads to https:// or to a #place in this document, not to “http://example.org”.'],
  },
  {
    name: 'a dead link in an alert and one in a table',
    lines: ['> [!NOTE]', '> See [x](#gone).', '', '| a |', '|---|', '| [y](#lost) |'],
    says: ['4:11 Nothing in this document is called “gone”.', '8:7 Nothing in this document is called “lost”.'],
  },
  {
    name: 'an image without text, and one from outside',
    lines: ['![](picture.png)', '', '![text](https://example.org/x.png)'],
    says: [
      '3:5 An image needs a text that says what it shows: ![text](picture.png)',
      '5:9 There is no image “https://example.org/x.png” in the course folder.',
    ],
  },
  {
    name: 'HTML',
    lines: ['A <b>bold</b> move'],
    says: ['3:3 HTML is not part of a course; it is shown as text: <b>'],
  },
  {
    name: 'a heading without an anchor',
    lines: ['## Somewhere'],
    says: ['3:1 This heading has no anchor of its own: put <a id="name"></a> on a line above it.'],
  },
  {
    name: 'one anchor twice',
    lines: ['<a id="here"></a>', '## A', '', '<a id="here"></a>', '## B'],
    says: ['6:1 Two places are called “here”.'],
  },
];

describe('a fault in a course file', () => {
  it.each(faults)('$name is reported at its place, and the rest works', ({ lines, says }) => {
    const parsed = course(...title, ...lines, '', 'The text goes on.');
    expect(problemsOf(parsed)).toEqual(says);
    expect(htmlOf(parsed)).toContain('<p>The text goes on.</p>');
  });

  it('stands in the place of the broken block, with its source', () => {
    const parsed = course(...title, 'Before.', '', '```lab', 'id: nowhere', '```', '', 'After.');
    expect(kindsOf(parsed)).toEqual(['heading', 'html', 'problem', 'html']);
    expect(parsed.blocks[2]).toMatchObject({ source: '```lab\nid: nowhere\n```' });
    expect(viewCourse(parsed, () => sourceOrder).problems).toEqual([]);
  });

  it('without a block of its own goes to the problems of the page', () => {
    const parsed = course(...title, '[x](#gone)');
    expect(viewCourse(parsed, () => sourceOrder).problems).toEqual(parsed.problems);
    expect(htmlOf(parsed)).toContain('<span class="broken-link">x</span>');
  });
});

describe('a block that is never closed', () => {
  it('ends before the next heading and costs no more than itself', () => {
    const parsed = course(
      ...title,
      ...quizLines().slice(0, -1),
      '',
      '<a id="next"></a>',
      '## Next',
      '',
      '```lab',
      'id: pinning',
      '```',
    );
    expect(problemsOf(parsed)).toEqual(['3:1 This block is never closed.']);
    expect(kindsOf(parsed)).toEqual(['heading', 'problem', 'heading', 'lab']);
  });

  it('ends before the next block', () => {
    const parsed = course(...title, '```lab', 'id: pinning', '', ...quizLines(), '', 'End.');
    expect(problemsOf(parsed)).toEqual(['3:1 This block is never closed.']);
    expect(kindsOf(parsed)).toEqual(['heading', 'problem', 'quiz', 'html']);
  });

  it('runs to the end of the document where nothing new begins', () => {
    const parsed = course(...title, '```lab', 'id: pinning');
    expect(problemsOf(parsed)).toEqual(['3:1 This block is never closed.']);
  });

  it('is reported for a listing, too', () => {
    const parsed = course(...title, '```nginx', 'events {}');
    expect(problemsOf(parsed)).toEqual(['3:1 This block is never closed.']);
    expect(htmlOf(parsed)).toContain('events {}');
  });
});

describe('safety', () => {
  it('lets no HTML through, not even behind the marker of an alert', () => {
    const html = htmlOf(
      course(
        ...title,
        '> [!NOTE] <img src=x onerror=alert(1)>',
        '> text',
        '',
        '<script>alert(1)</script>',
        '',
        '<a id="x" onclick="alert(1)"></a>',
        '',
        '[j](javascript:alert(1)) <javascript:alert(1)> ![d](data:image/svg+xml;base64,AAAA)',
        '',
        '[r]',
        '',
        '[r]: file:///etc/passwd',
      ),
    );
    expect(html).not.toMatch(/<(script|img)|href=|<a /);
    expect(html).toContain('&lt;script&gt;');
  });

  it('says alert titles in the reader’s language', () => {
    const parsed = parseCourse('> [!TIP]\n> x', 'f', { labs, render: (m) => (m.text === 'Tip' ? '도움말' : m.text) });
    expect(htmlOf(parsed)).toContain('<p class="markdown-alert-title">도움말</p>');
  });

  it('drops comments of the author', () => {
    const parsed = course(...title, '<!-- a note', 'over lines -->', 'Text.');
    expect(htmlOf(parsed)).not.toContain('note');
    expect(problemsOf(parsed)).toEqual([]);
  });
});
