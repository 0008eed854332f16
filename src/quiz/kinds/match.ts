import * as v from 'valibot';
import { message } from '../../base/message';
import { err, ok } from '../../base/result';
import { checkYaml } from '../../base/yamlSource';
import { courseText, quizId, repeatedIds } from '../choiceItem';
import { experimentFields, readExperiment } from '../experiment';
import { inOrder } from '../optionOrder';
import type { QuizItemBase, QuizKind, QuizViewBase } from '../quizKind';

export interface MatchItem extends QuizItemBase {
  readonly kind: 'match';
  readonly pairs: readonly {
    readonly id: string;
    readonly html: string;
    /** Id of the partner it belongs to. */
    readonly partner: string;
    readonly explanationHtml: string;
  }[];
  readonly partners: readonly {
    readonly id: string;
    /** Plain: it stands in a select. */
    readonly text: string;
    /** Why it fits where it does or, of one that fits nothing, why not; may be empty. */
    readonly explanationHtml: string;
  }[];
  readonly explanationHtml: string;
}
export interface MatchView extends QuizViewBase {
  readonly kind: 'match';
  readonly pairs: readonly { readonly id: string; readonly html: string }[];
  readonly partners: readonly { readonly id: string; readonly text: string }[];
}
export interface MatchAnswer {
  /** Partner by the id of what it was given to; every one named. */
  readonly pairs: Readonly<Record<string, string>>;
}

const schema = v.strictObject({
  id: quizId,
  kind: v.string(),
  prompt: courseText,
  pairs: v.pipe(
    v.array(v.strictObject({ id: quizId, text: courseText, partner: quizId, explanation: courseText })),
    v.minLength(2),
    v.maxLength(10),
  ),
  partners: v.pipe(
    v.array(v.strictObject({ id: quizId, text: courseText, explanation: v.optional(courseText) })),
    v.minLength(2),
    v.maxLength(10),
  ),
  explanation: v.optional(courseText),
  ...experimentFields,
});
const answerSchema = v.object({ pairs: v.record(v.string(), v.string()) });

/** Give each its partner. A partner may be right for several, or for none. The score is the share of right ones. */
export const match: QuizKind<MatchItem, MatchView, MatchAnswer> = {
  kind: 'match',
  parse(source) {
    const checked = checkYaml(source, schema);
    if (!checked.ok) return checked;
    const raw = checked.value;
    const problems = [
      ...repeatedIds(source, 'pairs', raw.pairs),
      ...repeatedIds(source, 'partners', raw.partners),
      ...raw.pairs.flatMap((pair, index) =>
        raw.partners.some((partner) => partner.id === pair.partner)
          ? []
          : [
              {
                severity: 'error' as const,
                message: message('There is no partner “{partner}”.', { partner: pair.partner }),
                span: source.locate(['pairs', index, 'partner']),
              },
            ],
      ),
    ];
    const experiment = readExperiment(source, raw);
    if (!experiment.ok) problems.push({ ...experiment.error, severity: 'error' });
    if (problems.length > 0 || !experiment.ok) return err(problems);
    return ok({
      id: raw.id,
      kind: 'match',
      experiment: experiment.value,
      promptHtml: source.renderInline(raw.prompt, ['prompt']),
      pairs: raw.pairs.map((pair, index) => ({
        id: pair.id,
        html: source.renderInline(pair.text, ['pairs', index, 'text']),
        partner: pair.partner,
        explanationHtml: source.renderInline(pair.explanation, ['pairs', index, 'explanation']),
      })),
      partners: raw.partners.map(({ id, text, explanation }, index) => ({
        id,
        text,
        explanationHtml:
          explanation === undefined ? '' : source.renderInline(explanation, ['partners', index, 'explanation']),
      })),
      explanationHtml: raw.explanation === undefined ? '' : source.renderInline(raw.explanation, ['explanation']),
    });
  },
  view: (item, shuffle) => ({
    id: item.id,
    kind: item.kind,
    promptHtml: item.promptHtml,
    pairs: item.pairs.map(({ id, html }) => ({ id, html })),
    partners: inOrder(item.partners, shuffle).map(({ id, text }) => ({ id, text })),
  }),
  parseAnswer(item, raw) {
    const parsed = v.safeParse(answerSchema, raw);
    if (!parsed.success) return null;
    const given = new Map(Object.entries(parsed.output.pairs));
    const isWhole =
      given.size === item.pairs.length &&
      item.pairs.every((pair) => item.partners.some((partner) => partner.id === given.get(pair.id)));
    return isWhole ? parsed.output : null;
  },
  grade(item, answer) {
    const options = item.pairs.map((pair) => ({
      id: pair.id,
      correct: answer.pairs[pair.id] === pair.partner,
      chosen: true,
      explanationHtml: pair.explanationHtml,
      rightHtml: escapeHtml(item.partners.find((partner) => partner.id === pair.partner)?.text ?? ''),
    }));
    const score = (100 * options.filter((option) => option.correct).length) / options.length;
    return {
      verdict: score === 100 ? 'right' : score > 0 ? 'partly' : 'wrong',
      score,
      options,
      explanationHtml: [
        item.explanationHtml,
        ...item.partners.map(({ text, explanationHtml }) =>
          explanationHtml === '' ? '' : `<strong>${escapeHtml(text)}</strong>: ${explanationHtml}`,
        ),
      ]
        .filter((html) => html !== '')
        .join('<br>'),
      measured: null,
    };
  },
  key: (item) => [
    item.pairs.map(({ id, partner }) => [id, partner] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    item.partners.map(({ id }) => id).sort(),
  ],
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
