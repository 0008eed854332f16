import type { QuizAnswer, QuizFeedback, QuizViewBase } from '../../src/quiz/quizKind';

/** How one kind of question is asked and its graded answer shown. One file in forms/ makes it, one line registers it. */
export interface QuizForm<View extends QuizViewBase> {
  readonly kind: View['kind'];
  readonly words?: QuizWords;
  /** The controls before grading; `answer` is what was chosen before (a draft), `onChange` is called at each change. */
  ask(view: View, answer: QuizAnswer | null, onChange: () => void): Asked;
  /** What stands in place of the controls after grading; `submit` sends another answer, such as this one with a reason. */
  review(
    view: View,
    answer: QuizAnswer | null,
    feedback: QuizFeedback,
    submit: (answer: QuizAnswer) => void,
  ): HTMLElement;
}

/** A kind's own words where those of a graded question do not fit. */
export interface QuizWords {
  /** What stands over the question. */
  readonly tag: () => string;
  readonly check: () => string;
  readonly verdict: (feedback: QuizFeedback) => string;
  readonly retry: () => string;
}

export interface Asked {
  readonly element: HTMLElement;
  /** null: nothing that could be graded yet. */
  answer(): QuizAnswer | null;
}

/** A form behind its registry line, its view type forgotten. */
export interface RegisteredForm {
  readonly kind: string;
  readonly words: QuizWords | null;
  readonly ask: (view: QuizViewBase, answer: QuizAnswer | null, onChange: () => void) => Asked;
  readonly review: (
    view: QuizViewBase,
    answer: QuizAnswer | null,
    feedback: QuizFeedback,
    submit: (answer: QuizAnswer) => void,
  ) => HTMLElement;
}

/** Safe because the host sends each kind's own view under that kind. */
export function registered<View extends QuizViewBase>(form: QuizForm<View>): RegisteredForm {
  return {
    kind: form.kind,
    words: form.words ?? null,
    ask: (view, answer, onChange) => form.ask(view as View, answer, onChange),
    review: (view, answer, feedback, submit) => form.review(view as View, answer, feedback, submit),
  };
}
