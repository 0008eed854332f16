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

export interface SingleChoiceItem extends ChoiceItem {
  readonly kind: 'single-choice';
}
export interface SingleChoiceView extends ChoiceView {
  readonly kind: 'single-choice';
}
export interface SingleChoiceAnswer {
  readonly option: string;
}

const answerSchema = v.object({ option: v.string() });

/** One option is right. */
export const singleChoice: QuizKind<SingleChoiceItem, SingleChoiceView, SingleChoiceAnswer> = {
  kind: 'single-choice',
  parse: (source) =>
    parseChoice('single-choice', source, (correct) =>
      correct === 1 ? null : message('Exactly one option must be correct, not {count}.', { count: correct }),
    ),
  view: (item, order) => ({
    id: item.id,
    kind: item.kind,
    promptHtml: item.promptHtml,
    options: viewOptions(item, order),
  }),
  parseAnswer(item, raw) {
    const parsed = v.safeParse(answerSchema, raw);
    return parsed.success && item.options.some((option) => option.id === parsed.output.option) ? parsed.output : null;
  },
  grade(item, answer) {
    const isRight = item.options.some((option) => option.id === answer.option && option.correct);
    return {
      verdict: isRight ? 'right' : 'wrong',
      score: isRight ? 100 : 0,
      options: explainOptions(item, new Set([answer.option])),
      ...explainWhole(item),
    };
  },
  key: choiceKey,
};
