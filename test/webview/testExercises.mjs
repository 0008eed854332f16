// Made-up exercises for the harness: TEST DATA in the shape of a verdict, measured by nobody.
const words = {
  en: {
    titles: ['Spread gRPC', 'Spread REST as well'],
    goal: 'Leave the client and its one connection as they are, and change the configuration until all three servers share the requests.',
    hints: ['Ask what this balancer looks at when it chooses, and how often it chooses.', 'http, not stream.'],
    run: 'gRPC client',
    answers: 'gRPC answers that succeeded',
    help: 'This is still L4. The balancer sees connections only and chooses once for each. With one connection there is one server, whatever the policy.',
  },
  ko: {
    titles: ['gRPC를 고르게 나누기', 'REST도 고르게 나누기'],
    goal: '클라이언트도 연결도 하나 그대로 두고, 설정만 고쳐서 세 서버가 요청을 고르게 나누어 받게 하세요.',
    hints: [
      '이 로드밸런서가 무엇을 보고 고르는지, 그리고 몇 번 고르는지 생각해 보세요.',
      'stream이 아니라 http입니다.',
    ],
    run: 'gRPC 클라이언트',
    answers: '성공한 gRPC 응답',
    help: '아직 L4입니다. 이 로드밸런서는 연결만 보고 연결마다 한 번 고릅니다. 연결이 하나면 어떤 정책을 써도 서버도 하나입니다.',
  },
};

const plain = (text, args = {}) => ({ text, args });
const writtenWord = (text) => plain('{text}', { text });

export function testExercises(language) {
  const w = words[language];
  return ['spread-grpc', 'spread-rest'].map((id, i) => ({
    id,
    title: w.titles[i],
    goal: w.goal,
    edits: 'conf',
    file: `${id}.nginx.conf`,
    isOpened: false,
    isSolved: false,
    checking: null,
    hints: [],
    hintsLeft: 2,
    solutionShown: false,
    verdict: null,
  }));
}

export function testHints(language, count) {
  return words[language].hints.slice(0, count);
}

export function testVerdict(language, solved, problems = []) {
  const w = words[language];
  const line = (met, name, seen, wanted, help) => ({
    met,
    run: null,
    name,
    seen: plain('{value}', { value: seen }),
    wanted,
    help: met ? null : writtenWord(help),
  });
  if (problems.length > 0) return { solved: false, isStale: false, problems, runs: [], expectations: [] };
  const servers = solved ? 'server-a 300, server-b 300, server-c 300' : 'server-a 900, server-b 0, server-c 0';
  return {
    solved,
    isStale: false,
    problems: [],
    runs: [
      {
        id: 'grpc-l4',
        title: writtenWord(w.run),
        seen: [plain('Requests: {servers}. Client connections: {connections}.', { servers, connections: '1' })],
      },
    ],
    expectations: [
      line(true, writtenWord(w.answers), '100 %', plain('exactly {value}', { value: '100 %' }), ''),
      line(
        solved,
        plain('Busiest server against the mean'),
        solved ? '1' : '3',
        plain('at most {value}', { value: '1.2' }),
        w.help,
      ),
      line(
        solved,
        plain('Servers that answered'),
        solved ? '3' : '1',
        plain('exactly {value}', { value: '3' }),
        w.help,
      ),
    ],
  };
}
