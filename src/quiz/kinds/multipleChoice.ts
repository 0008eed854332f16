import * as v from 'valibot';
import { message } from '../../base/message';
import {
  type ChoiceItem,
  type ChoiceView,
  choiceKey,
  explainOptions,
  explainWhole,
  parseChoice,
  viewOptions,
} from '../choiceItem';
import type { QuizKind } from '../quizKind';

export interface MultipleChoiceItem extends ChoiceItem {
  readonly kind: 'multiple-choice';
}
export interface MultipleChoiceView extends ChoiceView {
  readonly kind: 'multiple-choice';
}
export interface MultipleChoiceAnswer {
  /** At least one, none twice. */
  readonly options: readonly string[];
}

const answerSchema = v.object({ options: v.pipe(v.array(v.string()), v.minLength(1)) });

/**
 * Any number of options is right. The score is what chosen and correct options have in common over all that is either
 * (Jaccard index, times 100): ticking everything does not pay, and one slip among many does not cost everything.
 */
export const multipleChoice: QuizKind<MultipleChoiceItem, MultipleChoiceView, MultipleChoiceAnswer> = {
  kind: 'multiple-choice',
  parse: (source) =>
    parseChoice('multiple-choice', source, (correct) =>
      correct > 0 ? null : message('At least one option must be correct.'),
    ),
  view: (item, order) => ({
    id: item.id,
    kind: item.kind,
    promptHtml: item.promptHtml,
    options: viewOptions(item, order),
  }),
  parseAnswer(item, raw) {
    const parsed = v.safeParse(answerSchema, raw);
    if (!parsed.success) return null;
    const options = [...new Set(parsed.output.options)];
    const exist = options.every((id) => item.options.some((option) => option.id === id));
    return exist ? { options } : null;
  },
  grade(item, answer) {
    const chosen = new Set(answer.options);
    const either = item.options.filter((option) => option.correct || chosen.has(option.id));
    const both = either.filter((option) => option.correct && chosen.has(option.id));
    const score = either.length === 0 ? 0 : (100 * both.length) / either.length;
    return {
      verdict: both.length === 0 ? 'wrong' : both.length === either.length ? 'right' : 'partly',
      score,
      options: explainOptions(item, chosen),
      ...explainWhole(item),
    };
  },
  key: choiceKey,
};
