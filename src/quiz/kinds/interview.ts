import * as v from 'valibot';
import { err, ok } from '../../base/result';
import { checkYaml } from '../../base/yamlSource';
import { courseText, quizId } from '../choiceItem';
import { experimentFields, readExperiment } from '../experiment';
import { renderParagraphs } from '../paragraphs';
import type { QuizFeedback, QuizItemBase, QuizKind, QuizViewBase, SelfRating } from '../quizKind';

export interface InterviewItem extends QuizItemBase {
  readonly kind: 'interview';
  /** What a good candidate would say in about a minute; safe HTML. */
  readonly modelHtml: string;
}
export interface InterviewView extends QuizViewBase {
  readonly kind: 'interview';
}
export interface InterviewAnswer {
  /** Empty: answered aloud. */
  readonly text: string;
  /** The reader's judgement after the model answer; absent: not yet. */
  readonly rating?: SelfRating | undefined;
}

/** Characters; more than anyone says in a minute. */
const LONGEST = 5000;

const schema = v.strictObject({
  id: quizId,
  kind: v.string(),
  prompt: courseText,
  answer: courseText,
  ...experimentFields,
});
const answerSchema = v.object({
  text: v.pipe(v.string(), v.maxLength(LONGEST)),
  rating: v.optional(v.picklist(['again', 'hard', 'good', 'easy'])),
});

const graded: Readonly<Record<SelfRating, Pick<QuizFeedback, 'verdict' | 'score'>>> = {
  again: { verdict: 'wrong', score: 0 },
  hard: { verdict: 'partly', score: 50 },
  good: { verdict: 'right', score: 100 },
  easy: { verdict: 'right', score: 100 },
};

/** The reader answers, aloud or in writing, compares with a model answer and says how it went: that plans the next time. */
export const interview: QuizKind<InterviewItem, InterviewView, InterviewAnswer> = {
  kind: 'interview',
  parse(source) {
    const checked = checkYaml(source, schema);
    if (!checked.ok) return checked;
    const raw = checked.value;
    const experiment = readExperiment(source, raw);
    if (!experiment.ok) return err([experiment.error]);
    return ok({
      id: raw.id,
      kind: 'interview',
      experiment: experiment.value,
      promptHtml: source.renderInline(raw.prompt, ['prompt']),
      modelHtml: renderParagraphs(source, raw.answer, ['answer']),
    });
  },
  view: (item) => ({ id: item.id, kind: item.kind, promptHtml: item.promptHtml }),
  parseAnswer(_item, raw) {
    const parsed = v.safeParse(answerSchema, raw);
    return parsed.success ? parsed.output : null;
  },
  grade(item, { rating }) {
    const shown = { options: [], explanationHtml: '', modelHtml: item.modelHtml, measured: null };
    if (rating === undefined) return { ...shown, verdict: 'waiting', score: 0, awaits: 'rating' };
    return { ...shown, ...graded[rating], rating };
  },
  // Nothing but the question itself: there is no option to go by.
  key: (item) => item.id,
};
