import * as v from 'valibot';
import { message } from '../../base/message';
import type { Problem } from '../../base/problem';
import { err, ok } from '../../base/result';
import { checkYaml } from '../../base/yamlSource';
import { courseText, quizId, repeatedIds } from '../choiceItem';
import { experimentFields, readExperiment } from '../experiment';
import type { QuizFeedback, QuizItemBase, QuizKind, QuizViewBase } from '../quizKind';
import { isSpelling, saysSomething } from '../spelling';

export interface ShortAnswerItem extends QuizItemBase {
  readonly kind: 'short-answer';
  readonly answers: readonly ExpectedAnswer[];
  readonly explanationHtml: string;
}
/** What readers are likely to write: right answers, and wrong ones that deserve an explanation of their own. */
export interface ExpectedAnswer {
  readonly id: string;
  readonly html: string;
  readonly correct: boolean;
  /** Spellings in every language of the course, see spelling.ts; `*` stands for any text. */
  readonly accept: readonly string[];
  readonly explanationHtml: string;
}
export interface ShortAnswerView extends QuizViewBase {
  readonly kind: 'short-answer';
}
export interface ShortAnswer {
  readonly text: string;
  /** Why the reader counts the answer as right though it was not recognised. */
  readonly reason?: string | undefined;
}

/** Characters; a short answer is a term or a sentence. */
const LONGEST = 500;

const schema = v.strictObject({
  id: quizId,
  kind: v.string(),
  prompt: courseText,
  answers: v.pipe(
    v.array(
      v.strictObject({
        id: quizId,
        text: courseText,
        correct: v.optional(v.boolean(), false),
        accept: v.pipe(v.array(courseText), v.minLength(1), v.maxLength(60)),
        explanation: courseText,
      }),
    ),
    v.minLength(1),
    v.maxLength(12),
  ),
  explanation: v.optional(courseText),
  ...experimentFields,
});
const written = v.pipe(v.string(), v.maxLength(LONGEST), v.check(saysSomething));
const answerSchema = v.object({ text: written, reason: v.optional(written) });

/**
 * The reader writes a word or two. An answer that is not recognised counts all the same once the reader gives a reason,
 * which is kept with it: no list of spellings is ever complete.
 */
export const shortAnswer: QuizKind<ShortAnswerItem, ShortAnswerView, ShortAnswer> = {
  kind: 'short-answer',
  parse(source) {
    const checked = checkYaml(source, schema);
    if (!checked.ok) return checked;
    const raw = checked.value;
    const problems: Problem[] = [...repeatedIds(source, 'answers', raw.answers)];
    const problem = (path: readonly (string | number)[], text: Problem['message']): void => {
      problems.push({ severity: 'error', message: text, span: source.locate(path) });
    };
    if (!raw.answers.some((answer) => answer.correct)) {
      problem(['answers'], message('At least one answer must be correct.'));
    }
    raw.answers.forEach((answer, index) => {
      answer.accept.forEach((spelling, at) => {
        if (!saysSomething(spelling)) {
          problem(['answers', index, 'accept', at], message('“{spelling}” would accept anything.', { spelling }));
          return;
        }
        const other = raw.answers
          .slice(0, index)
          .find((earlier) => earlier.accept.some((taken) => isSpelling(spelling, taken)));
        if (other === undefined) return;
        const text = message('“{spelling}” is already taken for the answer “{id}”.', { spelling, id: other.id });
        problem(['answers', index, 'accept', at], text);
      });
    });
    const experiment = readExperiment(source, raw);
    if (!experiment.ok) problems.push(experiment.error);
    if (problems.length > 0 || !experiment.ok) return err(problems);
    return ok({
      id: raw.id,
      kind: 'short-answer',
      experiment: experiment.value,
      promptHtml: source.renderInline(raw.prompt, ['prompt']),
      answers: raw.answers.map((answer, index) => ({
        id: answer.id,
        html: source.renderInline(answer.text, ['answers', index, 'text']),
        correct: answer.correct,
        accept: answer.accept,
        explanationHtml: source.renderInline(answer.explanation, ['answers', index, 'explanation']),
      })),
      explanationHtml: raw.explanation === undefined ? '' : source.renderInline(raw.explanation, ['explanation']),
    });
  },
  view: (item) => ({ id: item.id, kind: item.kind, promptHtml: item.promptHtml }),
  parseAnswer(_item, raw) {
    const parsed = v.safeParse(answerSchema, raw);
    return parsed.success ? parsed.output : null;
  },
  grade(item, answer) {
    const meant = item.answers.find((expected) =>
      expected.accept.some((spelling) => isSpelling(answer.text, spelling)),
    );
    const isRecognised = meant?.correct === true;
    const isRight = isRecognised || answer.reason !== undefined;
    return {
      ...(isRight && !isRecognised ? { overruled: true } : {}),
      verdict: isRight ? 'right' : 'wrong',
      score: isRight ? 100 : 0,
      options: item.answers.map((expected): QuizFeedback['options'][number] => ({
        id: expected.id,
        correct: expected.correct,
        chosen: expected === meant,
        explanationHtml: expected.explanationHtml,
        rightHtml: expected.html,
      })),
      explanationHtml: item.explanationHtml,
      measured: null,
    };
  },
  asOverruled(_item, answer, earlier) {
    if (answer.reason !== undefined) return answer;
    const before = earlier.find((one) => one.reason !== undefined && isSpelling(answer.text, plain(one.text)));
    return before === undefined ? answer : { ...answer, reason: before.reason };
  },
  // Not the spellings: accepting one more makes nobody's answer worse.
  key: (item) =>
    item.answers.map(({ id, correct }) => [id, correct] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
};

/** A reader's `*` is no pattern. */
function plain(text: string): string {
  return text.replaceAll(/[*＊]/gu, ' ');
}
