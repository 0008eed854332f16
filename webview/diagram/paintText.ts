import type { DiagramPart, MeasuredDiagram } from '../../src/course/courseView';
import type { Topology } from '../../src/protocol/run';
import { h, setAttribute, setText } from '../dom';
import type { Overlay } from './overlayModel';
import { edgeLabel, edgePath, nodeGroup, nodeText, type PaintedEdge, paintEdge, throughText } from './paintOverlay';
import { EDGE_PLACEHOLDER, INNER_PLACEHOLDER, STATE_PLACEHOLDER } from './renderDiagram';

/** Writes a lab's numbers below the author's words in a diagram of the text; null takes them away. */
export interface PaintedText {
  paint(overlay: Overlay | null): void;
}

/** What a node or an edge of the diagram is in the lab: it has different things to say. */
type Kind = 'edge' | 'inner' | 'server' | 'stage' | 'silent';

/** Lines that it takes for its numbers. */
const ROOM: Readonly<Record<Kind, readonly string[]>> = {
  edge: EDGE_PLACEHOLDER,
  inner: INNER_PLACEHOLDER,
  server: [STATE_PLACEHOLDER],
  // In one line with the padding of its box.
  stage: ['000 through · 000 refused'],
  silent: [],
};

function kindOfNode(diagram: MeasuredDiagram, topology: Topology, id: string): Kind {
  const stands = diagram.nodes.find((node) => node.id === id)?.stands ?? [];
  switch (topology.nodes.find((node) => stands.includes(node.id))?.kind) {
    case 'server':
    case 'store':
      return 'server';
    case 'stage':
      return 'stage';
    default:
      return 'silent';
  }
}

function kindOfEdge(diagram: MeasuredDiagram, topology: Topology, id: string): Kind {
  const edge = diagram.edges.find((candidate) => candidate.id === id);
  return edge !== undefined && edge.from !== 'client' && kindOfNode(diagram, topology, edge.to) === 'stage'
    ? 'inner'
    : 'edge';
}

/** The diagram's source with room for the numbers: a label's box keeps the size it was first drawn in. */
export function roomySource(diagram: MeasuredDiagram, topology: Topology): string {
  const filled = (part: DiagramPart): string => {
    if (typeof part === 'string') return part;
    const kind = 'node' in part ? kindOfNode(diagram, topology, part.node) : kindOfEdge(diagram, topology, part.edge);
    return ROOM[kind].join('<br/>');
  };
  // A line break with nothing after it would leave a gap.
  return diagram.template
    .map(filled)
    .join('')
    .replace(/<br\/>(?="[\])}]+\s*$)/gm, '');
}

/** Finds the places once. The diagram was drawn from `roomySource` of the same network. */
export function paintableText(
  svg: SVGSVGElement,
  renderId: string,
  diagram: MeasuredDiagram,
  topology: Topology,
): PaintedText {
  const edges = new Map<string, PaintedEdge>();
  for (const { id } of diagram.edges) {
    const label = edgeLabel(svg, id);
    const connections = h('span', { class: 'edge-connections' });
    const requests = h('span', { class: 'edge-requests' });
    replaceLines(label, ROOM[kindOfEdge(diagram, topology, id)].length, [connections, requests]);
    edges.set(id, { path: edgePath(svg, renderId, id), label, connections, requests });
  }
  const nodes = new Map<string, { readonly group: Element | null; readonly text: HTMLElement }>();
  for (const { id } of diagram.nodes) {
    const kind = kindOfNode(diagram, topology, id);
    if (kind === 'silent') continue;
    const group = nodeGroup(svg, renderId, id);
    const text = h('span', { class: 'node-state' });
    replaceLines(group?.querySelector<HTMLElement>('foreignObject .nodeLabel') ?? null, ROOM[kind].length, [text]);
    nodes.set(id, { group, text });
  }
  return {
    paint(overlay) {
      for (const [id, edge] of edges) {
        const live = overlay?.edges.get(id);
        if (live !== undefined) paintEdge(edge, live);
        else {
          edge.path?.removeAttribute('data-health');
          edge.path?.style.removeProperty('stroke-width');
          edge.label?.removeAttribute('data-health');
          setText(edge.connections, '');
          setText(edge.requests, '');
        }
      }
      for (const [id, { group, text }] of nodes) {
        const live = overlay?.nodes.get(id);
        if (group !== null) setAttribute(group, 'data-state', live?.state ?? null);
        setText(text, live === undefined ? '—' : live.stage === undefined ? nodeText(live) : throughText(live.stage));
      }
    },
  };
}

/** Puts elements in the place of the last lines of a label, which `<br>` parts; what stands before them is kept together. */
function replaceLines(label: HTMLElement | null, lines: number, elements: readonly HTMLElement[]): void {
  if (label === null || lines === 0) return;
  const breaks = [...label.querySelectorAll('br')];
  const holder = breaks.at(-1)?.parentElement ?? label.querySelector('p') ?? label;
  // Where the author wrote nothing, the first of the lines has no break before it.
  const from = breaks.at(-lines) ?? null;
  const written = [...holder.childNodes];
  const words = from === null ? [] : written.slice(0, written.indexOf(from));
  holder.replaceChildren(h('span', { class: 'label-words' }, words), ...elements);
}
