import type { Quiz } from '../../src/quiz/quiz';

/** A question as its author wrote it; of each kind the fields that say what is right. */
export interface WrittenQuiz {
  readonly id: string;
  readonly kind: string;
  readonly diagram?: string;
  readonly reading?: string;
  readonly comparedTo?: string;
  readonly options?: readonly Choice[];
  readonly parts?: readonly Choice[];
  readonly steps?: readonly { readonly id: string }[];
  readonly pairs?: readonly { readonly id: string; readonly partner: string }[];
  readonly partners?: readonly { readonly id: string; readonly explanation?: string }[];
  readonly answers?: readonly (Choice & { readonly accept: readonly string[] })[];
  readonly outcomes?: readonly { readonly id: string; readonly upTo?: number }[];
}
interface Choice {
  readonly id: string;
  readonly correct?: boolean;
}

interface Rehearsal {
  readonly answer: unknown;
  readonly shares: Readonly<Record<string, number>>;
  readonly readings: Readonly<Record<string, number>>;
}

/** What a reader who knows would answer, with a run that a prediction of theirs would fit. */
export function rightAnswer(quiz: Quiz, course: readonly WrittenQuiz[]): Rehearsal {
  const written = course.find((one) => one.id === quiz.id);
  if (written === undefined) throw new Error(`The course asks no ${quiz.id}`);
  const pinned = { 'server-a': 1 };
  const measured = { [written.reading ?? '']: 1 };
  return { answer: answerTo(written), shares: pinned, readings: measured };
}

function answerTo(written: WrittenQuiz): unknown {
  const right = (choices: readonly Choice[] = []) =>
    choices.filter(({ correct }) => correct === true).map(({ id }) => id);
  switch (written.kind) {
    case 'single-choice':
      return { option: right(written.options)[0] };
    case 'multiple-choice':
      return { options: right(written.options) };
    case 'predict-split':
      return { shares: { 'server-a': 1 } };
    case 'predict-outcome':
      return written.outcomes === undefined
        ? { value: 1 }
        : { outcome: written.outcomes.find(({ upTo = Number.POSITIVE_INFINITY }) => upTo >= 1)?.id };
    case 'short-answer':
      return { text: written.answers?.find(({ correct }) => correct === true)?.accept[0] };
    case 'order':
      return { order: written.steps?.map(({ id }) => id) };
    case 'match':
      return { pairs: Object.fromEntries((written.pairs ?? []).map(({ id, partner }) => [id, partner])) };
    case 'find-the-fault':
      return { part: right(written.parts)[0] };
    case 'interview':
      return { text: '', rating: 'good' };
    default:
      throw new Error(`No answer to a question of the kind ${written.kind}`);
  }
}
