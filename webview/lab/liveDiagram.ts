import type { Snapshot } from '../../src/measurement/snapshot';
import type { Topology } from '../../src/protocol/run';
import { breadthOf, columnsOf, overlayOf } from '../diagram/overlayModel';
import { type PaintedDiagram, paintable } from '../diagram/paintOverlay';
import { diagramBox, LEAST_SCALE, renderMermaid, topologySource } from '../diagram/renderDiagram';
import { fill, h } from '../dom';
import { t } from '../strings';

/** The lab's network with live numbers: rendered once per topology, patched per snapshot. */
export interface LiveDiagram {
  readonly element: HTMLElement;
  show(topology: Topology, title: string, snapshot: Snapshot | null): void;
}

/** With less than this width (px) for each of its columns the network is drawn from top to bottom. */
const NARROW_COLUMN = 207;
/** Width (px) of a server with the gap beside it, drawn from top to bottom. */
const SERVER_COLUMN = 206;
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
    const width = element.clientWidth;
    const direction = directionFor(topology, width);
    const isCloser = direction === 'LR' && width > 0 && width < NARROW_COLUMN * columnsOf(topology);
    const source = topologySource(topology, title, direction, isCloser);
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

/** `width` in px; 0: not laid out yet. What would have to be scrolled to be seen is avoided where the other way fits. */
function directionFor(topology: Topology, width: number): 'LR' | 'TB' {
  if (width === 0) return 'LR';
  if (topology.nodes.some(({ kind }) => kind === 'stage')) return width < NARROW_FOR_STAGES ? 'TB' : 'LR';
  const across = NARROW_COLUMN * columnsOf(topology);
  if (width >= across) return 'LR';
  const fitsDownwards = SERVER_COLUMN * breadthOf(topology) * LEAST_SCALE <= width;
  return !fitsDownwards && across * LEAST_SCALE <= width ? 'LR' : 'TB';
}
