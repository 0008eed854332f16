import type { Topology, TopologyNode } from '../../src/protocol/run';
import { fill, h, trustedHtml } from '../dom';
import { t } from '../strings';
import { DIAGRAM_CSS } from './diagramTheme';
import { nodeName } from './nodeName';

type Mermaid = typeof import('mermaid')['default'];

let loading: Promise<Mermaid> | null = null;

/** Evaluated on first use, so that the page's text is painted before the diagram library runs. */
function mermaid(): Promise<Mermaid> {
  loading ??= textPainted().then(async () => {
    const { default: library } = await import('mermaid');
    library.initialize({
      startOnLoad: false,
      securityLevel: 'strict',
      theme: 'base',
      look: 'classic',
      layout: 'dagre',
      themeCSS: DIAGRAM_CSS,
      fontFamily: 'var(--vscode-font-family)',
      themeVariables: { fontSize: '14px' },
      htmlLabels: true,
      flowchart: {
        wrappingWidth: 200,
        useMaxWidth: true,
        nodeSpacing: 36,
        rankSpacing: 44,
        curve: 'basis',
        padding: 12,
      },
      sequence: { useMaxWidth: true, mirrorActors: false, wrap: true },
    });
    return library;
  });
  return loading;
}

/** Two frames on, the text that stands in the document has been shown. */
function textPainted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 0)));
  });
}

let lastRender = 0;
let queue: Promise<unknown> = Promise.resolve();

/** Renders one diagram after the other: mermaid measures in the document and is not re-entrant. */
export function renderMermaid(
  container: HTMLElement,
  source: string,
): Promise<{ readonly id: string; readonly svg: SVGSVGElement } | null> {
  const job = queue.then(async () => {
    const library = await mermaid();
    lastRender += 1;
    const id = `diagram-${lastRender}`;
    const { svg } = await library.render(id, source);
    // mermaid made this with securityLevel strict, from our own source or the course's.
    fill(container, trustedHtml(svg));
    const element = container.querySelector('svg');
    if (!(element instanceof SVGSVGElement)) return null;
    fitWidth(element);
    return { id, svg: element };
  });
  queue = job.catch(() => undefined);
  return job;
}

/** Of the size as drawn: smaller, the words cannot be read. */
export const LEAST_SCALE = 0.6;

/** Never larger than drawn, and on a narrow page scrolled rather than shrunk until the words cannot be read. */
function fitWidth(element: SVGSVGElement): void {
  const natural = element.viewBox.baseVal.width;
  if (natural === 0) return;
  element.style.maxWidth = `${Math.ceil(natural)}px`;
  element.style.minWidth = `${Math.ceil(natural * LEAST_SCALE)}px`;
}

/** A box with the diagram in it that scrolls by keyboard, too, when it must. */
export function diagramBox(label: string): HTMLElement {
  const box = h('div', { class: 'diagram-box', role: 'group', 'aria-label': label });
  const observer = new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  });
  observer.observe(box);
  // Another picture may be wider in a box of the same size.
  new MutationObserver((changes) => {
    for (const { addedNodes, removedNodes } of changes) {
      for (const node of removedNodes) if (node instanceof Element) observer.unobserve(node);
      for (const node of addedNodes) if (node instanceof Element) observer.observe(node);
    }
  }).observe(box, { childList: true });
  return box;
}

/** As wide as any live text will get: a label's box keeps its first width. */
export const EDGE_PLACEHOLDER = ['00,000 connections', '000,000 requests'];
export const INNER_PLACEHOLDER = ['000,000 requests'];
const STAGE_PLACEHOLDER = '0,000 through · 0,000 refused';
const BUCKET_PLACEHOLDER = ['bucket 000.0 of 000', '000.0'];
export const STATE_PLACEHOLDER = '000.0 % · ✕ draining';

/** Where there is little room the columns stand closer, so that less has to be shrunk. */
const CLOSER = '%%{init: {"flowchart": {"rankSpacing": 18}}}%%';

/** The topology as a mermaid flowchart whose edges have stable names. */
export function topologySource(topology: Topology, title: string, direction: 'LR' | 'TB', isCloser = false): string {
  const lines = [
    ...(isCloser ? [CLOSER] : []),
    `flowchart ${direction}`,
    `accTitle: ${oneLine(title)}`,
    `accDescr: ${oneLine(describe(topology))}`,
  ];
  const kinds = new Map(topology.nodes.map((node) => [node.id, node.kind]));
  for (const node of topology.nodes) lines.push(`${node.id}${shapeOf(node)}`);
  for (const edge of topology.edges) {
    const arrow = edge.asks === true ? '-.->' : '-->';
    const label = kinds.get(edge.to) === 'stage' && edge.from !== 'client' ? INNER_PLACEHOLDER : EDGE_PLACEHOLDER;
    lines.push(`${edge.from} ${edge.id}@${arrow}|"${label.join('<br/>')}"| ${edge.to}`);
  }
  for (const node of topology.nodes) lines.push(`class ${node.id} kind-${node.kind}`);
  return lines.join('\n');
}

function shapeOf(node: TopologyNode): string {
  const details = [node.detail, ...livePlaceholders(node)];
  // The name is painted bold, so it is measured bold.
  const label = [`<b>${quoted(nodeName(node))}</b>`, ...details.filter((line) => line !== '').map(quoted)].join(
    '<br/>',
  );
  return node.kind === 'store' ? `[("${label}")]` : `["${label}"]`;
}

function livePlaceholders(node: TopologyNode): readonly string[] {
  if (node.kind === 'server' || node.kind === 'store') return [STATE_PLACEHOLDER];
  if (node.kind !== 'stage') return [];
  return node.id === 'limit' ? [STAGE_PLACEHOLDER, ...BUCKET_PLACEHOLDER] : [STAGE_PLACEHOLDER];
}

/** mermaid's own escapes: a quote or a bracket in a label must not end it. */
function quoted(text: string): string {
  return text.replace(/[#"<>&;`]/g, (character) => `#${character.charCodeAt(0)};`);
}

function oneLine(text: string): string {
  return text.replace(/[\r\n;{}#]+/g, ' ');
}

function describe(topology: Topology): string {
  const label = (id: string) => {
    const node = topology.nodes.find((candidate) => candidate.id === id);
    return node === undefined ? id : nodeName(node);
  };
  const edges = topology.edges.map((edge) => t('{from} to {to}', { from: label(edge.from), to: label(edge.to) }));
  return `${edges.join(', ')}. ${t('The table below has the same numbers.')}`;
}
