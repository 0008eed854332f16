import type { QuizFeedback, QuizViewBase } from '../../../src/quiz/quizKind';
import { diagramBox, renderMermaid } from '../../diagram/renderDiagram';
import { fill, h, trustedHtml, uniqueId } from '../../dom';
import { t } from '../../strings';
import type { QuizForm } from '../form';
import { optionVerdict } from '../optionReview';

export interface FindTheFaultView extends QuizViewBase {
  readonly kind: 'find-the-fault';
  readonly exhibit:
    | { readonly kind: 'listing'; readonly lines: readonly string[] }
    | { readonly kind: 'diagram'; readonly source: string; readonly title: string };
  readonly parts: readonly Part[];
}
interface Part {
  readonly id: string;
  readonly line: number | null;
  readonly html: string;
}

/** Native radio buttons: each stands in its line of the listing, and the arrow keys go from one to the next. */
export const findTheFault: QuizForm<FindTheFaultView> = {
  kind: 'find-the-fault',
  ask(view, answer, onChange) {
    const name = uniqueId('fault');
    const kept = chosenPart(answer);
    const radios = new Map(
      view.parts.map((part) => {
        const radio = h('input', {
          type: 'radio',
          name,
          value: part.id,
          id: uniqueId('part'),
          checked: part.id === kept,
          'data-option': part.id,
          on: { change: () => onChange() },
        });
        return [part.id, radio] as const;
      }),
    );
    const label = (part: Part, ...text: (Node | string)[]) => {
      const radio = radios.get(part.id);
      return h('label', { class: 'fault-choice', for: radio?.id }, radio, ...text);
    };
    const { exhibit } = view;
    return {
      element: h(
        'fieldset',
        { class: 'fault' },
        h(
          'legend',
          { class: 'hint' },
          exhibit.kind === 'listing' ? t('Choose the line that is at fault') : t('Choose the part that is at fault'),
        ),
        exhibit.kind === 'listing'
          ? listing(exhibit.lines, (text, number) => {
              const part = view.parts.find((one) => one.line === number);
              return part === undefined ? null : label(part, code(text, number));
            })
          : [
              diagram(exhibit),
              h(
                'ol',
                { class: 'fault-parts' },
                view.parts.map((part) => h('li', {}, label(part, h('span', {}, trustedHtml(part.html))))),
              ),
            ],
      ),
      answer() {
        const chosen = [...radios].find(([, radio]) => radio.checked)?.[0];
        return chosen === undefined ? null : { part: chosen };
      },
    };
  },
  review(view, _answer, feedback) {
    const { exhibit } = view;
    const graded = (id: string) => feedback.options.find((option) => option.id === id);
    return h(
      'div',
      {},
      exhibit.kind === 'listing'
        ? h(
            'div',
            { class: 'fault' },
            listing(exhibit.lines, (text, number) => {
              const part = view.parts.find((one) => one.line === number);
              const option = part === undefined ? undefined : graded(part.id);
              return option === undefined || !(option.correct || option.chosen)
                ? null
                : h('span', { class: 'fault-choice', 'data-correct': String(option.correct) }, code(text, number));
            }),
          )
        : diagram(exhibit),
      h(
        'ul',
        { class: 'option-review' },
        view.parts.map((part) => explained(part, exhibit, graded(part.id))),
      ),
    );
  },
};

function explained(
  part: Part,
  exhibit: FindTheFaultView['exhibit'],
  option: QuizFeedback['options'][number] | undefined,
): HTMLElement {
  const { correct = false, chosen = false } = option ?? {};
  const isLine = exhibit.kind === 'listing' && part.line !== null;
  return h(
    'li',
    { class: chosen ? 'chosen' : undefined, 'data-correct': String(correct), 'data-option': part.id },
    h(
      'div',
      { class: 'option-text' },
      isLine
        ? [
            t('Line {line}', { line: part.line ?? 0 }),
            ': ',
            h('code', {}, (exhibit.lines[(part.line ?? 0) - 1] ?? '').trim()),
          ]
        : trustedHtml(part.html),
    ),
    h('p', { class: 'option-verdict' }, verdictOf(correct, chosen)),
    option === undefined ? null : h('div', { class: 'option-why' }, trustedHtml(option.explanationHtml)),
  );
}

function verdictOf(correct: boolean, chosen: boolean): string {
  if (correct || chosen) return optionVerdict(correct, chosen);
  return t('Nothing is wrong here');
}

/** `choice` gives a line that can be chosen; null: the line is context. */
function listing(lines: readonly string[], choice: (text: string, number: number) => HTMLElement | null): HTMLElement {
  return h(
    'div',
    { class: 'fault-listing', role: 'group', 'aria-label': t('Listing'), tabindex: 0 },
    lines.map((text, index) => choice(text, index + 1) ?? h('div', { class: 'fault-context' }, code(text, index + 1))),
  );
}

function code(text: string, number: number): HTMLElement {
  return h('span', { class: 'fault-line' }, h('span', { class: 'fault-number' }, String(number)), h('code', {}, text));
}

function diagram(exhibit: Extract<FindTheFaultView['exhibit'], { kind: 'diagram' }>): HTMLElement {
  const box = diagramBox(exhibit.title);
  void renderMermaid(box, exhibit.source).catch((error: unknown) =>
    fill(
      box,
      h('p', { class: 'problem-line' }, t('The picture could not be drawn: {reason}', { reason: String(error) })),
      h('pre', { tabindex: 0 }, exhibit.source),
    ),
  );
  return h('figure', { class: 'course-diagram' }, box, h('figcaption', {}, exhibit.title));
}

function chosenPart(answer: unknown): unknown {
  return (answer as { readonly part?: unknown } | null)?.part;
}
