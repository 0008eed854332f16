import type { Block } from '../../src/course/courseView';
import type { LabState, ListingState, ToWebview } from '../../src/protocol/webview';
import { fill, h, setHidden, setText, trustedHtml } from '../dom';
import { send } from '../host';
import { problemList } from '../problems';
import { count, milliseconds, say, t } from '../strings';
import { button } from '../ui';

export type ListingBlock = Extract<Block, { kind: 'listing' }>;

/** A lab's own file in the text, as the reader has it, to be opened and run. */
export interface Listing {
  readonly element: HTMLElement;
  update(listing: ListingState): void;
  updateLab(lab: LabState): void;
  /** false: nothing was asked for here. */
  refuse(refusal: Extract<ToWebview, { type: 'refused' }>): boolean;
}

/** Which listing of the host's belongs to a block. */
export function listingKey({ lab, file, heads }: Pick<ListingState, 'lab' | 'file' | 'heads'>): string {
  return JSON.stringify([lab, file, heads]);
}

export function listing(block: ListingBlock, firstLab: LabState | undefined, mayRun: boolean): Listing {
  let shown: ListingState | null = null;
  let lab = firstLab;
  let hasAsked = false;
  const { file } = block;
  const name = [file, ...block.heads].join(' › ');
  const code = h('code', {});
  const pre = h('pre', { tabindex: 0, role: 'group', 'aria-label': t('Listing of {name}', { name }) }, code);
  const note = h('p', { class: 'listing-note' });
  const original = h('pre', { tabindex: 0, role: 'group', 'aria-label': t('The original of {name}', { name }) });
  const fold = h('details', { class: 'fold' }, h('summary', {}, t('The original')), original);
  const result = h('p', { class: 'listing-result', role: 'status' });
  const refusal = h('div', { class: 'field-error', role: 'alert' });
  const open = button(t('Open'), () => send({ type: 'openLabFile', lab: block.lab, file, line: shown?.line ?? 1 }), {
    name: t('Open {name}', { name: file }),
    data: { action: 'open-listing' },
  });
  const run = button(
    t('Run'),
    () => {
      const arm = armToRun();
      if (lab === undefined || arm === null) return;
      hasAsked = true;
      fill(refusal);
      send({ type: 'run', lab: block.lab, arm, params: lab.params });
    },
    { look: 'primary', name: t('Run {name}', { name: file }), data: { action: 'run-listing' } },
  );

  const armToRun = () => block.arm ?? shown?.arm ?? null;
  const paintRun = () => {
    const arm = armToRun();
    const canRun = lab !== undefined && arm !== null;
    setHidden(run.element, !canRun);
    run.setDisabled(!mayRun || lab?.running === true);
    if (lab === undefined || arm === null) return;
    const isRunning = lab.running && lab.selectedArm === arm;
    const last = lab.results[arm]?.result;
    // A line that is read out says only what came of this listing's own button.
    if (!hasAsked || (!isRunning && last === undefined)) return;
    setText(
      resultText,
      isRunning || last === undefined
        ? t('Running …')
        : t('{answered} answered, {failed} failed, p99 {p99}.', {
            answered: count(last.answered),
            failed: count(last.failed),
            p99: milliseconds(last.latencyMs.p99),
          }),
    );
    setHidden(result, false);
  };
  const resultText = h('span', {});
  fill(result, resultText, ' ', h('a', { href: `#lab-${block.lab}` }, t('See it in the lab')));
  setHidden(result, true);
  setHidden(fold, true);

  paintRun();
  return {
    element: h(
      'figure',
      { class: 'listing', 'data-listing': file, 'data-lab-file': block.lab },
      h(
        'figcaption',
        { class: 'listing-head' },
        h(
          'span',
          { class: 'listing-name' },
          h('code', {}, file),
          ...block.heads.map((head) => [' › ', h('code', {}, head)]),
        ),
        h('span', { class: 'buttons' }, open.element, run.element),
      ),
      pre,
      note,
      fold,
      refusal,
      result,
    ),
    update(next) {
      shown = next;
      fill(code, trustedHtml(next.html));
      setText(note, noteText(next.state));
      setHidden(note, next.state === 'original');
      setHidden(fold, next.originalHtml === null);
      fill(original, h('code', {}, trustedHtml(next.originalHtml ?? '')));
      paintRun();
    },
    updateLab(next) {
      lab = next;
      paintRun();
    },
    refuse({ message, problems }) {
      if (!hasAsked) return false;
      hasAsked = false;
      fill(refusal, h('p', {}, say(message)), problems.length > 0 ? problemList(problems) : null);
      return true;
    },
  };
}

function noteText(state: ListingState['state']): string {
  switch (state) {
    case 'original':
      return '';
    case 'changed':
      return t('✎ This is your copy. It differs from the original.');
    case 'gone':
      return t('✎ Your copy has no such block any more. This is the original.');
  }
}
