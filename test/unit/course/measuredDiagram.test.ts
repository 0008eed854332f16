import { describe, expect, it } from 'vitest';
import { parseCourse } from '../../../src/course/parseCourse';
import { labs, problemsOf, title } from './courseBuilder';

/** The only arm whose network is known. */
const network = {
  names: new Map([
    ['client', ['client']],
    ['balancer', ['balancer']],
    ['server-a', ['server-a']],
    ['server-b', ['server-b']],
    ['orders', ['server-a', 'server-b']],
  ]),
  edges: [
    { from: 'client', to: 'balancer' },
    { from: 'balancer', to: 'server-a' },
    { from: 'balancer', to: 'server-b' },
  ],
};

const labFence = ['```lab', 'id: pinning', '```', ''];

/** A diagram at line 7 of a course with the lab it may measure; its lines are those of the diagram's body. */
function withDiagram(...lines: readonly string[]) {
  const text = [
    ...title,
    ...labFence,
    '```mermaid',
    '%% id: flow',
    'flowchart LR',
    '  accTitle: Flow',
    '  accDescr: A flow.',
    ...lines,
    '```',
  ];
  return parseCourse(text.join('\n'), 'course.en.md', {
    labs: [...labs, { id: 'elsewhere', arms: [], servers: [] }],
    labNetwork: (lab, arm) => (lab === 'pinning' && arm === 'l4' ? network : null),
  });
}

function measuredIn(...lines: readonly string[]) {
  const parsed = withDiagram(...lines);
  expect(problemsOf(parsed)).toEqual([]);
  const block = parsed.blocks.find(({ kind }) => kind === 'mermaid');
  return block?.kind === 'mermaid' ? (block.measured ?? null) : null;
}

describe('a diagram', () => {
  it('carries no numbers unless it says whose', () => {
    expect(measuredIn('  A["Server"]', '  C --> A')).toBeNull();
  });

  it('carries those of a lab’s arm at the nodes and edges that it names as the lab does', () => {
    const measured = measuredIn(
      '  %% measured: pinning/l4',
      '  client["Client"]',
      '  balancer["L4<br/>sees ports"]',
      '  client e1@-->|"one connection"| balancer',
      '  balancer e2@--> server-a',
      '  server-a[("Server A")]',
    );
    expect(measured).toMatchObject({
      lab: 'pinning',
      arm: 'l4',
      nodes: [
        { id: 'client', name: 'Client', stands: ['client'] },
        { id: 'balancer', name: 'L4', stands: ['balancer'] },
        { id: 'server-a', name: 'Server A', stands: ['server-a'] },
      ],
      edges: [
        { id: 'e1', from: 'client', to: 'balancer' },
        { id: 'e2', from: 'balancer', to: 'server-a' },
      ],
    });
    const slots = (measured?.template ?? []).map((part) =>
      typeof part === 'string' ? part : 'node' in part ? `<${part.node}>` : `<${part.edge}>`,
    );
    expect(slots.join('').split('\n').slice(5)).toEqual([
      '  client["Client<br/><client>"]',
      '  balancer["L4<br/>sees ports<br/><balancer>"]',
      '  client e1@-->|"one connection<br/><e1>"| balancer',
      '  balancer e2@-->|"<e2>"| server-a',
      '  server-a[("Server A<br/><server-a>")]',
    ]);
  });

  it('may have one node for all the servers of a service', () => {
    const measured = measuredIn(
      '  %% measured: pinning/l4',
      '  orders["Orders"]',
      '  balancer e1@-->|"/api/orders"| orders',
    );
    expect(measured?.nodes).toEqual([{ id: 'orders', name: 'Orders', stands: ['server-a', 'server-b'] }]);
    expect(measured?.edges).toEqual([{ id: 'e1', from: 'balancer', to: 'orders' }]);
  });

  it('leaves alone what it lists as beside the lab, and the edges that end there', () => {
    const measured = measuredIn(
      '  %% measured: pinning/l4',
      '  %% beside: discovery, e3',
      '  discovery["Discovery"]',
      '  client["Client"]',
      '  discovery e1@-.->|"list"| client',
      '  client e2@--> balancer',
      '  client e3@-.->|"asks"| server-a',
    );
    expect(measured?.nodes.map(({ id }) => id)).toEqual(['client']);
    expect(measured?.edges.map(({ id }) => id)).toEqual(['e2']);
    expect(measured?.template.join('')).toContain('discovery e1@-.->|"list"| client\n');
  });

  it('may have groups, looks and a description of several lines', () => {
    const lines = [
      '  subgraph G["Group"]',
      '    server-a["A"]',
      '  end',
      '  class server-a big',
      '  accDescr {',
      '    a b',
      '  }',
    ];
    expect(measuredIn('  %% measured: pinning/l4', ...lines)?.nodes.map(({ id }) => id)).toEqual(['server-a']);
  });

  it('is taken at its word where the lab itself could not be read', () => {
    const text = [
      '# T',
      '',
      '```lab',
      'id: elsewhere',
      '```',
      '',
      '```mermaid',
      '%% id: flow',
      '%% measured: elsewhere/any',
      'flowchart LR',
      'accTitle: a',
      'accDescr: b',
      'x["X"]',
      '```',
    ];
    const parsed = parseCourse(text.join('\n'), 'course.en.md', { labs: [{ id: 'elsewhere', arms: [], servers: [] }] });
    expect(problemsOf(parsed)).toEqual([]);
    expect(parsed.blocks.at(-1)).toMatchObject({ kind: 'mermaid', measured: { nodes: [{ id: 'x', stands: ['x'] }] } });
  });
});

describe('a diagram that asks for numbers which cannot be', () => {
  it.each<readonly [string, readonly string[], string]>([
    ['no arm', ['  %% measured: pinning'], '12:3 What a diagram measures is written “%% measured: lab/arm”.'],
    ['an unknown lab', ['%% measured: pining/l4'], '12:1 There is no lab “pining” in this course.'],
    ['an unknown arm', ['%% measured: pinning/l5'], '12:1 The lab “pinning” has no arm “l5”.'],
    [
      'an unknown node',
      ['%% measured: pinning/l4', '  server-x["X"]'],
      '13:3 In the lab “pinning” the arm “l4” has no “server-x”; it has client, balancer, server-a, server-b, orders. What the lab does not have is listed in “%% beside: …”.',
    ],
    [
      'an edge to an unknown node',
      ['%% measured: pinning/l4', '  client e1@--> redis'],
      '13:17 In the lab “pinning” the arm “l4” has no “redis”; it has client, balancer, server-a, server-b, orders. What the lab does not have is listed in “%% beside: …”.',
    ],
    [
      'a way that the lab does not have',
      ['%% measured: pinning/l4', '  client e1@-->|"past the balancer"| server-a'],
      '13:10 In the lab “pinning” the arm “l4” has no way from “client” to “server-a”.',
    ],
    [
      'an edge without a name',
      ['%% measured: pinning/l4', '  client --> balancer'],
      '13:3 In a diagram with measured numbers each line is a node, name["words"], or an edge, from e1@--> to.',
    ],
    [
      'something beside that is not there',
      ['%% measured: pinning/l4', '%% beside: store', '  client["C"]'],
      '13:12 Nothing in this diagram is called “store”.',
    ],
  ])('is shown as a problem in its place: %s', (_what, lines, says) => {
    const parsed = withDiagram(...lines);
    expect(problemsOf(parsed)).toEqual([says]);
    expect(parsed.blocks.at(-1)).toMatchObject({ kind: 'problem', problems: [{ span: { file: 'course.en.md' } }] });
  });

  it('is told that only a flowchart has room for them', () => {
    const text = [
      '# T',
      '',
      ...labFence,
      '```mermaid',
      '%% id: talk',
      '%% measured: pinning/l4',
      'sequenceDiagram',
      'accTitle: a',
      'accDescr: b',
      '```',
    ];
    expect(problemsOf(parseCourse(text.join('\n'), 'course.en.md', { labs }))).toEqual([
      '9:1 Only a flowchart can carry measured numbers.',
    ]);
  });

  it('wants its lab somewhere in the document', () => {
    const text = [
      '# T',
      '',
      '```mermaid',
      '%% id: flow',
      '%% measured: pinning/l4',
      'flowchart LR',
      'accTitle: a',
      'accDescr: b',
      '```',
    ];
    expect(problemsOf(parseCourse(text.join('\n'), 'course.en.md', { labs }))).toEqual([
      '5:1 The lab “pinning” stands nowhere in this document.',
    ]);
  });
});
