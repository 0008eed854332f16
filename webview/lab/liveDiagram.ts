import type { Snapshot } from '../../src/measurement/snapshot';
import type { Topology } from '../../src/protocol/run';
import { columnsOf, overlayOf } from '../diagram/overlayModel';
import { type PaintedDiagram, paintable } from '../diagram/paintOverlay';
import { diagramBox, renderMermaid, topologySource } from '../diagram/renderDiagram';
import { fill, h } from '../dom';
import { t } from '../strings';

/** The lab's network with live numbers: rendered once per topology, patched per snapshot. */
export interface LiveDiagram {
  readonly element: HTMLElement;
  show(topology: Topology, title: string, snapshot: Snapshot | null): void;
}

/** With less than this width (px) for each of its columns the network is drawn from top to bottom. */
const NARROW_COLUMN = 207;
/** The stages of a gateway stand in a row of their own. */
const NARROW_FOR_STAGES = 1150;

export function liveDiagram(name: string): LiveDiagram {
  const box = diagramBox(name);
  const element = h(
    'figure',
    { class: 'live-diagram' },
    box,
    h(
      'figcaption',
      { class: 'legend' },
      h('span', {}, t('● connections open')),
      h('span', {}, t('○ all closed')),
      h('span', {}, t('✕ server down')),
      h('span', {}, t('Line width: share of the requests')),
    ),
  );
  let drawn = '';
  let painted: PaintedDiagram | null = null;
  let last: { topology: Topology; title: string; snapshot: Snapshot | null } | null = null;

  const show: LiveDiagram['show'] = (topology, title, snapshot) => {
    last = { topology, title, snapshot };
    const staged = topology.nodes.some(({ kind }) => kind === 'stage');
    const needed = staged ? NARROW_FOR_STAGES : NARROW_COLUMN * columnsOf(topology);
    const direction = element.clientWidth > 0 && element.clientWidth < needed ? 'TB' : 'LR';
    const source = topologySource(topology, title, direction);
    if (source === drawn) {
      painted?.paint(overlayOf(snapshot, topology));
      return;
    }
    drawn = source;
    painted = null;
    void draw(source);
  };

  const draw = async (source: string) => {
    // Into a second box, so that the old picture stays until the new one is there.
    const next = h('div', {});
    try {
      const rendered = await renderMermaid(next, source);
      if (rendered === null || drawn !== source || last === null) return;
      painted = paintable(rendered.svg, rendered.id, last.topology);
      painted.paint(overlayOf(last.snapshot, last.topology));
      fill(box, rendered.svg);
    } catch (error) {
      if (drawn !== source) return;
      fill(
        box,
        h('p', { class: 'problem-line' }, t('The picture could not be drawn: {reason}', { reason: String(error) })),
      );
    }
  };

  new ResizeObserver(() => {
    if (last !== null) show(last.topology, last.title, last.snapshot);
  }).observe(element);
  return { element, show };
}
