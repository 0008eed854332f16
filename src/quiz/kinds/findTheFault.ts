import * as v from 'valibot';
import { message } from '../../base/message';
import type { Problem } from '../../base/problem';
import { err, ok } from '../../base/result';
import { checkYaml } from '../../base/yamlSource';
import { courseText, quizId, repeatedIds } from '../choiceItem';
import { experimentFields, readExperiment } from '../experiment';
import type { QuizItemBase, QuizKind, QuizViewBase } from '../quizKind';

export interface FindTheFaultItem extends QuizItemBase {
  readonly kind: 'find-the-fault';
  readonly exhibit: Exhibit;
  /** In the order of the listing, or as numbered beside the diagram. */
  readonly parts: readonly Part[];
  readonly explanationHtml: string;
}
/** What the fault is in: lines of a file, or a mermaid diagram. */
export type Exhibit =
  | { readonly kind: 'listing'; readonly lines: readonly string[] }
  | { readonly kind: 'diagram'; readonly source: string; readonly title: string };
export interface Part {
  readonly id: string;
  /** Line of the listing, from 1; null: a part of the diagram. */
  readonly line: number | null;
  /** Name of the part of the diagram; empty for a line, which speaks for itself. */
  readonly html: string;
  readonly correct: boolean;
  readonly explanationHtml: string;
}
export interface FindTheFaultView extends QuizViewBase {
  readonly kind: 'find-the-fault';
  readonly exhibit: Exhibit;
  readonly parts: readonly { readonly id: string; readonly line: number | null; readonly html: string }[];
}
export interface FindTheFaultAnswer {
  readonly part: string;
}

const schema = v.strictObject({
  id: quizId,
  kind: v.string(),
  prompt: courseText,
  listing: v.optional(v.pipe(v.string(), v.nonEmpty())),
  diagram: v.optional(v.pipe(v.string(), v.nonEmpty())),
  parts: v.pipe(
    v.array(
      v.strictObject({
        id: quizId,
        line: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
        text: v.optional(courseText),
        correct: v.optional(v.boolean(), false),
        explanation: courseText,
      }),
    ),
    v.minLength(2),
    v.maxLength(20),
  ),
  explanation: v.optional(courseText),
  ...experimentFields,
});
const answerSchema = v.object({ part: v.string() });

/** One line of a listing, or one part of a diagram, is at fault. Lines that no part names are context. */
export const findTheFault: QuizKind<FindTheFaultItem, FindTheFaultView, FindTheFaultAnswer> = {
  kind: 'find-the-fault',
  parse(source) {
    const checked = checkYaml(source, schema);
    if (!checked.ok) return checked;
    const raw = checked.value;
    const problems: Problem[] = [...repeatedIds(source, 'parts', raw.parts)];
    const problem = (path: readonly (string | number)[], text: Problem['message']): void => {
      problems.push({ severity: 'error', message: text, span: source.locate(path) });
    };
    const lines = raw.listing?.replace(/\s+$/, '').split('\n') ?? [];
    if ((raw.listing === undefined) === (raw.diagram === undefined)) {
      problem([], message('The fault is in a “listing” or in a “diagram”: give one of them.'));
    }
    const title = /^\s*accTitle\s*:\s*(.+)$/m.exec(raw.diagram ?? '')?.[1]?.trim() ?? '';
    if (raw.diagram !== undefined) for (const text of diagramProblems(raw.diagram, title)) problem(['diagram'], text);
    raw.parts.forEach((part, index) => {
      if (raw.listing === undefined) {
        if (part.text === undefined) problem(['parts', index], message('A part of a diagram needs a “text”.'));
        if (part.line !== undefined) problem(['parts', index, 'line'], message('A diagram has no lines.'));
        return;
      }
      if (part.line === undefined) problem(['parts', index], message('A part of a listing names its “line”.'));
      else if ((lines[part.line - 1] ?? '').trim() === '') {
        problem(['parts', index, 'line'], message('The listing has nothing in line {line}.', { line: part.line }));
      } else if (raw.parts.findIndex((other) => other.line === part.line) < index) {
        problem(['parts', index, 'line'], message('Line {line} is named twice.', { line: part.line }));
      }
      if (part.text !== undefined) problem(['parts', index, 'text'], message('A line speaks for itself.'));
    });
    const faults = raw.parts.filter((part) => part.correct).length;
    if (faults !== 1) problem(['parts'], message('Exactly one part must be at fault, not {count}.', { count: faults }));
    const experiment = readExperiment(source, raw);
    if (!experiment.ok) problems.push(experiment.error);
    if (problems.length > 0 || !experiment.ok) return err(problems);
    const parts = raw.parts.map((part, index) => ({
      id: part.id,
      line: part.line ?? null,
      html: part.text === undefined ? '' : source.renderInline(part.text, ['parts', index, 'text']),
      correct: part.correct,
      explanationHtml: source.renderInline(part.explanation, ['parts', index, 'explanation']),
    }));
    return ok({
      id: raw.id,
      kind: 'find-the-fault',
      experiment: experiment.value,
      promptHtml: source.renderInline(raw.prompt, ['prompt']),
      exhibit: raw.diagram === undefined ? { kind: 'listing', lines } : { kind: 'diagram', source: raw.diagram, title },
      parts: parts.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
      explanationHtml: raw.explanation === undefined ? '' : source.renderInline(raw.explanation, ['explanation']),
    });
  },
  view: (item) => ({
    id: item.id,
    kind: item.kind,
    promptHtml: item.promptHtml,
    exhibit: item.exhibit,
    parts: item.parts.map(({ id, line, html }) => ({ id, line, html })),
  }),
  parseAnswer(item, raw) {
    const parsed = v.safeParse(answerSchema, raw);
    return parsed.success && item.parts.some((part) => part.id === parsed.output.part) ? parsed.output : null;
  },
  grade(item, answer) {
    const isRight = item.parts.some((part) => part.correct && part.id === answer.part);
    return {
      verdict: isRight ? 'right' : 'wrong',
      score: isRight ? 100 : 0,
      options: item.parts.map((part) => ({
        id: part.id,
        correct: part.correct,
        chosen: part.id === answer.part,
        explanationHtml: part.explanationHtml,
      })),
      explanationHtml: item.explanationHtml,
      measured: null,
    };
  },
  // The lines, too: in another listing the same line number would be another answer.
  key: (item) => item.parts.map(({ id, line, correct }) => [id, line, correct] as const),
};

/** What the page draws is checked as far as the course's own diagrams are. */
function diagramProblems(source: string, title: string): Problem['message'][] {
  const found: Problem['message'][] = [];
  if (!/^\s*(flowchart\s+(LR|RL|TB|TD|BT)|sequenceDiagram)\s*;?\s*\n/.test(source)) {
    found.push(message('A diagram begins with “flowchart LR” (or TD, TB, BT, RL) or “sequenceDiagram”.'));
  }
  if (/^\s*(%%\{|---\s*$)/m.test(source)) {
    found.push(message('A diagram has no settings of its own; its look is the page’s.'));
  }
  if (/^\s*(click|href|callback)\s/m.test(source)) found.push(message('Nothing in a diagram can be clicked.'));
  if (title === '') {
    found.push(message('A diagram needs a title for those who do not see it: “accTitle: …”.'));
  }
  if (!/^\s*accDescr\s*[:{]\s*\S/m.test(source)) {
    found.push(message('A diagram needs a description for those who do not see it: “accDescr: …”.'));
  }
  return found;
}
