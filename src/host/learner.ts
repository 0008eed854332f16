import type { Clock } from '../base/clock';
import { type KeptAnswer, standingAnswer, standingOverruled } from '../course/progress';
import { dueNow, recallOf, reviewed, standingReview } from '../course/review';
import { advanced, type ReviewSession, startSession, withOnly, withVerdict } from '../course/reviewSession';
import type { KeptReview } from '../course/reviewState';
import type { QuizState, ReviewState, WeakQuestion } from '../protocol/webview';
import type { Quiz } from '../quiz/quiz';
import type { MeasuredReadings, MeasuredShares, OptionOrder, QuizAnswer } from '../quiz/quizKind';

/** Where answers and reviews are kept; the ProgressStore is one. */
export interface LearnerStore {
  answer(course: string, quiz: string): unknown;
  setAnswer(course: string, quiz: string, answer: KeptAnswer | null): Promise<void>;
  review(course: string, quiz: string): unknown;
  setReview(course: string, quiz: string, review: KeptReview | null): Promise<void>;
}

export interface LearnerOptions {
  readonly courseId: string;
  readonly store: LearnerStore;
  readonly clock: Pick<Clock, 'wallNow'>;
  /** The questions of the document that is shown. */
  readonly quizzes: () => ReadonlyMap<string, Quiz>;
  readonly orderOf: (quiz: string) => OptionOrder;
  readonly shares: MeasuredShares;
  readonly readings: MeasuredReadings;
}

/** Ways of answering one question that are remembered as overruled; the latest stay. */
const KEPT_OVERRULED = 10;

/** A question that was forgotten and is to come back within so many days is not known yet. */
const SHAKY_BELOW = 7;

/** One reader's questions in one course: what was answered, what is due, and the review that is going on. */
export class Learner {
  readonly #options: LearnerOptions;
  #session: ReviewSession | null = null;

  constructor(options: LearnerOptions) {
    this.#options = options;
  }

  /** The question with its standing answer, graded; null: there is no such question. */
  state(id: string): QuizState | null {
    const quiz = this.#quiz(id);
    if (quiz === undefined) return null;
    const kept = this.#answer(quiz);
    if (kept === null) return { id, answer: null, feedback: null };
    return { id, answer: kept.answer, feedback: this.#grade(quiz, kept.answer) };
  }

  states(): readonly QuizState[] {
    return [...this.#options.quizzes().keys()].flatMap((id) => this.state(id) ?? []);
  }

  /** Keeps an answer and plans the next time. false: it is no answer to this question; nothing was changed. */
  async answer(id: string, raw: unknown): Promise<boolean> {
    const quiz = this.#quiz(id);
    if (quiz?.isAnswer(raw) !== true) return false;
    const { courseId, store, clock } = this.#options;
    const earlier = this.#overruled(quiz);
    const answer = quiz.asOverruled(raw, earlier);
    const feedback = this.#grade(quiz, answer);
    const recall = feedback === null ? null : recallOf(feedback);
    const isOverruled = feedback?.overruled === true;
    // An answer that was just graded wrong and is now overruled counts as if it had been recognised at once.
    const corrected = isOverruled && answer === raw ? this.#wrongAnswer(quiz) : null;
    const before = corrected?.before === undefined ? this.#review(quiz) : corrected.before;
    const answeredAt = corrected?.answeredAt ?? clock.wallNow();
    const overruled = isOverruled && answer === raw ? [...earlier, answer].slice(-KEPT_OVERRULED) : earlier;
    await store.setAnswer(courseId, id, {
      answer,
      key: quiz.key,
      answeredAt,
      ...(feedback?.verdict === 'wrong' ? { before } : {}),
      ...(overruled.length > 0 ? { overruled } : {}),
    });
    if (recall !== null) await store.setReview(courseId, id, reviewed(before, quiz, recall, answeredAt));
    const verdict = feedback?.awaits === 'rating' ? 'unrated' : (feedback?.verdict ?? 'waiting');
    if (this.#session !== null) this.#session = withVerdict(this.#session, id, verdict, isOverruled);
    return true;
  }

  /** The question is asked anew; when it is due stays, and so does what the reader overruled. */
  async retry(id: string): Promise<void> {
    const { courseId, store, clock } = this.#options;
    const quiz = this.#quiz(id);
    const review = quiz === undefined ? null : this.#review(quiz);
    // What follows from the answer alone would go with it.
    if (review !== null) await store.setReview(courseId, id, review);
    const overruled = quiz === undefined ? [] : this.#overruled(quiz);
    const kept =
      quiz === undefined || overruled.length === 0
        ? null
        : { answer: null, key: quiz.key, answeredAt: clock.wallNow(), overruled };
    await store.setAnswer(courseId, id, kept);
  }

  /** Ids of the questions to be asked again now, longest due first. */
  due(): readonly string[] {
    return dueNow(this.#reviews(), this.#options.clock.wallNow());
  }

  /** When the next question is due, ms since the Unix epoch; null: none is planned. */
  nextDueAt(): number | null {
    const all = [...this.#reviews().values()].map((review) => review.dueAt);
    return all.length === 0 ? null : Math.min(...all);
  }

  counts(): { readonly known: number; readonly answered: number; readonly all: number } {
    const states = this.states();
    return {
      known: states.filter(({ feedback }) => feedback?.verdict === 'right').length,
      answered: states.filter(({ answer }) => answer !== null).length,
      all: states.length,
    };
  }

  /** Answered, and not known or hardly known, in the order of the course. */
  weak(): readonly WeakQuestion[] {
    return [...this.#options.quizzes().values()].flatMap((quiz) => {
      const verdict = this.state(quiz.id)?.feedback?.verdict;
      if (verdict === undefined || verdict === 'waiting') return [];
      const review = this.#review(quiz);
      const isShaky = review !== null && review.lapses > 0 && review.interval < SHAKY_BELOW;
      if (verdict === 'right' && !isShaky) return [];
      return [{ quiz: quiz.id, promptHtml: this.#view(quiz).promptHtml, lab: quiz.experiment?.lab ?? null }];
    });
  }

  /** Begins a review of what is due; one that is going on goes on. */
  startReview(): void {
    if (this.#session === null || this.#session.queue.length === 0) this.#session = startSession(this.due());
  }

  /** On to the next question of the review. */
  nextReview(): void {
    if (this.#session !== null) this.#session = advanced(this.#session);
  }

  /** null: no review was begun, or nothing was due. */
  reviewState(): ReviewState | null {
    if (this.#session === null) return null;
    const session = withOnly(this.#session, (id) => this.#quiz(id) !== undefined);
    this.#session = session;
    const quiz = this.#quiz(session.queue[0] ?? '');
    const { total, missed, queue, verdict } = session;
    if (quiz === undefined) return { total, left: 0, missed: missed.length, current: null };
    // What was answered on another day is asked afresh.
    const asked = { id: quiz.id, answer: null, feedback: null };
    return {
      total,
      left: queue.length,
      missed: missed.length,
      current: {
        quiz: this.#view(quiz),
        state: verdict === null ? asked : (this.state(quiz.id) ?? asked),
        again: verdict === null && missed.includes(quiz.id),
        lab: quiz.experiment?.lab ?? null,
      },
    };
  }

  /** Whether this question is the one that the review is at. */
  isReviewing(id: string): boolean {
    return this.#session?.queue[0] === id;
  }

  /** The store was emptied. */
  forget(): void {
    this.#session = null;
  }

  #quiz(id: string): Quiz | undefined {
    return this.#options.quizzes().get(id);
  }

  #view(quiz: Quiz) {
    return quiz.view(this.#options.orderOf(quiz.id));
  }

  #grade(quiz: Quiz, answer: unknown) {
    return quiz.grade(answer, this.#options.shares, this.#options.readings);
  }

  #answer(quiz: Quiz): KeptAnswer | null {
    return standingAnswer(this.#options.store.answer(this.#options.courseId, quiz.id), quiz);
  }

  /** The standing answer, if it is graded wrong. */
  #wrongAnswer(quiz: Quiz): KeptAnswer | null {
    const kept = this.#answer(quiz);
    return kept !== null && this.#grade(quiz, kept.answer)?.verdict === 'wrong' ? kept : null;
  }

  #overruled(quiz: Quiz): readonly QuizAnswer[] {
    return standingOverruled(this.#options.store.answer(this.#options.courseId, quiz.id), quiz);
  }

  /**
   * What is planned for a question. A prediction gets its verdict only when the lab is run, after it was answered: then
   * it counts from the answer.
   */
  #review(quiz: Quiz): KeptReview | null {
    const kept = standingReview(this.#options.store.review(this.#options.courseId, quiz.id), quiz);
    if (kept !== null) return kept;
    const answer = this.#answer(quiz);
    const feedback = answer === null ? null : this.#grade(quiz, answer.answer);
    const recall = feedback === null ? null : recallOf(feedback);
    return answer === null || recall === null ? null : reviewed(null, quiz, recall, answer.answeredAt);
  }

  #reviews(): ReadonlyMap<string, KeptReview> {
    const reviews = new Map<string, KeptReview>();
    for (const quiz of this.#options.quizzes().values()) {
      const review = this.#review(quiz);
      if (review !== null) reviews.set(quiz.id, review);
    }
    return reviews;
  }
}
