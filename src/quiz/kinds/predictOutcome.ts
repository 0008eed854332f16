import * as v from 'valibot';
import { message } from '../../base/message';
import type { Problem } from '../../base/problem';
import { err, ok } from '../../base/result';
import { checkYaml } from '../../base/yamlSource';
import { courseText, quizId, repeatedIds } from '../choiceItem';
import type { MeasuredReadings, QuizFeedback, QuizItemBase, QuizKind, QuizViewBase } from '../quizKind';

export interface PredictOutcomeItem extends QuizItemBase {
  readonly kind: 'predict-outcome';
  readonly lab: string;
  readonly arm: string;
  /** Name of the number to predict, as the run's result has it: "latencyMs.p99". */
  readonly reading: string;
  /** The reading is held against the same one of this arm: how many times as much. null: as it is. */
  readonly comparedTo: string | null;
  /** Written behind the number: "ms"; may be empty. */
  readonly unit: string;
  /** How far off, as a share of the measured value, a number is still right. */
  readonly tolerance: number;
  /** Ranges to choose from, ascending; null: the reader gives a number. */
  readonly outcomes: readonly Outcome[] | null;
  readonly explanationHtml: string;
}
export interface Outcome {
  readonly id: string;
  readonly html: string;
  /** The largest value of this outcome; Infinity for the last. It begins where the one before ends. */
  readonly upTo: number;
  readonly explanationHtml: string;
}
export interface PredictOutcomeView extends QuizViewBase {
  readonly kind: 'predict-outcome';
  readonly lab: string;
  readonly arm: string;
  readonly comparedTo: string | null;
  readonly reading: string;
  readonly unit: string;
  readonly outcomes: readonly { readonly id: string; readonly html: string }[] | null;
}
export type PredictOutcomeAnswer = { readonly value: number } | { readonly outcome: string };

/** A number that is off by up to this many times the tolerance is partly right. */
const PARTLY_UP_TO = 2.5;

const schema = v.strictObject({
  id: quizId,
  kind: v.string(),
  prompt: courseText,
  lab: v.string(),
  arm: v.string(),
  reading: v.pipe(v.string(), v.regex(/^[a-z]\w*(\.[A-Za-z]\w*)*$/)),
  comparedTo: v.optional(v.string()),
  unit: v.optional(v.pipe(v.string(), v.maxLength(20)), ''),
  tolerance: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1))),
  outcomes: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          id: quizId,
          text: courseText,
          upTo: v.optional(v.number()),
          explanation: courseText,
        }),
      ),
      v.minLength(2),
      v.maxLength(8),
    ),
  ),
  explanation: courseText,
});
const answerSchema = v.union([
  v.object({ value: v.pipe(v.number(), v.finite(), v.minValue(0)) }),
  v.object({ outcome: v.string() }),
]);

/** What will the run show: a number, or one of several ranges of it. Graded only against the reader's own run. */
export const predictOutcome: QuizKind<PredictOutcomeItem, PredictOutcomeView, PredictOutcomeAnswer> = {
  kind: 'predict-outcome',
  parse(source) {
    const checked = checkYaml(source, schema);
    if (!checked.ok) return checked;
    const raw = checked.value;
    const problems: Problem[] = [...repeatedIds(source, 'outcomes', raw.outcomes ?? [])];
    const problem = (path: readonly (string | number)[], text: Problem['message']): void => {
      problems.push({ severity: 'error', message: text, span: source.locate(path) });
    };
    const lab = source.labs.find((candidate) => candidate.id === raw.lab);
    if (lab === undefined) problem(['lab'], message('There is no lab “{lab}” in this course.', { lab: raw.lab }));
    for (const field of ['arm', 'comparedTo'] as const) {
      const arm = raw[field];
      if (arm === undefined || lab === undefined || lab.arms.length === 0 || lab.arms.includes(arm)) continue;
      problem([field], message('The lab “{lab}” has no arm “{arm}”.', { lab: raw.lab, arm }));
    }
    if (lab?.readings !== undefined && !lab.readings.includes(raw.reading)) {
      problem(['reading'], message('No run has a reading “{reading}”.', { reading: raw.reading }));
    }
    if (raw.outcomes !== undefined && raw.tolerance !== undefined) {
      problem(['tolerance'], message('Outcomes to choose from have no tolerance.'));
    }
    raw.outcomes?.forEach((outcome, index, all) => {
      const before = all[index - 1]?.upTo ?? Number.NEGATIVE_INFINITY;
      if (index === all.length - 1) {
        if (outcome.upTo !== undefined) {
          problem(['outcomes', index, 'upTo'], message('The last outcome has no “upTo”: it is everything above.'));
        }
      } else if (outcome.upTo === undefined) {
        problem(['outcomes', index], message('Every outcome but the last says “upTo”, the largest value it holds.'));
      } else if (outcome.upTo <= before) {
        problem(['outcomes', index, 'upTo'], message('Outcomes go upwards: each “upTo” is more than the one before.'));
      }
    });
    if (problems.length > 0) return err(problems);
    return ok({
      id: raw.id,
      kind: 'predict-outcome',
      experiment: { lab: raw.lab, arm: raw.arm },
      promptHtml: source.renderInline(raw.prompt, ['prompt']),
      lab: raw.lab,
      arm: raw.arm,
      reading: raw.reading,
      comparedTo: raw.comparedTo ?? null,
      unit: raw.unit,
      tolerance: raw.tolerance ?? 0.2,
      outcomes:
        raw.outcomes?.map((outcome, index) => ({
          id: outcome.id,
          html: source.renderInline(outcome.text, ['outcomes', index, 'text']),
          upTo: outcome.upTo ?? Number.POSITIVE_INFINITY,
          explanationHtml: source.renderInline(outcome.explanation, ['outcomes', index, 'explanation']),
        })) ?? null,
      explanationHtml: source.renderInline(raw.explanation, ['explanation']),
    });
  },
  view: (item) => ({
    id: item.id,
    kind: item.kind,
    promptHtml: item.promptHtml,
    lab: item.lab,
    arm: item.arm,
    comparedTo: item.comparedTo,
    reading: item.reading,
    unit: item.unit,
    // Not shuffled: they are ranges, and read best upwards.
    outcomes: item.outcomes?.map(({ id, html }) => ({ id, html })) ?? null,
  }),
  parseAnswer(item, raw) {
    const parsed = v.safeParse(answerSchema, raw);
    if (!parsed.success) return null;
    const answer = parsed.output;
    if ('value' in answer) return item.outcomes === null ? answer : null;
    return item.outcomes?.some((outcome) => outcome.id === answer.outcome) === true ? answer : null;
  },
  grade(item, answer, _shares, readings) {
    const value = measuredValue(item, readings);
    if (value === null) return { verdict: 'waiting', score: 0, options: [], explanationHtml: '', measured: null };
    return {
      ...('value' in answer ? gradeNumber(answer.value, value, item.tolerance) : gradeOutcome(item, answer, value)),
      explanationHtml: item.explanationHtml,
      measured: { [item.reading]: value },
    };
  },
  key: (item) => [
    item.lab,
    item.arm,
    item.reading,
    item.comparedTo,
    item.outcomes?.map(({ id, upTo }) => [id, Number.isFinite(upTo) ? upTo : null] as const) ?? item.tolerance,
  ],
};

/** null: not measured yet, or nothing to divide by. */
function measuredValue(item: PredictOutcomeItem, readings: MeasuredReadings): number | null {
  const value = readings(item.lab, item.arm)?.[item.reading];
  if (value === undefined || !Number.isFinite(value)) return null;
  if (item.comparedTo === null) return value;
  const base = readings(item.lab, item.comparedTo)?.[item.reading];
  return base === undefined || !(base > 0) ? null : value / base;
}

function gradeNumber(
  predicted: number,
  measured: number,
  tolerance: number,
): Pick<QuizFeedback, 'verdict' | 'score' | 'options'> {
  const off = Math.abs(predicted - measured);
  const allowed = tolerance * Math.abs(measured);
  const largest = Math.max(Math.abs(predicted), Math.abs(measured));
  // A hair of slack for binary fractions.
  const isWithin = (bound: number) => off <= bound * (1 + 1e-9);
  return {
    verdict: isWithin(allowed) ? 'right' : isWithin(allowed * PARTLY_UP_TO) ? 'partly' : 'wrong',
    score: largest === 0 ? 100 : Math.max(0, 100 * (1 - off / largest)),
    options: [],
  };
}

function gradeOutcome(
  item: PredictOutcomeItem,
  answer: { readonly outcome: string },
  measured: number,
): Pick<QuizFeedback, 'verdict' | 'score' | 'options'> {
  const outcomes = item.outcomes ?? [];
  const happened = outcomes.find((outcome) => measured <= outcome.upTo);
  const isRight = happened?.id === answer.outcome;
  return {
    verdict: isRight ? 'right' : 'wrong',
    score: isRight ? 100 : 0,
    options: outcomes.map((outcome) => ({
      id: outcome.id,
      correct: outcome === happened,
      chosen: outcome.id === answer.outcome,
      explanationHtml: outcome.explanationHtml,
    })),
  };
}
