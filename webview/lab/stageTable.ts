import type { Snapshot } from '../../src/measurement/snapshot';
import { stageName } from '../diagram/nodeName';
import { bucketOf, fill } from '../diagram/overlayModel';
import { bucketText } from '../diagram/paintOverlay';
import { h, setAttribute, setHidden, setStyle, setText } from '../dom';
import { count, t } from '../strings';
import type { Reading } from './readings';

interface Row {
  readonly element: HTMLElement;
  readonly cells: readonly HTMLElement[];
  readonly level: HTMLElement;
  readonly meter: HTMLElement;
  readonly bar: HTMLElement;
}

/** The stages of a gateway with the same numbers as in the picture. Hidden where an arm has none. */
export function stageTable(): Reading {
  const heads = [t('Arrived'), t('Let through'), t('Refused'), t('Waiting')];
  const body = h('tbody');
  const element = h(
    'div',
    { class: 'table-scroll', role: 'group', 'aria-label': t('Stages of the gateway'), tabindex: 0 },
    h(
      'table',
      { class: 'numbers stages' },
      h('caption', { class: 'visually-hidden' }, t('What each stage of the gateway let through and refused')),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, t('Stage')),
          heads.map((text) => h('th', { scope: 'col', class: 'number' }, text)),
          h('th', { scope: 'col' }, t('Bucket')),
        ),
      ),
      body,
    ),
  );
  const rows = new Map<string, Row>();
  let shown = '';

  const addRow = (stage: string): Row => {
    const cells = heads.map(() => h('td', { class: 'number' }));
    const level = h('span', {});
    const bar = h('span', { class: 'bucket-level' });
    const meter = h('span', { class: 'bucket', 'aria-hidden': 'true' }, bar);
    const row = h(
      'tr',
      { 'data-stage': stage },
      h('th', { scope: 'row' }, stageName(stage)),
      cells,
      h('td', {}, level, meter),
    );
    return { element: row, cells, level, meter, bar };
  };

  return {
    element,
    show(snapshot: Snapshot | null) {
      const stages = snapshot?.findings?.stages ?? [];
      setHidden(element, stages.length === 0);
      const order = stages.map(({ stage }) => stage).join();
      if (order !== shown) {
        shown = order;
        rows.clear();
        for (const { stage } of stages) rows.set(stage, addRow(stage));
        body.replaceChildren(...[...rows.values()].map((row) => row.element));
      }
      for (const { stage, arrived, through, refused } of stages) {
        const row = rows.get(stage);
        if (row === undefined) continue;
        // What a stage sent on to a server that then failed is not waiting: it is through.
        const numbers = [arrived, through, refused, Math.max(0, arrived - through - refused)];
        row.cells.forEach((cell, index) => {
          setText(cell, count(numbers[index] ?? 0));
        });
        const bucket = bucketOf(stage, snapshot);
        setText(row.level, bucket === null ? '—' : bucketText(bucket));
        setHidden(row.meter, bucket === null);
        setAttribute(row.element, 'data-refused', refused > 0 ? 'true' : null);
        if (bucket !== null) setStyle(row.bar, 'width', `${Math.round(fill(bucket) * 100)}%`);
      }
    },
  };
}
