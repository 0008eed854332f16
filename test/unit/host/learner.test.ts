import { describe, expect, it } from 'vitest';
import { Learner, type LearnerStore } from '../../../src/host/learner';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import type { Quiz } from '../../../src/quiz/quiz';
import { choice, interview, outcome, quiz, ranges, shortAnswer } from '../quiz/quizBuilder';

const DAY = 86_400_000;
const named = (yaml: string, id: string): Quiz => quiz(yaml.replace(/^id: .*/, `id: ${id}`));

/** A reader of a course with these questions, who keeps everything in a map as JSON. */
function reader(...questions: readonly Quiz[]) {
  const kept = new Map<string, string>();
  const get = (key: string): unknown => JSON.parse(kept.get(key) ?? 'null');
  const set = async (key: string, value: unknown): Promise<void> => {
    if (value === null) kept.delete(key);
    else kept.set(key, JSON.stringify(value));
  };
  const store: LearnerStore = {
    answer: (course, id) => get(`answer:${course}:${id}`),
    setAnswer: (course, id, answer) => set(`answer:${course}:${id}`, answer),
    review: (course, id) => get(`review:${course}:${id}`),
    setReview: (course, id, review) => set(`review:${course}:${id}`, review),
  };
  const world = { now: Date.UTC(2026, 0, 5, 12), readings: null as Record<string, number> | null, questions };
  const open = () =>
    new Learner({
      courseId: 'course',
      store,
      clock: { wallNow: () => world.now },
      quizzes: () => new Map(world.questions.map((one) => [one.id, one])),
      orderOf: () => sourceOrder,
      shares: () => null,
      readings: () => world.readings,
    });
  return { world, open, learner: open() };
}

const a = named(`${choice('single-choice', 'ab', 'a')}\nlab: pinning`, 'a');
const b = named(choice('single-choice', 'ab', 'a'), 'b');
const right = { option: 'a' };
const wrong = { option: 'b' };

describe('a reader', () => {
  it('is asked again the next day what was wrong, and later what was right', async () => {
    const { world, learner } = reader(a, b);
    await learner.answer('a', wrong);
    await learner.answer('b', right);
    expect(learner.due()).toEqual([]);
    expect(learner.nextDueAt()).toBe(world.now + DAY);
    world.now += DAY;
    expect(learner.due()).toEqual(['a']);
    world.now += 3 * DAY;
    expect(learner.due()).toEqual(['a', 'b']);
  });

  it('keeps answers and plans for the next time the course is opened', async () => {
    const { world, learner, open } = reader(a);
    await learner.answer('a', wrong);
    world.now += DAY;
    const again = open();
    expect(again.state('a')).toMatchObject({ answer: wrong, feedback: { verdict: 'wrong' } });
    expect(again.due()).toEqual(['a']);
  });

  it('cannot put a wrong answer off by trying again at once', async () => {
    const { world, learner } = reader(a);
    await learner.answer('a', wrong);
    await learner.retry('a');
    await learner.answer('a', right);
    world.now += DAY;
    expect(learner.state('a')?.feedback?.verdict).toBe('right');
    expect(learner.due()).toEqual(['a']);
  });

  it('keeps nothing that is no answer', async () => {
    const { learner } = reader(a);
    expect(await learner.answer('a', { option: 'z' })).toBe(false);
    expect(await learner.answer('z', right)).toBe(false);
    expect(learner.counts()).toEqual({ known: 0, answered: 0, all: 1 });
  });

  it('loses answer and plan of a question that changed, and no other', async () => {
    const { world, learner } = reader(a, b);
    await learner.answer('a', wrong);
    await learner.answer('b', wrong);
    world.questions = [named(choice('single-choice', 'abc', 'a'), 'a'), b];
    world.now += DAY;
    expect(learner.state('a')).toEqual({ id: 'a', answer: null, feedback: null });
    expect(learner.state('b')?.feedback?.verdict).toBe('wrong');
    expect(learner.due()).toEqual(['b']);
  });

  it('is told what is weak, with the lab behind it', async () => {
    const { learner } = reader(a, b);
    await learner.answer('a', wrong);
    await learner.answer('b', right);
    expect(learner.weak()).toEqual([{ quiz: 'a', promptHtml: 'Which?', lab: 'pinning' }]);
    expect(learner.counts()).toEqual({ known: 1, answered: 2, all: 2 });
  });

  it('has the last word on a short answer', async () => {
    const { learner } = reader(named(shortAnswer(), 's'));
    await learner.answer('s', { text: 'GOAWAY' });
    expect(learner.state('s')?.feedback?.verdict).toBe('wrong');
    await learner.answer('s', { text: 'GOAWAY', reason: 'It is how the age ends.' });
    expect(learner.state('s')).toMatchObject({
      answer: { reason: 'It is how the age ends.' },
      feedback: { verdict: 'right' },
    });
  });
});

describe('a short answer that the reader overruled', () => {
  const s = named(shortAnswer(), 's');
  const own = { text: 'GOAWAY', reason: 'It is how the age ends.' };

  /** Answered in words that are not recognised, then overruled. */
  async function overruled() {
    const opened = reader(s);
    await opened.learner.answer('s', { text: 'GOAWAY' });
    await opened.learner.answer('s', own);
    return opened;
  }

  it('is planned as one that was right at once', async () => {
    const recognised = reader(s);
    await recognised.learner.answer('s', { text: 'max connection age' });
    const { learner, world } = await overruled();
    expect(learner.nextDueAt()).toBe(recognised.learner.nextDueAt());
    world.now += DAY;
    expect(learner.due()).toEqual([]);
  });

  it('is so, too, when it was due, and after the window was closed in between', async () => {
    const { learner, open, world } = await overruled();
    world.now = learner.nextDueAt() ?? 0;
    const known = reader(s);
    await known.learner.answer('s', { text: 'max connection age' });
    known.world.now = known.learner.nextDueAt() ?? 0;
    await known.learner.answer('s', { text: 'max connection age' });
    await learner.answer('s', { text: 'something else' });
    world.now += 60_000;
    const again = open();
    await again.answer('s', { text: 'something else', reason: 'I meant the same.' });
    expect(again.nextDueAt()).toBe(known.learner.nextDueAt());
    expect(again.weak()).toEqual([]);
  });

  it('is right in a review when it is given in the same words, also after another try', async () => {
    const { learner, world } = await overruled();
    await learner.retry('s');
    expect(learner.state('s')).toMatchObject({ answer: null });
    world.now = (learner.nextDueAt() ?? 0) + DAY;
    learner.startReview();
    await learner.answer('s', { text: ' goaway. ' });
    expect(learner.reviewState()).toMatchObject({
      missed: 0,
      current: { state: { answer: { reason: own.reason }, feedback: { verdict: 'right' } } },
    });
    expect(learner.due()).toEqual([]);
    await learner.retry('s');
    await learner.answer('s', { text: 'keepalive' });
    expect(learner.state('s')?.feedback?.verdict).toBe('wrong');
  });

  it('was never missed in the review in which it was overruled', async () => {
    const { learner, world } = reader(s);
    await learner.answer('s', { text: 'keepalive' });
    world.now += DAY;
    learner.startReview();
    await learner.answer('s', { text: 'GOAWAY' });
    expect(learner.reviewState()?.missed).toBe(1);
    await learner.answer('s', own);
    learner.nextReview();
    expect(learner.reviewState()).toMatchObject({ left: 0, missed: 0 });
    expect(learner.due()).toEqual([]);
  });

  it('does not whitewash the answer before it', async () => {
    const { learner, world } = reader(s);
    await learner.answer('s', { text: 'keepalive' });
    await learner.retry('s');
    await learner.answer('s', { text: 'GOAWAY' });
    await learner.answer('s', own);
    world.now += DAY;
    expect(learner.due()).toEqual(['s']);
  });
});

describe('an interview question', () => {
  const i = named(interview(), 'i');
  const j = named(interview(), 'j');

  it('is planned by the reader’s own judgement, and not before it', async () => {
    const { learner, world } = reader(i, j);
    await learner.answer('i', { text: 'Well …' });
    expect(learner.state('i')?.feedback).toMatchObject({ verdict: 'waiting', awaits: 'rating' });
    expect(learner.nextDueAt()).toBeNull();
    await learner.answer('i', { text: 'Well …', rating: 'again' });
    await learner.answer('j', { text: '', rating: 'easy' });
    expect(learner.weak().map(({ quiz: id }) => id)).toEqual(['i']);
    world.now += DAY;
    expect(learner.due()).toEqual(['i']);
  });

  it('stays in the review until it is rated', async () => {
    const { learner, world } = reader(i, j);
    for (const id of ['i', 'j']) await learner.answer(id, { text: '', rating: 'again' });
    world.now += DAY;
    learner.startReview();
    await learner.answer('i', { text: 'So' });
    expect(learner.reviewState()?.current?.state.feedback?.modelHtml).toContain('About');
    learner.nextReview();
    expect(learner.reviewState()).toMatchObject({ left: 2, current: { quiz: { id: 'j' } } });
    await learner.answer('j', { text: '', rating: 'hard' });
    learner.nextReview();
    await learner.answer('i', { text: 'So', rating: 'good' });
    learner.nextReview();
    expect(learner.reviewState()).toMatchObject({ left: 0, missed: 0 });
  });
});

describe('a prediction', () => {
  it('is planned once the run has scored it, counted from the answer', async () => {
    const { world, learner } = reader(named(outcome(...ranges), 'w'));
    await learner.answer('w', { outcome: 'none' });
    world.now += DAY;
    expect(learner.due()).toEqual([]);
    world.readings = { 'latencyMs.p99': 5 };
    expect(learner.state('w')?.feedback?.verdict).toBe('wrong');
    expect(learner.due()).toEqual(['w']);
  });

  it('that missed comes back, even if it is changed once the run is known', async () => {
    const { world, learner } = reader(named(outcome(...ranges), 'w'));
    await learner.answer('w', { outcome: 'none' });
    world.readings = { 'latencyMs.p99': 5 };
    await learner.retry('w');
    await learner.answer('w', { outcome: 'some' });
    expect(learner.state('w')?.feedback?.verdict).toBe('right');
    world.now += DAY;
    expect(learner.due()).toEqual(['w']);
  });
});

describe('a review', () => {
  async function due() {
    const opened = reader(a, b);
    await opened.learner.answer('a', wrong);
    await opened.learner.answer('b', wrong);
    opened.world.now += DAY;
    opened.learner.startReview();
    return opened;
  }

  it('does not begin where nothing is due', () => {
    const { learner } = reader(a);
    learner.startReview();
    expect(learner.reviewState()).toBeNull();
  });

  it('asks afresh what was answered before', async () => {
    const { learner } = await due();
    expect(learner.reviewState()).toMatchObject({
      total: 2,
      left: 2,
      missed: 0,
      current: { quiz: { id: 'a' }, state: { answer: null, feedback: null }, again: false, lab: 'pinning' },
    });
  });

  it('shows the grade, and then the next; what was wrong once more at the end', async () => {
    const { world, learner } = await due();
    await learner.answer('a', wrong);
    expect(learner.reviewState()?.current?.state.feedback?.verdict).toBe('wrong');
    learner.nextReview();
    expect(learner.reviewState()?.current?.quiz.id).toBe('b');
    await learner.answer('b', right);
    learner.nextReview();
    expect(learner.reviewState()).toMatchObject({ left: 1, missed: 1, current: { quiz: { id: 'a' }, again: true } });
    await learner.answer('a', right);
    learner.nextReview();
    expect(learner.reviewState()).toEqual({ total: 2, left: 0, missed: 1, current: null });
    expect(learner.due()).toEqual([]);
    world.now += DAY;
    expect(learner.due()).toEqual(['a']);
  });

  it('goes on where it was when it is opened again', async () => {
    const { learner } = await due();
    await learner.answer('a', right);
    learner.nextReview();
    learner.startReview();
    expect(learner.reviewState()).toMatchObject({ total: 2, left: 1, current: { quiz: { id: 'b' } } });
  });

  it('goes on without a question that the other language, or an upgrade, does not have', async () => {
    const { world, learner } = await due();
    world.questions = [b];
    expect(learner.reviewState()).toMatchObject({ left: 1, current: { quiz: { id: 'b' } } });
  });
});
