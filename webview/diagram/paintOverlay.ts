import type { ServerState } from '../../src/measurement/snapshot';
import type { Topology } from '../../src/protocol/run';
import { h, setAttribute, setHidden, setStyle, setText } from '../dom';
import { connectionsText, count, percent, requestsText, t } from '../strings';
import { nodeName } from './nodeName';
import {
  type EdgeHealth,
  type EdgeOverlay,
  fill,
  type NodeOverlay,
  type Overlay,
  type StageOverlay,
  strokeWidth,
} from './overlayModel';

/** Patches numbers, widths and states into a rendered topology; nothing is laid out again. */
export interface PaintedDiagram {
  paint(overlay: Overlay): void;
}

export interface PaintedEdge {
  readonly path: SVGElement | null;
  readonly label: HTMLElement | null;
  readonly connections: HTMLElement;
  readonly requests: HTMLElement;
}

/** Finds every edge and node of the topology in the SVG once and keeps hold of what will change. */
export function paintable(svg: SVGSVGElement, renderId: string, topology: Topology): PaintedDiagram {
  const edges = new Map<string, PaintedEdge>();
  for (const { id } of topology.edges) edges.set(id, takeEdge(svg, renderId, id));
  const stages = new Map<string, PaintedStage>();
  const states = new Map<string, { readonly node: Element | null; readonly text: HTMLElement }>();
  for (const node of topology.nodes) {
    const group = nodeGroup(svg, renderId, node.id);
    const label = group?.querySelector<HTMLElement>('foreignObject .nodeLabel');
    const text = h('span', { class: 'node-state' });
    if (label) {
      label.replaceChildren(
        h('span', { class: 'node-name' }, nodeName(node)),
        ...(node.detail === '' ? [] : [h('span', { class: 'node-detail' }, node.detail)]),
        ...(node.kind === 'server' || node.kind === 'store' ? [text] : []),
        ...(node.kind === 'stage' ? stageLines(node.id, stages) : []),
      );
    }
    if (node.kind === 'server' || node.kind === 'store') states.set(node.id, { node: group, text });
  }
  return {
    paint(overlay) {
      for (const [id, edge] of edges) {
        const live = overlay.edges.get(id);
        if (live !== undefined) paintEdge(edge, live);
      }
      for (const [id, { node, text }] of states) {
        const live = overlay.nodes.get(id);
        if (live === undefined) continue;
        if (node !== null) setAttribute(node, 'data-state', live.state ?? 'unknown');
        setText(text, nodeText(live));
      }
      for (const [id, stage] of stages) paintStage(stage, overlay.nodes.get(id)?.stage ?? null);
    },
  };
}

interface PaintedStage {
  readonly counts: HTMLElement;
  readonly bucket: HTMLElement;
  readonly level: HTMLElement;
  readonly bar: HTMLElement;
}

function stageLines(id: string, stages: Map<string, PaintedStage>): readonly HTMLElement[] {
  const counts = h('span', { class: 'node-state' });
  if (id !== 'limit') {
    stages.set(id, { counts, bucket: counts, level: counts, bar: counts });
    return [counts];
  }
  const level = h('span', { class: 'node-detail' });
  const bar = h('span', { class: 'bucket-level' });
  const bucket = h('span', { class: 'node-bucket' }, level, h('span', { class: 'bucket', 'aria-hidden': 'true' }, bar));
  stages.set(id, { counts, bucket, level, bar });
  return [counts, bucket];
}

function paintStage({ counts, bucket, level, bar }: PaintedStage, live: StageOverlay | null): void {
  setText(counts, live === null ? '—' : throughText(live));
  if (bucket === counts) return;
  const full = live?.bucket ?? null;
  setHidden(bucket, full === null);
  if (full === null) return;
  setText(level, bucketText(full));
  setStyle(bar, 'width', `${Math.round(fill(full) * 100)}%`);
}

/** "120 through · 5 refused". */
export function throughText({ through, refused }: StageOverlay): string {
  return t('{through} through · {refused} refused', { through: count(through), refused: count(refused) });
}

/** "bucket 3.2 of 5". */
export function bucketText({ level, burst }: { readonly level: number; readonly burst: number }): string {
  return t('bucket {level} of {burst}', { level: level.toFixed(1), burst: count(burst) });
}

/** mermaid adds a counter to the id. */
export function nodeGroup(svg: SVGSVGElement, renderId: string, id: string): Element | null {
  const prefix = `${renderId}-flowchart-${id}-`;
  const groups = [...svg.querySelectorAll(`[id^="${prefix}"]`)];
  return groups.find((group) => /^\d+$/.test(group.id.slice(prefix.length))) ?? null;
}

export function edgePath(svg: SVGSVGElement, renderId: string, id: string): SVGElement | null {
  return svg.querySelector<SVGElement>(`#${renderId}-${CSS.escape(id)}`);
}

export function edgeLabel(svg: SVGSVGElement, id: string): HTMLElement | null {
  return svg.querySelector<HTMLElement>(`.label[data-id="${CSS.escape(id)}"] .edgeLabel`);
}

function takeEdge(svg: SVGSVGElement, renderId: string, id: string): PaintedEdge {
  const path = edgePath(svg, renderId, id);
  const label = edgeLabel(svg, id);
  const connections = h('span', { class: 'edge-connections' });
  const requests = h('span', { class: 'edge-requests' });
  label?.replaceChildren(connections, requests);
  return { path, label, connections, requests };
}

const HEALTH_MARK: Record<EdgeHealth, string> = { idle: '', open: '● ', closed: '○ ', down: '✕ ' };

export function paintEdge(edge: PaintedEdge, live: EdgeOverlay): void {
  if (edge.path !== null) {
    setAttribute(edge.path, 'data-health', live.health);
    setStyle(edge.path, 'stroke-width', `${strokeWidth(live.share)}px`);
  }
  if (edge.label !== null) setAttribute(edge.label, 'data-health', live.health);
  const isInner = live.kind === 'inner';
  setHidden(edge.connections, isInner);
  setText(edge.connections, isInner ? '' : HEALTH_MARK[live.health] + connectionsText(live.connections));
  setText(edge.requests, carried(live));
}

/** What goes over an edge, in words. */
function carried({ kind, requests }: EdgeOverlay): string {
  if (kind === 'asks') return t('{count} checks', { count: count(requests) });
  if (kind === 'commands') return t('{count} commands', { count: count(requests) });
  return requestsText(requests);
}

/** "33.3 %", "0 % · ✕ dead". */
export function nodeText({ share, state }: NodeOverlay): string {
  if (share === null) return state === null ? '—' : `${stateMark(state)}${stateText(state)}`;
  if (state === null) return '—';
  return state === 'up' ? percent(share) : `${percent(share)} · ${stateMark(state)}${stateText(state)}`;
}

function stateMark(state: ServerState): string {
  return state === 'dead' ? '✕ ' : '';
}

/** What a server's state is called. */
export function stateText(state: ServerState): string {
  switch (state) {
    case 'starting':
      return t('starting');
    case 'up':
      return t('up');
    case 'slow':
      return t('slow');
    case 'failing':
      return t('failing');
    case 'draining':
      return t('draining');
    case 'dead':
      return t('dead');
    case 'removed':
      return t('removed');
  }
}
