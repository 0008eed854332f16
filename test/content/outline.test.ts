import { describe, expect, it } from 'vitest';
import { documentIn, fileText, manifest } from './trafficLabCourse';

/** Where the course teaches what its outline promises. The anchor of a row is the place of its claim. */
const places: Readonly<Record<string, readonly string[]>> = {
  'three key questions': ['key-questions'],
  'no protocol fits all': ['why-patterns'],
  'REST and gRPC, row by row': [
    'rest-vs-grpc',
    'row-format',
    'row-payload',
    'row-speed',
    'row-types',
    'row-streaming',
    'row-browser',
    'where-rest-wins',
  ],
  'REST outside, gRPC inside': ['rest-outside-grpc-inside'],
  'one server is not enough': ['one-vs-many', 'many-is-not-enough'],
  'L4 and L7': ['l4-l7', 'l4-l7-in-products', 'tls-where', 'when-l4'],
  'gRPC over HTTP/2': ['http2-multiplexing', 'grpc-behind-l4', 'rest-pins-too', 'cure-l7', 'cure-client-side'],
  'the API gateway': ['api-gateway', 'gateway-statuses', 'rate-limit', 'gateway-order', 'gateway-in-products'],
  'balancing policies': [
    'policies',
    'policy-round-robin',
    'policy-least-conn',
    'policy-ip-hash',
    'policy-hash',
    'policy-random-two',
    'policy-peak-ewma',
    'which-policy',
    'policies-in-products',
  ],
  'sticky sessions and their cure': ['sticky-sessions', 'lost-login', 'stickiness', 'sticky-costs', 'session-store'],
  'the summary and the questions': ['one-minute-summary', 'self-check-questions', 'scenarios', 'interviews'],
};

/** Labs by the anchor above the heading that introduces them. */
const labs: Readonly<Record<string, string>> = {
  'rest-vs-grpc': 'rest-vs-grpc-lab',
  'rest-outside-grpc-inside': 'rest-outside-grpc-inside-lab',
  'one-vs-many': 'one-vs-many-lab',
  'l4-vs-l7': 'l4-vs-l7-lab',
  'grpc-pinning': 'pinning-lab',
  'api-gateway': 'api-gateway-lab',
  algorithms: 'algorithms-lab',
  'sticky-vs-redis': 'sticky-vs-redis-lab',
};

/** Diagrams by the anchor that they stand under. */
const diagrams: Readonly<Record<string, string>> = {
  'rest-edge-flow': 'rest-outside-grpc-inside',
  'l4-flow': 'l4-l7',
  'l7-flow': 'l4-l7',
  'grpc-l4-pinned': 'grpc-behind-l4',
  'grpc-l7-spread': 'cure-l7',
  'grpc-client-side-spread': 'cure-client-side',
  'grpc-max-age': 'cure-max-age',
  'gateway-flow': 'api-gateway',
  'upstream-policies': 'policy-ip-hash',
  'session-lost': 'lost-login',
  'session-store-flow': 'session-store',
};

/** Rows of the two comparison tables, by language; cells of them must hold these words, in this order. */
const tables: Readonly<Record<string, Readonly<Record<string, readonly (readonly string[])[]>>>> = {
  'rest-vs-grpc': {
    en: [
      ['Data format', 'JSON', 'Protobuf'],
      ['Payload', 'large', 'small'],
      ['Speed', 'slow', 'fast'],
      ['Type check', 'run time', 'compile time'],
      ['Streaming', 'one way', 'both ways'],
      ['Browser', 'full', 'gRPC-Web'],
    ],
    ko: [
      ['데이터 형식', 'JSON', 'Protobuf'],
      ['페이로드', '큼', '작음'],
      ['속도', '느림', '빠름'],
      ['타입 검사', '런타임', '컴파일 타임'],
      ['스트리밍', '단방향', '양방향'],
      ['브라우저', '완전히 지원', 'gRPC-Web'],
    ],
  },
  'l4-l7': {
    en: [
      ['IP', 'URL'],
      ['fast', 'slower'],
      ['distribution', 'TLS'],
      ['AWS NLB, LVS', 'AWS ALB, nginx, HAProxy'],
    ],
    ko: [
      ['IP', 'URL'],
      ['빠름', '느림'],
      ['단순 분산', 'TLS(SSL) 종료'],
      ['AWS NLB, LVS', 'AWS ALB, nginx, HAProxy'],
    ],
  },
};

/** Note boxes that a section must have. */
const boxes: Readonly<Record<string, string>> = { 'grpc-behind-l4': 'WARNING', 'session-store': 'TIP' };

/** Listings of §3: files that the lab runs. */
const listings: Readonly<Record<string, string>> = {
  'policy-round-robin': 'round-robin.nginx.conf',
  'policy-least-conn': 'least-conn.nginx.conf',
  'policy-ip-hash': 'ip-hash.nginx.conf',
};

/** Questions that the outline names, by the anchor they are asked under. */
const questions: Readonly<Record<string, readonly string[]>> = {
  'self-check-questions': [
    'key-rest-or-grpc',
    'key-l4-or-l7',
    'key-sticky',
    'self-l4-l7',
    'self-grpc-l4',
    'self-sticky',
  ],
  scenarios: [
    'scenario-mobile-api',
    'scenario-chat',
    'scenario-legacy-login',
    'scenario-telemetry',
    'scenario-partner-api',
  ],
};
const QUESTIONS = 40;

/** How the same is done elsewhere: one strip of tabs for each of these. */
const products = ['nginx', 'HAProxy', 'Envoy', 'AWS'];

describe.each(manifest().languages)('the outline in %s', (language) => {
  const text = fileText(`course.${language}.md`);
  const section = (anchor: string): string => {
    const from = text.indexOf(`<a id="${anchor}"></a>`);
    const rest = text.slice(from + 1);
    const end = rest.indexOf('\n<a id="');
    return from === -1 ? '' : rest.slice(0, end === -1 ? rest.length : end);
  };

  it.each(Object.entries(places))('teaches %s', async (_, anchors) => {
    expect([...(await documentIn(language)).anchors]).toEqual(expect.arrayContaining([...anchors]));
  });

  it.each(Object.entries(labs))('has the lab %s under its heading', (lab, anchor) => {
    expect(section(anchor)).toContain(`\`\`\`lab\nid: ${lab}\n`);
  });

  it.each(Object.entries(diagrams))('draws %s under %s', (diagram, anchor) => {
    expect(section(anchor)).toContain(`%% id: ${diagram}\n`);
  });

  it.each([
    'l4-l7-in-products',
    'cure-l7',
    'gateway-statuses',
    'gateway-in-products',
    'policies-in-products',
    'stickiness',
  ])('shows under %s how the common products do it', (anchor) => {
    const tabs = [...section(anchor).matchAll(/^```\w+ tab="(\w+)/gm)].map(([, name]) => name);
    expect(tabs).toEqual(products);
  });

  it.each(Object.keys(tables))('compares in the table under %s what it promises, row by row', (anchor) => {
    const rows = section(anchor)
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|').slice(1, -1));
    for (const words of tables[anchor]?.[language] ?? []) {
      const found = rows.filter((cells) => {
        const from = cells.findIndex((cell) => cell.toLowerCase().includes(words[0]?.toLowerCase() ?? ''));
        return (
          from !== -1 &&
          words.every((word, index) => cells[from + index]?.toLowerCase().includes(word.toLowerCase()) === true)
        );
      });
      expect(found, words.join(' | ')).toHaveLength(1);
    }
    expect(tables[anchor]?.[language]?.length).toBeGreaterThanOrEqual(4);
  });

  it.each(Object.entries(boxes))('has under %s a box: %s', (anchor, kind) => {
    expect(section(anchor)).toContain(`\n> [!${kind}]\n`);
  });

  it.each(Object.entries(listings))('lists under %s the file that the lab runs: %s', (anchor, file) => {
    expect(section(anchor)).toContain(`\`\`\`listing\nlab: algorithms\nfile: ${file}\n`);
  });

  it.each(Object.entries(questions))('asks under %s what it promises', (anchor, ids) => {
    const asked = [...section(anchor).matchAll(/^```quiz\nid: (\S+)/gm)].map(([, id]) => id);
    expect(asked).toEqual(expect.arrayContaining([...ids]));
  });

  it(`asks ${QUESTIONS} questions or more`, async () => {
    expect((await documentIn(language)).quizzes.size).toBeGreaterThanOrEqual(QUESTIONS);
  });

  it.each(['16', '8', '12'])('tells the gRPC status %s of a refusal', (status) => {
    expect(section('gateway-statuses')).toMatch(new RegExp(`\\| ${status} [A-Z_]+ \\|`));
  });
});
