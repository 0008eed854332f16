import * as v from 'valibot';
import { err, ok } from '../../base/result';
import { checkYaml } from '../../base/yamlSource';
import { courseText, quizId, repeatedIds } from '../choiceItem';
import { experimentFields, readExperiment } from '../experiment';
import { inOrder } from '../optionOrder';
import type { QuizItemBase, QuizKind, QuizViewBase } from '../quizKind';

export interface OrderItem extends QuizItemBase {
  readonly kind: 'order';
  /** In the right order. */
  readonly steps: readonly { readonly id: string; readonly html: string; readonly explanationHtml: string }[];
  readonly explanationHtml: string;
}
export interface OrderView extends QuizViewBase {
  readonly kind: 'order';
  readonly steps: readonly { readonly id: string; readonly html: string }[];
}
export interface OrderAnswer {
  /** Every step once. */
  readonly order: readonly string[];
}

/** From this score on an order is partly right: most steps follow those they have to follow. */
const PARTLY_FROM = 60;

const schema = v.strictObject({
  id: quizId,
  kind: v.string(),
  prompt: courseText,
  steps: v.pipe(
    v.array(v.strictObject({ id: quizId, text: courseText, explanation: courseText })),
    v.minLength(3),
    v.maxLength(10),
  ),
  explanation: v.optional(courseText),
  ...experimentFields,
});
const answerSchema = v.object({ order: v.array(v.string()) });

/** Put the steps in order. The score is the share of pairs of steps that stand the right way round (100 = all). */
export const order: QuizKind<OrderItem, OrderView, OrderAnswer> = {
  kind: 'order',
  parse(source) {
    const checked = checkYaml(source, schema);
    if (!checked.ok) return checked;
    const raw = checked.value;
    const problems = [...repeatedIds(source, 'steps', raw.steps)];
    const experiment = readExperiment(source, raw);
    if (!experiment.ok) problems.push(experiment.error);
    if (problems.length > 0 || !experiment.ok) return err(problems);
    return ok({
      id: raw.id,
      kind: 'order',
      experiment: experiment.value,
      promptHtml: source.renderInline(raw.prompt, ['prompt']),
      steps: raw.steps.map((step, index) => ({
        id: step.id,
        html: source.renderInline(step.text, ['steps', index, 'text']),
        explanationHtml: source.renderInline(step.explanation, ['steps', index, 'explanation']),
      })),
      explanationHtml: raw.explanation === undefined ? '' : source.renderInline(raw.explanation, ['explanation']),
    });
  },
  view(item, shuffle) {
    const shown = inOrder(item.steps, shuffle);
    const isSolved = shown.every((step, index) => step === item.steps[index]);
    // The right order must not be what the reader starts from.
    const steps = isSolved ? [...shown.slice(1), ...shown.slice(0, 1)] : shown;
    return {
      id: item.id,
      kind: item.kind,
      promptHtml: item.promptHtml,
      steps: steps.map(({ id, html }) => ({ id, html })),
    };
  },
  parseAnswer(item, raw) {
    const parsed = v.safeParse(answerSchema, raw);
    if (!parsed.success) return null;
    const given = parsed.output.order;
    const isWhole = given.length === item.steps.length && item.steps.every((step) => given.includes(step.id));
    return isWhole ? parsed.output : null;
  },
  grade(item, answer) {
    const score = shareOfPairs(item.steps.map((step) => answer.order.indexOf(step.id))) * 100;
    return {
      verdict: score === 100 ? 'right' : score >= PARTLY_FROM ? 'partly' : 'wrong',
      score,
      options: item.steps.map((step, index) => ({
        id: step.id,
        correct: answer.order[index] === step.id,
        chosen: true,
        explanationHtml: step.explanationHtml,
      })),
      explanationHtml: item.explanationHtml,
      measured: null,
    };
  },
  key: (item) => item.steps.map((step) => step.id),
};

/** Of all pairs of places, how many are ascending, 0 to 1. */
function shareOfPairs(places: readonly number[]): number {
  let ascending = 0;
  let pairs = 0;
  places.forEach((place, index) => {
    for (const later of places.slice(index + 1)) {
      pairs += 1;
      if (place < later) ascending += 1;
    }
  });
  return pairs === 0 ? 1 : ascending / pairs;
}
