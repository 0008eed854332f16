import type { MeasuredDiagram } from '../../src/course/courseView';
import type { Snapshot } from '../../src/measurement/snapshot';
import type { LabState } from '../../src/protocol/webview';
import type { Overlay } from '../diagram/overlayModel';
import { type PaintedText, paintableText, roomySource } from '../diagram/paintText';
import { type DiagramReading, diagramReading, textOverlay } from '../diagram/textOverlay';
import { fill, h, setAttribute, setHidden, setText } from '../dom';
import { choicesOf } from '../lab/setUp';
import { connectionsText, day, requestsText, t } from '../strings';

/** The numbers of a diagram in the text: live while its lab's arm runs, then the reader's last ones with their day. */
export interface MeasuredPicture {
  /** What the numbers are, for below the picture; the same numbers as a list for those who do not see it. */
  readonly caption: HTMLElement;
  /** What to draw. */
  readonly source: string;
  /** It was drawn from that. */
  drawn(svg: SVGSVGElement, renderId: string): void;
  update(lab: LabState): void;
  snapshot(snapshot: Snapshot): void;
}

/** null: the lab has no such arm, so that there is nothing to measure. */
export function measuredPicture(diagram: MeasuredDiagram, first: LabState): MeasuredPicture | null {
  const armOf = ({ arms }: LabState) => arms.find(({ id }) => id === diagram.arm.split('@')[0]);
  const drawnArm = armOf(first);
  if (drawnArm === undefined) return null;
  const drawnTopology = drawnArm.topology;
  let lab = first;
  let live: Snapshot | null = null;
  let painted: PaintedText | null = null;

  const mark = h('span', { class: 'measured-mark', 'aria-hidden': 'true' });
  const words = h('span', {});
  const list = h('ul', { class: 'visually-hidden' });
  const caption = h('div', { class: 'diagram-numbers' }, h('a', { href: `#lab-${diagram.lab}` }, mark, words), list);

  const show = () => {
    const arm = armOf(lab) ?? drawnArm;
    const reading = diagramReading(lab, diagram.arm, live);
    const overlay = reading.kind === 'nothing' ? null : textOverlay(diagram, reading.snapshot, arm.topology);
    painted?.paint(overlay);
    setAttribute(caption, 'data-numbers', reading.kind);
    setHidden(mark, reading.kind === 'nothing');
    setText(words, captionOf(reading, lab, arm.title));
    // Ten times a second would be too often for who listens.
    if (reading.kind !== 'running') fill(list, overlay === null ? null : listed(diagram, overlay));
  };

  show();
  return {
    caption,
    source: roomySource(diagram, drawnTopology),
    drawn(svg, renderId) {
      painted = paintableText(svg, renderId, diagram, drawnTopology);
      show();
    },
    update(next) {
      // Of a run that is over, the result has the last snapshot.
      if (!next.running || !lab.running) live = null;
      lab = next;
      show();
    },
    snapshot(next) {
      live = next;
      if (diagramReading(lab, diagram.arm, live).kind === 'running') show();
    },
  };
}

function captionOf(reading: DiagramReading, lab: LabState, arm: string): string {
  switch (reading.kind) {
    case 'nothing':
      return t('Not measured yet: run “{arm}” in the lab “{lab}”.', { arm, lab: lab.title });
    case 'running':
      return t('Live: “{arm}” is running.', { arm });
    case 'measured': {
      const choices = choicesOf(reading.last.result, lab);
      const run = choices === '' ? arm : `${arm} · ${choices}`;
      return t('Measured by you on {day}: “{arm}”.', { day: day(reading.last.finishedAt), arm: run });
    }
  }
}

function listed(diagram: MeasuredDiagram, overlay: Overlay): readonly HTMLElement[] {
  const nameOf = (id: string): string => diagram.nodes.find((node) => node.id === id)?.name ?? id;
  return diagram.edges.flatMap(({ id, from, to }) => {
    const edge = overlay.edges.get(id);
    if (edge === undefined) return [];
    const numbers = `${connectionsText(edge.connections)}, ${requestsText(edge.requests)}`;
    return [h('li', {}, `${t('{from} to {to}', { from: nameOf(from), to: nameOf(to) })}: ${numbers}`)];
  });
}
