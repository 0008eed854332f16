// A made-up course page for the harness: TEST DATA, measured by nobody. The real course is in labs/.
const alert = (kind, title, text) =>
  `<div class="markdown-alert markdown-alert-${kind}"><p class="markdown-alert-title"><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm.75 10.5h-1.5V7h1.5Zm0-6h-1.5V4h1.5Z"/></svg>${title}</p><p>${text}</p></div>`;

import { testExercises } from './testExercises.mjs';
import { furtherQuizzes, gradeFurther } from './testQuizzes.mjs';

export const QUIZ_IDS = ['q1', 'q2', 'q3', 'q4', 'q5', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8'];

const words = {
  en: {
    title: 'Test course: spreading traffic',
    section: 'How it works',
    sub: 'gRPC behind an L4 balancer',
    text: '<p>HTTP/2 keeps <strong>one long-lived connection</strong> and sends many requests over it at once. A balancer that decides per connection decides <em>once</em>, and all later requests follow. Read <a href="#section-2">how it works</a> or run the lab below.</p><ul><li>An <span class="term" data-term="l4">L4</span> balancer sees connections and forwards bytes.</li><li>An L7 balancer reads frames and chooses for each request, by <code>grpc_pass</code>.</li></ul>',
    table:
      '<table><thead><tr><th></th><th>L4</th><th>L7</th></tr></thead><tbody><tr><td>Decides by</td><td>IP address and port</td><td>URL, header, cookie</td></tr><tr><td>Decides per</td><td>connection</td><td>request</td></tr><tr><td>p99</td><td><a class="measured" href="#lab-grpc-pinning" data-lab="grpc-pinning" data-arm="grpc-l4" data-reading="latencyMs.p99">measure it</a></td><td><a class="measured" href="#lab-grpc-pinning" data-lab="grpc-pinning" data-arm="grpc-l7" data-reading="latencyMs.p99" data-over="grpc-l4">compare <em>both</em></a></td></tr></tbody></table>',
    meaning: 'The transport layer: it knows <code>TCP</code> connections and no requests.',
    warning: ['Warning', 'Ten replicas do not help when one connection carries everything.'],
    tip: ['Tip', 'Count connections and requests apart: the difference is the whole story.'],
    diagram: ['client', 'L4 balancer', 'server A', 'server B', 'TCP connection', 'forwarded bytes'],
    lab: ['See and cure gRPC pinning', 'Send the same load in six ways and see which server each request reaches.'],
    arms: [
      'REST · a new connection each · L4',
      'REST · one keep-alive connection · L4',
      'gRPC · L4',
      'gRPC · L7',
      'gRPC · client-side round_robin',
      'gRPC · L4 · connections of limited age',
    ],
    nodes: ['Client', 'Balancer'],
    quiz: [
      'Why does all gRPC traffic land on one server behind an ordinary L4 balancer?',
      'Because gRPC is faster',
      'Because one TCP connection is kept and the choice was made when it opened',
      'Because the balancer reads the URL',
    ],
    why: ['Speed has no say in it.', 'An L4 balancer chooses per connection.', 'An L4 balancer reads no URL.'],
    checkTitle: 'Check yourself',
    quiz2: 'Which of these cure it?',
    options2: ['An L7 balancer that understands HTTP/2', 'Client-side balancing', 'A bigger server'],
    quiz3: 'Predict the split of 3,000 gRPC requests through L4.',
  },
  ko: {
    title: '시험용 코스: 트래픽 분산',
    section: '동작 원리',
    sub: 'L4 로드밸런서 뒤의 gRPC',
    text: '<p>HTTP/2는 <strong>오래 유지되는 연결 하나</strong> 위로 여러 요청을 동시에 보냅니다. 연결 단위로 결정하는 로드밸런서는 <em>한 번만</em> 결정하고, 이후의 모든 요청은 그 결정을 따라갑니다. <a href="#section-2">동작 원리</a>를 읽거나 아래 실습을 실행해 보세요.</p><ul><li><span class="term" data-term="l4">L4</span> 로드밸런서는 연결을 보고 바이트를 그대로 전달합니다.</li><li>L7 로드밸런서는 프레임을 읽고 <code>grpc_pass</code>로 요청마다 서버를 고릅니다.</li></ul>',
    table:
      '<table><thead><tr><th></th><th>L4</th><th>L7</th></tr></thead><tbody><tr><td>판단 기준</td><td>IP 주소와 포트</td><td>URL, 헤더, 쿠키</td></tr><tr><td>판단 단위</td><td>연결</td><td>요청</td></tr><tr><td>p99</td><td><a class="measured" href="#lab-grpc-pinning" data-lab="grpc-pinning" data-arm="grpc-l4" data-reading="latencyMs.p99">직접 재어 보세요</a></td><td><a class="measured" href="#lab-grpc-pinning" data-lab="grpc-pinning" data-arm="grpc-l7" data-reading="latencyMs.p99" data-over="grpc-l4">둘을 <em>비교</em>해 보세요</a></td></tr></tbody></table>',
    meaning: '전송 계층입니다. <code>TCP</code> 연결만 알고 요청은 모릅니다.',
    warning: ['주의', '연결 하나가 모든 요청을 나른다면 서버가 열 대여도 소용이 없습니다.'],
    tip: ['팁', '연결과 요청을 따로 세어 보세요. 그 차이가 핵심입니다.'],
    diagram: ['클라이언트', 'L4 로드밸런서', '서버 A', '서버 B', 'TCP 연결', '전달된 바이트'],
    lab: [
      'gRPC 쏠림을 직접 보고 고치기',
      '같은 부하를 여섯 가지 방법으로 보내 보고, 요청이 어느 서버에 닿는지 확인합니다.',
    ],
    arms: [
      'REST · 요청마다 새 연결 · L4',
      'REST · keep-alive 연결 하나 · L4',
      'gRPC · L4',
      'gRPC · L7',
      'gRPC · 클라이언트 사이드 round_robin',
      'gRPC · L4 · 연결 수명 제한',
    ],
    nodes: ['클라이언트', '로드밸런서'],
    quiz: [
      '일반 L4 로드밸런서 뒤에서 gRPC 트래픽이 한 서버로 쏠리는 까닭은 무엇입니까?',
      'gRPC가 더 빠르기 때문에',
      'TCP 연결 하나가 유지되고, 서버는 연결이 열릴 때 정해지기 때문에',
      '로드밸런서가 URL을 읽기 때문에',
    ],
    why: [
      '속도와는 관계가 없습니다.',
      'L4 로드밸런서는 연결마다 서버를 고릅니다.',
      'L4 로드밸런서는 URL을 읽지 않습니다.',
    ],
    checkTitle: '스스로 확인하기',
    quiz2: '다음 중 해결책은 무엇입니까?',
    options2: ['HTTP/2를 이해하는 L7 로드밸런서', '클라이언트 사이드 로드밸런싱', '더 큰 서버'],
    quiz3: 'L4를 거치는 gRPC 요청 3,000개의 분배를 예측해 보세요.',
  },
};

const ARMS = ['rest-new-sockets', 'rest-keepalive', 'grpc-l4', 'grpc-l7', 'grpc-client-side', 'grpc-l4-max-age'];
const SERVERS = ['server-a', 'server-b', 'server-c'];

function topology(arm, w, servers) {
  const client = {
    id: 'client',
    kind: 'client',
    label: w.nodes[0],
    detail: arm.startsWith('rest') ? 'HTTP/1.1' : 'gRPC · HTTP/2',
  };
  const backends = servers.map((id, i) => ({ id, kind: 'server', label: id, detail: `127.0.0.1:4220${i + 1}` }));
  if (arm === 'grpc-client-side') {
    return {
      nodes: [client, ...backends],
      edges: servers.map((id, i) => ({ id: `e${i + 1}`, from: 'client', to: id })),
    };
  }
  const layer = arm === 'grpc-l7' ? 'L7' : 'L4';
  const balancer = { id: 'balancer', kind: 'balancer', label: `${layer} ${w.nodes[1]}`, detail: '127.0.0.1:28150' };
  return {
    nodes: [client, balancer, ...backends],
    edges: [
      { id: 'e1', from: 'client', to: 'balancer' },
      ...servers.map((id, i) => ({ id: `e${i + 2}`, from: 'balancer', to: id })),
    ],
  };
}

const LISTING = { lab: 'grpc-pinning', file: 'l7.nginx.conf', heads: ['upstream orders_grpc'] };

/** As the host would send it; `over` for a copy that was changed. */
export function listingState(over = {}) {
  return {
    ...LISTING,
    html: '<span class="hl-name">upstream</span> orders_grpc {\n    <span class="hl-name">server</span> <span class="hl-number">127.0.0.1:28201</span>; <span class="hl-comment"># lab: backend a</span>\n    <span class="hl-name">hash</span> <span class="hl-variable">$request_uri</span> <span class="hl-string">"x"</span>;\n}',
    line: 12,
    state: 'original',
    originalHtml: null,
    arm: 'grpc-l7',
    ...over,
  };
}

/** A tab with one listing in it. */
const listing = ([name, code]) => ({
  name,
  blocks: [{ kind: 'html', html: `<pre><code class="language-text">${code}</code></pre>` }],
});

export function labState(language, over = {}) {
  const w = words[language];
  const servers = over.servers ?? SERVERS;
  const none = { scenario: null, protocol: null, message: null };
  const params = { requests: 3000, concurrency: 16, clients: 1, rate: 400, ...none, seed: 7 };
  return {
    id: 'grpc-pinning',
    title: w.lab[0],
    goal: w.lab[1],
    arms: ARMS.map((id, i) => ({
      id,
      title: w.arms[i],
      conf: id === 'grpc-l7' ? 'l7.nginx.conf' : 'l4.nginx.conf',
      protocol: id.startsWith('rest') ? 'rest' : 'grpc',
      topology: topology(id, w, servers),
      serverIds: servers,
      reachedIds: servers,
    })),
    selectedArm: 'grpc-l4',
    scenarios: [],
    protocols: [],
    messages: [],
    skew: 'one-client',
    population: null,
    exercises: testExercises(language),
    defaults: params,
    params,
    running: false,
    phase: null,
    results: {},
    readings: {},
    predictions: {},
    canAdd: true,
    movedPorts: [],
    engine: 'in-process',
    problems: [],
    ...over,
  };
}

/** What a lab with every choice has beside the others. */
export function choices(language) {
  const ko = language === 'ko';
  return {
    scenarios: [
      { id: 'calm', title: ko ? '아무 일도 없음' : 'Nothing happens' },
      { id: 'server-dies', title: ko ? '서버 한 대가 죽음' : 'A server dies' },
      { id: 'behind-nat', title: ko ? '클라이언트가 모두 NAT 뒤에 있음' : 'All clients are behind one NAT' },
    ],
    protocols: ['rest', 'grpc'],
    messages: [
      { id: 'user', title: ko ? '사용자' : 'user', file: 'user.json', view: null, problems: [] },
      { id: 'order', title: ko ? '주문' : 'order', file: 'order.json', view: null, problems: [] },
      { id: 'telemetry', title: ko ? '텔레메트리' : 'telemetry', file: 'telemetry.json', view: null, problems: [] },
    ],
    skew: 'possible',
    population: 'spread',
  };
}

export function pageState(language, catalog) {
  const w = words[language];
  const d = w.diagram;
  const option = (ids) => ids.map(([id, html]) => ({ id, html }));
  return {
    courseId: 'test-course',
    language,
    languages: [
      { id: 'ko', name: '한국어' },
      { id: 'en', name: 'English' },
    ],
    catalog,
    course: {
      title: w.title,
      problems: [],
      glossary: [{ id: 'l4', term: 'L4', html: w.meaning }],
      blocks: [
        { kind: 'heading', level: 1, anchor: 'top', html: w.title, text: w.title },
        { kind: 'html', html: w.text },
        { kind: 'heading', level: 2, anchor: 'section-2', html: `2. ${w.section}`, text: `2. ${w.section}` },
        { kind: 'html', html: w.text + w.table },
        {
          kind: 'mermaid',
          id: 'flow-l4',
          title: `${d[0]} → ${d[1]}`,
          description: '',
          source: `flowchart LR\naccTitle: ${d[0]} ${d[1]}\naccDescr: ${d[4]}, ${d[5]}\nC["${d[0]}"] -->|"${d[4]}"| LB["${d[1]}"]\nLB -->|"${d[5]}"| A["${d[2]}"]\nLB -->|"${d[5]}"| B["${d[3]}"]`,
        },
        { kind: 'heading', level: 3, anchor: 'section-2-2', html: `2.2 ${w.sub}`, text: `2.2 ${w.sub}` },
        {
          kind: 'html',
          html:
            w.text +
            alert('warning', ...w.warning) +
            '<pre><code class="language-nginx">upstream orders_grpc {\n    server 127.0.0.1:28201;\n    server 127.0.0.1:28202;\n}\n</code></pre>',
        },
        {
          kind: 'tabs',
          tabs: [
            ['nginx', 'least_conn;'],
            ['HAProxy', 'balance leastconn'],
            ['Envoy', 'lb_policy: LEAST_REQUEST'],
          ].map(listing),
        },
        {
          kind: 'mermaid',
          id: 'sequence',
          title: 'HTTP/2',
          description: '',
          source: `sequenceDiagram\naccTitle: HTTP/2\naccDescr: ${d[4]}\nparticipant C as ${d[0]}\nparticipant A as ${d[2]}\nC->>A: ${d[4]}\nNote over C,A: HTTP/2\nC->>A: POST /orders 1\nC->>A: POST /orders 2\nA-->>C: OK 2\nA-->>C: OK 1`,
        },
        { kind: 'lab', lab: 'grpc-pinning', arm: 'grpc-l4' },
        {
          kind: 'tabs',
          tabs: [
            ['AWS', 'routing.http.lb_algorithm'],
            ['HAProxy', 'stick-table type ip size 1m\nstick on src\n'],
          ].map(listing),
        },
        { ...LISTING, kind: 'listing', arm: null },
        { kind: 'html', html: alert('tip', ...w.tip) },
        {
          kind: 'quiz',
          quiz: {
            id: 'q1',
            kind: 'single-choice',
            promptHtml: w.quiz[0],
            options: option([
              ['a', w.quiz[1]],
              ['b', w.quiz[2]],
              ['c', w.quiz[3]],
            ]),
          },
        },
        {
          kind: 'quiz',
          quiz: {
            id: 'q2',
            kind: 'multiple-choice',
            promptHtml: w.quiz2,
            options: option(w.options2.map((text, i) => ['abc'[i], text])),
          },
        },
        {
          kind: 'quiz',
          quiz: {
            id: 'q3',
            kind: 'predict-split',
            promptHtml: w.quiz3,
            lab: 'grpc-pinning',
            arm: 'grpc-l4',
            servers: SERVERS.map((id) => ({ id, label: id })),
          },
        },
        { kind: 'heading', level: 3, anchor: 'section-2-2-check', html: w.checkTitle, text: w.checkTitle },
        { kind: 'html', html: `<p>${w.why[1]}</p>` },
        ...['q4', 'q5'].map((id) => ({
          kind: 'quiz',
          quiz: {
            id,
            kind: 'single-choice',
            promptHtml: w.quiz[0],
            options: option([
              ['a', w.quiz[1]],
              ['b', w.quiz[2]],
            ]),
          },
        })),
        { kind: 'heading', level: 3, anchor: 'check', html: w.quiz2, text: w.quiz2 },
        ...furtherQuizzes(language).map((quiz) => ({ kind: 'quiz', quiz })),
        {
          kind: 'problem',
          source: 'id: broken\nkind: single-choise\n',
          problems: [
            {
              severity: 'error',
              message: { text: 'There is no kind of question “{kind}”.', args: { kind: 'single-choise' } },
              hint: { text: 'Kinds: single-choice, multiple-choice, predict-split.', args: {} },
              span: { file: '/course/course.en.md', line: 212, column: 7, endLine: 212, endColumn: 20 },
            },
          ],
        },
      ],
    },
    labs: [labState(language)],
    listings: [listingState()],
    quizzes: QUIZ_IDS.map((id) => ({ id, answer: null, feedback: null })),
    mayRun: true,
    view: 'course',
    review: null,
    progress: NO_PROGRESS,
  };
}

export const NO_PROGRESS = {
  sections: { read: 0, all: 2 },
  labs: [],
  exercises: { solved: 0, all: 2 },
  questions: { known: 0, answered: 0, all: 10 },
  weak: [],
  due: 0,
  nextDueAt: null,
};

export function grade(language, quiz, answer) {
  const further = gradeFurther(language, quiz, answer);
  if (further !== null) return further;
  const w = words[language];
  if (['q1', 'q4', 'q5'].includes(quiz)) {
    return {
      verdict: answer.option === 'b' ? 'right' : 'wrong',
      score: answer.option === 'b' ? 100 : 0,
      options: ['a', 'b', 'c'].map((id, i) => ({
        id,
        correct: id === 'b',
        chosen: id === answer.option,
        explanationHtml: w.why[i],
      })),
      explanationHtml: '',
      measured: null,
    };
  }
  if (quiz === 'q2') {
    const right = answer.options.length === 2 && !answer.options.includes('c');
    return {
      verdict: right ? 'right' : 'partly',
      score: right ? 100 : 50,
      options: ['a', 'b', 'c'].map((id, i) => ({
        id,
        correct: id !== 'c',
        chosen: answer.options.includes(id),
        explanationHtml: w.why[i],
      })),
      explanationHtml: '',
      modelHtml: `<p>${w.why[1]}</p>`,
      measured: null,
    };
  }
  return { verdict: 'waiting', score: 0, options: [], explanationHtml: '', measured: null };
}
