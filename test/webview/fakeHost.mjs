// Stands where the extension host stands, in a plain browser page: answers the page's messages with test data.
import { choices, grade, labState, listingState, NO_PROGRESS, pageState, QUIZ_IDS } from './testCourse.mjs';
import { testHints, testVerdict } from './testExercises.mjs';
import { furtherQuizzes } from './testQuizzes.mjs';
import { testResult, testSnapshot } from './testRun.mjs';

/** Rehearses in the page; the tests steer it over `window.fakeHost`. */
export function startFakeHost(options) {
  const sent = [];
  let language = options.language;
  const ofLab = (over) => labState(language, { ...(options.choices ? choices(language) : {}), ...over });
  let lab = ofLab();
  const quizzes = new Map(QUIZ_IDS.map((id) => [id, { id, answer: null, feedback: null }]));
  const post = (message) => window.postMessage(message, '*');
  const update = (over) => {
    lab = { ...lab, ...over };
    post({ type: 'lab', lab });
  };
  let view = 'course';
  // A review of two questions, of which one that is wrong comes again.
  let queue = [];
  let reviewed = null;
  const review = () => {
    const [id] = queue;
    const quiz = furtherQuizzes(language).find((one) => one.id === id) ?? null;
    const current =
      quiz === null
        ? null
        : { quiz, state: reviewed ?? { id, answer: null, feedback: null }, again: false, lab: 'grpc-pinning' };
    return { total: 2, left: queue.length, missed: 0, current };
  };
  const progress = () => ({
    ...NO_PROGRESS,
    sections: { read: 1, all: 2 },
    labs: [{ id: lab.id, title: lab.title, run: 1, all: 6 }],
    questions: { known: 1, answered: 2, all: QUIZ_IDS.length },
    weak: [{ quiz: 'k6', promptHtml: furtherQuizzes(language)[5].promptHtml, lab: lab.id }],
    due: 2,
    nextDueAt: Date.UTC(2026, 0, 5, 12),
  });
  const page = () => {
    const { arms, title, goal, exercises, scenarios, messages } = ofLab({ servers: lab.arms[0].serverIds });
    lab = { ...lab, arms, title, goal, exercises, scenarios, messages };
    const state = pageState(language, options.catalogs[language] ?? {});
    post({
      type: 'course',
      page: {
        ...state,
        labs: [lab],
        quizzes: [...quizzes.values()],
        view,
        review: view === 'review' ? review() : null,
        progress: progress(),
      },
    });
  };
  const servers = () => lab.arms[0].serverIds;
  const updateExercise = (id, over) =>
    update({ exercises: lab.exercises.map((one) => (one.id === id ? { ...one, ...over(one) } : one)) });
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
    /** Another text, without labs and questions. */
    showBlocks(blocks) {
      const state = pageState(language, options.catalogs[language] ?? {});
      const nothing = { labs: [], quizzes: [], listings: [], review: null };
      post({
        type: 'course',
        page: { ...state, ...nothing, view, progress: progress(), course: { ...state.course, blocks } },
      });
    },
    changeListing: (over) => post({ type: 'listing', listing: listingState(over) }),
    finish() {
      const prediction = lab.predictions[lab.selectedArm] ?? null;
      const result = testResult(lab.selectedArm, servers(), lab.params.requests, prediction, lab.params);
      const readings = { 'latencyMs.p99': result.result.latencyMs.p99, failed: result.result.failed };
      update({
        running: false,
        phase: null,
        results: { ...lab.results, [lab.selectedArm]: result },
        readings: { ...lab.readings, [lab.selectedArm]: readings },
      });
    },
    /** The check of an exercise ends with a verdict. */
    checked(id, solved, problems) {
      const verdict = testVerdict(language, solved, problems);
      updateExercise(id, (one) => ({ checking: null, verdict, isSolved: one.isSolved || solved, isOpened: true }));
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
          return update({ running: true, phase: 'starting', selectedArm: message.arm, params: message.params });
        case 'reset':
          return update({
            running: false,
            phase: null,
            results: {},
            readings: {},
            predictions: {},
            params: lab.defaults,
          });
        case 'setUp': {
          const { type: _, lab: __, ...chosen } = message;
          return update({ params: { ...lab.params, ...chosen } });
        }
        case 'exercise': {
          const { exercise, do: action } = message;
          if (action === 'check') return updateExercise(exercise, () => ({ checking: { number: 1, of: 1 } }));
          if (action === 'compare') return updateExercise(exercise, () => ({ solutionShown: true, isOpened: true }));
          if (action === 'hint') {
            return updateExercise(exercise, ({ hints }) => ({
              hints: testHints(language, hints.length + 1),
              hintsLeft: 1 - hints.length,
            }));
          }
          return updateExercise(exercise, () => ({ isOpened: true }));
        }
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
          if (queue[0] === message.quiz) {
            reviewed = state;
            post({ type: 'review', review: review() });
          }
          return post({ type: 'quiz', quiz: state });
        }
        case 'view':
          view = message.view;
          if (view === 'review' && queue.length === 0) queue = ['k1', 'k3'];
          if (view === 'review') post({ type: 'review', review: review() });
          post({ type: 'progress', progress: progress() });
          return post({ type: 'view', view });
        case 'nextReview':
          queue = reviewed?.feedback.verdict === 'right' ? queue.slice(1) : [...queue.slice(1), queue[0]];
          reviewed = null;
          return post({ type: 'review', review: review() });
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
