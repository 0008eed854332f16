// Stands where the extension host stands, in a plain browser page: answers the page's messages with test data.
import { grade, labState, pageState } from './testCourse.mjs';
import { testResult, testSnapshot } from './testRun.mjs';

/** Rehearses in the page; the tests steer it over `window.fakeHost`. */
export function startFakeHost(options) {
  const sent = [];
  let language = options.language;
  let lab = labState(language);
  const quizzes = new Map(['q1', 'q2', 'q3'].map((id) => [id, { id, answer: null, feedback: null }]));
  const post = (message) => window.postMessage(message, '*');
  const update = (over) => {
    lab = { ...lab, ...over };
    post({ type: 'lab', lab });
  };
  const page = () => {
    const { arms, title, goal } = labState(language, { servers: lab.arms[0].serverIds });
    lab = { ...lab, arms, title, goal };
    const state = pageState(language, options.catalogs[language] ?? {});
    post({ type: 'course', page: { ...state, labs: [lab], quizzes: [...quizzes.values()] } });
  };
  const servers = () => lab.arms[0].serverIds;
  const host = {
    sent,
    post,
    update,
    tick: (answered, over = {}) =>
      post({
        type: 'snapshot',
        lab: lab.id,
        snapshot: testSnapshot({
          arm: lab.selectedArm,
          answered,

          servers: servers(),
          ...over,
        }),
      }),
    finish() {
      const prediction = lab.predictions[lab.selectedArm] ?? null;
      const result = testResult(lab.selectedArm, servers(), lab.params.requests, prediction);
      update({ running: false, phase: null, results: { ...lab.results, [lab.selectedArm]: result } });
    },
    receive(message) {
      sent.push(message);
      switch (message.type) {
        case 'ready':
          return page();
        case 'setLanguage':
          language = message.language;
          return page();
        case 'selectArm':
          return update({ selectedArm: message.arm });
        case 'run':
          return update({ running: true, phase: 'starting', params: message.params });
        case 'reset':
          return update({ running: false, phase: null, results: {}, predictions: {}, params: lab.defaults });
        case 'predict':
          return update({ predictions: { ...lab.predictions, [message.arm]: message.shares } });
        case 'addServer':
          lab = { ...lab, arms: labState(language, { servers: [...servers(), 'server-d'] }).arms };
          return update({ canAdd: false });
        case 'answer': {
          const state = {
            id: message.quiz,
            answer: message.answer,
            feedback: grade(language, message.quiz, message.answer),
          };
          quizzes.set(message.quiz, state);
          return post({ type: 'quiz', quiz: state });
        }
        case 'retryQuiz': {
          const state = { id: message.quiz, answer: null, feedback: null };
          quizzes.set(message.quiz, state);
          return post({ type: 'quiz', quiz: state });
        }
      }
    },
  };
  window.fakeHost = host;
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => host.receive(structuredClone(message)),
    getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
  });
}
