import { describe, expect, it } from 'vitest';
import { Learner, type LearnerStore } from '../../../src/host/learner';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import type { Quiz } from '../../../src/quiz/quiz';
import { choice, outcome, quiz, ranges, shortAnswer } from '../quiz/quizBuilder';

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
