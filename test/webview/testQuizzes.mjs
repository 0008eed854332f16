// Questions of the kinds that are not only choices, and how the fake host grades them.

const words = {
  en: {
    short: 'What makes clients connect again?',
    accepted: 'A maximum connection age',
    why: ['Old connections end, new ones are spread.', 'It keeps the connection.'],
    order: 'What happens first?',
    steps: ['The client connects', 'The balancer chooses a server', 'Calls follow the connection'],
    match: 'Which layer does each work at?',
    pairs: ['AWS NLB', 'AWS ALB'],
    partners: ['L4', 'L7'],
    outcome: 'How many servers get requests?',
    outcomes: ['One', 'Two', 'All three'],
    number: 'What will p99 be?',
    fault: 'gRPC does not get through. Which line is at fault?',
    diagram: 'Which arrow is wrong?',
    parts: ['1 the connection', '2 the call'],
    interview: 'Why does gRPC need another balancer than REST?',
    model: '<p>It keeps one connection.</p><p>So the balancer has to look into <code>HTTP/2</code>.</p>',
  },
  ko: {
    short: '클라이언트가 연결을 다시 맺게 하는 설정은 무엇입니까?',
    accepted: '연결 수명 제한',
    why: ['오래된 연결이 끝나고 새 연결이 나뉩니다.', '연결을 유지할 뿐입니다.'],
    order: '일어나는 순서대로 놓으세요.',
    steps: ['클라이언트가 연결합니다', '로드밸런서가 서버를 고릅니다', '호출이 연결을 따라갑니다'],
    match: '어느 계층에서 동작합니까?',
    pairs: ['AWS NLB', 'AWS ALB'],
    partners: ['L4', 'L7'],
    outcome: '요청을 받는 서버는 몇 대입니까?',
    outcomes: ['한 대', '두 대', '세 대 모두'],
    number: 'p99는 얼마나 될까요?',
    fault: 'gRPC 호출이 실패합니다. 어느 줄이 문제입니까?',
    diagram: '어느 화살표가 틀렸습니까?',
    parts: ['1 연결', '2 호출'],
    interview: 'gRPC에는 왜 REST와 다른 로드밸런서가 필요합니까?',
    model: '<p>연결 하나를 계속 쓰기 때문입니다.</p><p>그래서 로드밸런서가 <code>HTTP/2</code> 안을 보아야 합니다.</p>',
  },
};

const withIds = (texts, ids) => texts.map((html, index) => ({ id: ids[index], html }));

/** The views, as the host would send them. */
export function furtherQuizzes(language) {
  const w = words[language];
  const lab = { lab: 'grpc-pinning', arm: 'grpc-l4', comparedTo: null };
  return [
    { id: 'k1', kind: 'short-answer', promptHtml: w.short },
    {
      id: 'k2',
      kind: 'order',
      promptHtml: w.order,
      steps: withIds(w.steps, ['connect', 'choose', 'follow']).reverse(),
    },
    {
      id: 'k3',
      kind: 'match',
      promptHtml: w.match,
      pairs: withIds(w.pairs, ['nlb', 'alb']),
      partners: w.partners.map((text, index) => ({ id: ['l4', 'l7'][index], text })),
    },
    {
      id: 'k4',
      kind: 'predict-outcome',
      promptHtml: w.outcome,
      ...lab,
      reading: 'busyServers',
      unit: '',
      outcomes: withIds(w.outcomes, ['one', 'two', 'all']),
    },
    {
      id: 'k5',
      kind: 'predict-outcome',
      promptHtml: w.number,
      ...lab,
      reading: 'latencyMs.p99',
      unit: 'ms',
      outcomes: null,
    },
    {
      id: 'k6',
      kind: 'find-the-fault',
      promptHtml: w.fault,
      exhibit: {
        kind: 'listing',
        lines: [
          'server {',
          '    listen 127.0.0.1:28151;',
          '    location / {',
          '        grpc_pass grpc://orders;',
          '    }',
          '}',
        ],
      },
      parts: [
        { id: 'listen', line: 2, html: '' },
        { id: 'pass', line: 4, html: '' },
      ],
    },
    {
      id: 'k7',
      kind: 'find-the-fault',
      promptHtml: w.diagram,
      exhibit: {
        kind: 'diagram',
        title: w.diagram,
        source: `flowchart LR\naccTitle: ${w.diagram}\naccDescr: ${w.parts.join(', ')}\nC["C"] -->|"1"| L["L4"]\nL -->|"2"| S["S"]`,
      },
      parts: withIds(w.parts, ['one', 'two']).map((part) => ({ ...part, line: null })),
    },
    { id: 'k8', kind: 'interview', promptHtml: w.interview },
  ];
}

const option = (id, correct, chosen, explanationHtml, rightHtml) => ({
  id,
  correct,
  chosen,
  explanationHtml,
  rightHtml,
});

/** null: none of these questions. */
export function gradeFurther(language, quiz, answer) {
  const w = words[language];
  const [yes, no] = w.why;
  const graded = (isRight, options, more = {}) => ({
    verdict: isRight ? 'right' : 'wrong',
    score: isRight ? 100 : 0,
    options,
    explanationHtml: '',
    measured: null,
    ...more,
  });
  switch (quiz) {
    case 'k1': {
      const meant = answer.text === w.accepted;
      return graded(meant || answer.reason !== undefined, [
        option('age', true, meant, yes, w.accepted),
        option('keepalive', false, answer.text === 'keepalive', no, 'keepalive'),
      ]);
    }
    case 'k2': {
      const right = ['connect', 'choose', 'follow'];
      return graded(
        right.join() === answer.order.join(),
        right.map((id, index) => option(id, answer.order[index] === id, true, yes)),
      );
    }
    case 'k3': {
      const { nlb, alb } = answer.pairs;
      return graded(nlb === 'l4' && alb === 'l7', [
        option('nlb', nlb === 'l4', true, yes, 'L4'),
        option('alb', alb === 'l7', true, yes, 'L7'),
      ]);
    }
    case 'k4':
      return graded(
        answer.outcome === 'one',
        ['one', 'two', 'all'].map((id) => option(id, id === 'one', id === answer.outcome, id === 'one' ? yes : no)),
        { measured: { busyServers: 1 } },
      );
    case 'k5':
      return { verdict: 'waiting', score: 0, options: [], explanationHtml: '', measured: null };
    case 'k6':
      return graded(answer.part === 'listen', [
        option('listen', true, answer.part === 'listen', yes),
        option('pass', false, answer.part === 'pass', no),
      ]);
    case 'k7':
      return graded(answer.part === 'two', [
        option('one', false, answer.part === 'one', no),
        option('two', true, answer.part === 'two', yes),
      ]);
    case 'k8': {
      const { rating } = answer;
      const shown = { modelHtml: w.model };
      if (rating === undefined) return graded(false, [], { ...shown, verdict: 'waiting', awaits: 'rating' });
      return graded(rating === 'good' || rating === 'easy', [], { ...shown, rating });
    }
    default:
      return null;
  }
}
