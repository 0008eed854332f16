import * as v from 'valibot';
import type { Quiz } from '../quiz/quiz';
import type { QuizAnswer } from '../quiz/quizKind';

/** What is kept of one reader's way through one course. Plain JSON: it lives in the editor's global state. */
export interface CourseProgress {
  /** Of the course when this was written. */
  readonly courseVersion: number;
  /** Fixes the order of options for this reader, see optionOrder.ts; drawn once. */
  readonly readerSeed: number;
  /** Anchors of the sections that were read. */
  readonly sections: readonly string[];
  /** By question id. */
  readonly answers: Readonly<Record<string, KeptAnswer>>;
}

export interface KeptAnswer {
  readonly answer: QuizAnswer;
  /** The question's key when it was answered, see QuizKind.key. */
  readonly key: string;
  /** Milliseconds since the Unix epoch. */
  readonly answeredAt: number;
}

const schema = v.object({
  courseVersion: v.pipe(v.number(), v.integer()),
  readerSeed: v.pipe(v.number(), v.integer(), v.minValue(0)),
  sections: v.array(v.string()),
  answers: v.record(v.string(), v.object({ answer: v.unknown(), key: v.string(), answeredAt: v.number() })),
});

export function emptyProgress(courseVersion: number, readerSeed: number): CourseProgress {
  return { courseVersion, readerSeed, sections: [], answers: {} };
}

/** What was stored, or null if it is nothing of ours (another version's, damaged): then the reader starts afresh. */
export function parseProgress(stored: unknown): CourseProgress | null {
  const parsed = v.safeParse(schema, stored);
  return parsed.success ? parsed.output : null;
}

/** Keeps an answer; null if it is none to this question. An earlier answer to it is replaced. */
export function withAnswer(
  progress: CourseProgress,
  quiz: Quiz,
  answer: unknown,
  answeredAt: number,
): CourseProgress | null {
  if (!quiz.isAnswer(answer)) return null;
  return { ...progress, answers: { ...progress.answers, [quiz.id]: { answer, key: quiz.key, answeredAt } } };
}

export function withoutAnswer(progress: CourseProgress, quizId: string): CourseProgress {
  const { [quizId]: _dropped, ...answers } = progress.answers;
  return { ...progress, answers };
}

/** Marks a section as read; the same object if it was. */
export function withSection(progress: CourseProgress, anchor: string): CourseProgress {
  return progress.sections.includes(anchor) ? progress : { ...progress, sections: [...progress.sections, anchor] };
}

/**
 * Carries progress over to the course as it is now. An answer stays if its question is still there with the same options
 * and key (its words may have been improved, or be in another language); an answer to a question that changed or went is
 * dropped, and so are sections that are gone.
 */
export function carriedOver(
  progress: CourseProgress,
  course: {
    readonly version: number;
    readonly quizzes: ReadonlyMap<string, Quiz>;
    readonly anchors: ReadonlySet<string>;
  },
): CourseProgress {
  const answers = Object.entries(progress.answers).filter(([id, kept]) => {
    const quiz = course.quizzes.get(id);
    return quiz !== undefined && quiz.key === kept.key && quiz.isAnswer(kept.answer);
  });
  return {
    ...progress,
    courseVersion: course.version,
    sections: progress.sections.filter((anchor) => course.anchors.has(anchor)),
    answers: Object.fromEntries(answers),
  };
}
