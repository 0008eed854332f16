import * as v from 'valibot';
import { type Message, message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import { checkYaml, type YamlPath } from '../base/yamlSource';
import { experimentFields, readExperiment } from './experiment';
import { inOrder } from './optionOrder';
import { renderParagraphs } from './paragraphs';
import type { OptionOrder, QuizFeedback, QuizItemBase, QuizSource, QuizViewBase } from './quizKind';

/** Ids of questions and options: stable over languages and versions, fit for an anchor. */
export const quizId = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/), v.maxLength(60));
export const courseText = v.pipe(v.string(), v.trim(), v.nonEmpty());

/** A question with options to choose from, each with its own explanation. */
export interface ChoiceItem extends QuizItemBase {
  readonly options: readonly ChoiceOption[];
  /** About the question as a whole; may be empty. */
  readonly explanationHtml: string;
  /** How the choice may be argued for; safe HTML, null: the course gives no such answer. */
  readonly modelHtml: string | null;
}

export interface ChoiceOption {
  readonly id: string;
  readonly html: string;
  readonly correct: boolean;
  readonly explanationHtml: string;
}

/** What the page shows: options in this reader's order, nothing of the key. */
export interface ChoiceView extends QuizViewBase {
  readonly options: readonly { readonly id: string; readonly html: string }[];
}

const schema = v.strictObject({
  id: quizId,
  kind: v.string(),
  prompt: courseText,
  options: v.pipe(
    v.array(
      v.strictObject({
        id: quizId,
        text: courseText,
        correct: v.optional(v.boolean(), false),
        explanation: courseText,
      }),
    ),
    v.minLength(2),
    v.maxLength(10),
  ),
  explanation: v.optional(courseText),
  model: v.optional(courseText),
  ...experimentFields,
});

/** Reads the fields that all choice questions share. `wrongKey` says what is wrong about so many correct options, if anything is. */
export function parseChoice<Kind extends string>(
  kind: Kind,
  source: QuizSource,
  wrongKey: (correct: number) => Message | null,
): Result<ChoiceItem & { readonly kind: Kind }, readonly Problem[]> {
  const checked = checkYaml(source, schema);
  if (!checked.ok) return checked;
  const raw = checked.value;
  const problems: Problem[] = [];
  const problem = (path: YamlPath, text: Message): void => {
    problems.push({ severity: 'error', message: text, span: source.locate(path) });
  };
  problems.push(...repeatedIds(source, 'options', raw.options));
  const key = wrongKey(raw.options.filter((option) => option.correct).length);
  if (key !== null) problem(['options'], key);
  const experiment = readExperiment(source, raw);
  if (!experiment.ok) problems.push(experiment.error);
  if (problems.length > 0 || !experiment.ok) return err(problems);
  return ok({
    id: raw.id,
    kind,
    experiment: experiment.value,
    promptHtml: source.renderInline(raw.prompt, ['prompt']),
    options: raw.options.map((option, index) => ({
      id: option.id,
      html: source.renderInline(option.text, ['options', index, 'text']),
      correct: option.correct,
      explanationHtml: source.renderInline(option.explanation, ['options', index, 'explanation']),
    })),
    explanationHtml: raw.explanation === undefined ? '' : source.renderInline(raw.explanation, ['explanation']),
    modelHtml: raw.model === undefined ? null : renderParagraphs(source, raw.model, ['model']),
  });
}

/** Options that have the id of one before them. */
export function repeatedIds(
  source: QuizSource,
  list: string,
  options: readonly { readonly id: string }[],
): readonly Problem[] {
  const ids = options.map((option) => option.id);
  return ids.flatMap((id, index) =>
    ids.indexOf(id) === index
      ? []
      : [
          {
            severity: 'error' as const,
            message: message('Two options have the id “{id}”.', { id }),
            span: source.locate([list, index, 'id']),
          },
        ],
  );
}

export function viewOptions(item: ChoiceItem, order: OptionOrder): ChoiceView['options'] {
  return inOrder(item.options, order).map((option) => ({ id: option.id, html: option.html }));
}

/** Option ids and which are right; sorted, since the order of writing changes nothing. */
export function choiceKey(item: ChoiceItem): unknown {
  return item.options
    .map((option) => [option.id, option.correct] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** What is said of the question as a whole, whatever was chosen. */
export function explainWhole(item: ChoiceItem): Pick<QuizFeedback, 'explanationHtml' | 'modelHtml' | 'measured'> {
  const { explanationHtml, modelHtml } = item;
  return { explanationHtml, measured: null, ...(modelHtml === null ? {} : { modelHtml }) };
}

export function explainOptions(item: ChoiceItem, chosen: ReadonlySet<string>): QuizFeedback['options'] {
  return item.options.map((option) => ({
    id: option.id,
    correct: option.correct,
    chosen: chosen.has(option.id),
    explanationHtml: option.explanationHtml,
  }));
}
