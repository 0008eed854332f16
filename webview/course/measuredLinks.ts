import type { LabState } from '../../src/protocol/webview';
import { fill, h, setAttribute } from '../dom';
import { day, t } from '../strings';
import { measuredText, measuredValue } from './measuredText';

/** What the author wrote, for as long as nothing is measured. */
const written = new WeakMap<Element, readonly Node[]>();

/**
 * Puts the reader's own values into the links to measured values below `root`, and the author's words back where there is
 * none any more. What did not change is not touched, so that the focus stays.
 */
export function paintMeasuredLinks(root: ParentNode, labs: ReadonlyMap<string, LabState>): void {
  for (const link of root.querySelectorAll<HTMLElement>('a.measured[data-reading]')) {
    const lab = labs.get(link.dataset.lab ?? '');
    const { arm = '', reading = '', over = null } = link.dataset;
    const measured = lab === undefined ? null : measuredValue(lab, { arm, reading, over });
    const text = measured === null ? null : measuredText(measured);
    if ((link.dataset.value ?? null) === text) continue;
    if (!written.has(link)) written.set(link, [...link.childNodes]);
    setAttribute(link, 'data-value', text);
    if (measured === null || text === null) {
      fill(link, written.get(link) ?? []);
      link.removeAttribute('title');
      continue;
    }
    // The dot is the colour of what was measured in every lab; the words say the same.
    fill(link, h('span', { class: 'measured-mark', 'aria-hidden': 'true' }), text);
    link.title = t('Measured by you on {day}. Go to the lab.', { day: day(measured.at) });
  }
}
