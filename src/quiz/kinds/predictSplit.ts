import * as v from 'valibot';
import { message } from '../../base/message';
import type { Problem } from '../../base/problem';
import { err, ok } from '../../base/result';
import { checkYaml } from '../../base/yamlSource';
import { courseText, quizId } from '../choiceItem';
import type { QuizItemBase, QuizKind, QuizViewBase } from '../quizKind';
import { scoreShape, scoreSplit } from '../scoreSplit';

export interface PredictSplitItem extends QuizItemBase {
  readonly kind: 'predict-split';
  readonly lab: string;
  readonly arm: string;
  readonly servers: readonly string[];
  /** 'servers': each share belongs to its server; 'shape': which server got which share does not matter. */
  readonly compare: 'servers' | 'shape';
  readonly explanationHtml: string;
}
export interface PredictSplitView extends QuizViewBase {
  readonly kind: 'predict-split';
  readonly lab: string;
  readonly arm: string;
  readonly servers: readonly { readonly id: string; readonly label: string }[];
}
export interface PredictSplitAnswer {
  /** Share of all requests by server id, every server named; they sum to 1 (± 0.01). */
  readonly shares: Readonly<Record<string, number>>;
}

/** From this score on a prediction counts as right: up to a tenth of the requests may be on another server. */
const RIGHT_FROM = 90;
/** From this score on it counts as partly right. */
const PARTLY_FROM = 60;
const SUM_TOLERANCE = 0.01;

const schema = v.strictObject({
  id: quizId,
  kind: v.string(),
  prompt: courseText,
  lab: v.string(),
  arm: v.string(),
  compare: v.optional(v.picklist(['servers', 'shape']), 'servers'),
  explanation: courseText,
});
const answerSchema = v.object({ shares: v.record(v.string(), v.pipe(v.number(), v.minValue(0), v.maxValue(1))) });

/** How will the requests split over the servers? Graded only against the reader's own run of that arm. */
export const predictSplit: QuizKind<PredictSplitItem, PredictSplitView, PredictSplitAnswer> = {
  kind: 'predict-split',
  parse(source) {
    const checked = checkYaml(source, schema);
    if (!checked.ok) return checked;
    const raw = checked.value;
    const problem = (path: string, text: Problem['message']): Problem => ({
      severity: 'error',
      message: text,
      span: source.locate([path]),
    });
    const lab = source.labs.find((candidate) => candidate.id === raw.lab);
    if (lab === undefined) {
      return err([problem('lab', message('There is no lab “{lab}” in this course.', { lab: raw.lab }))]);
    }
    if (lab.servers.length === 0) {
      const text = message('The lab “{lab}” cannot be read, so its split cannot be predicted.', { lab: raw.lab });
      return err([problem('lab', text)]);
    }
    if (!lab.arms.includes(raw.arm)) {
      return err([problem('arm', message('The lab “{lab}” has no arm “{arm}”.', { lab: raw.lab, arm: raw.arm }))]);
    }
    return ok({
      id: raw.id,
      kind: 'predict-split',
      promptHtml: source.renderInline(raw.prompt, ['prompt']),
      experiment: { lab: raw.lab, arm: raw.arm },
      lab: raw.lab,
      arm: raw.arm,
      servers: lab.servers,
      compare: raw.compare,
      explanationHtml: source.renderInline(raw.explanation, ['explanation']),
    });
  },
  view: (item) => ({
    id: item.id,
    kind: item.kind,
    promptHtml: item.promptHtml,
    lab: item.lab,
    arm: item.arm,
    servers: item.servers.map((id) => ({ id, label: id })),
  }),
  parseAnswer(item, raw) {
    const parsed = v.safeParse(answerSchema, raw);
    if (!parsed.success) return null;
    const given = parsed.output.shares;
    if (Object.keys(given).some((id) => !item.servers.includes(id))) return null;
    const shares = Object.fromEntries(item.servers.map((id) => [id, given[id] ?? 0]));
    const sum = Object.values(shares).reduce((total, share) => total + share, 0);
    // A hair of slack, so that binary fractions such as 0.33 + 0.33 + 0.33 are not refused at the very bound.
    return Math.abs(sum - 1) <= SUM_TOLERANCE + 1e-9 ? { shares } : null;
  },
  grade(item, answer, measuredShares) {
    const measured = measuredShares(item.lab, item.arm);
    const wasRun = measured !== null && Object.values(measured).some((share) => share > 0);
    if (!wasRun) return { verdict: 'waiting', score: 0, options: [], explanationHtml: '', measured: null };
    const score = item.compare === 'shape' ? scoreShape(answer.shares, measured) : scoreSplit(answer.shares, measured);
    return {
      verdict: score >= RIGHT_FROM ? 'right' : score >= PARTLY_FROM ? 'partly' : 'wrong',
      score,
      options: [],
      explanationHtml: item.explanationHtml,
      measured,
    };
  },
  key: (item) => [item.lab, item.arm, [...item.servers], item.compare],
};
