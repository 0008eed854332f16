import { type Message, message } from '../base/message';
import type { Problem, Span } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { LabReference } from '../quiz/quizKind';
import type { DiagramPart, MeasuredDiagram } from './courseView';
import { type Fence, spanInFence } from './fences';

/** The network of a lab's arm, by the names that a diagram may use for its nodes. */
export interface LabNetwork {
  /** A node's own id stands for that node, a service for every server that offers it. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** The network of an arm ("grpc-l4", "round-robin@one-slow"); null: it could not be read, which is told at the lab. */
export type LabNetworkOf = (lab: string, arm: string) => LabNetwork | null;

const measuredLine = /^\s*%%\s*measured:\s*(.*?)\s*$/;
const besideLine = /^\s*%%\s*beside:\s*(.*?)\s*$/;

/**
 * Reads what a diagram says of measured numbers: `%% measured: lab/arm`, whose numbers its nodes and edges carry by the
 * names of the lab's nodes, and `%% beside: name name`, those of its nodes and edges that the lab does not have.
 * null: it says nothing of the kind. Numbers need a place of their own, so that each node and each edge has its line.
 */
export function readMeasuredDiagram(
  fence: Fence,
  labs: readonly LabReference[],
  networkOf: LabNetworkOf,
): Result<MeasuredDiagram | null, readonly Problem[]> {
  const written = fence.content.replace(/\n$/, '').split('\n');
  const at = written.findIndex((line) => measuredLine.test(line));
  if (at === -1) return ok(null);
  const problems: Problem[] = [];
  const problem = (line: number, word: string, text: Message): void => {
    problems.push({ severity: 'error', message: text, span: wordSpan(fence, written, line, word) });
  };

  const target = measuredLine.exec(written[at] ?? '')?.[1] ?? '';
  const wrong = wrongTarget(target, written, labs);
  if (wrong !== null) {
    problem(at, '', wrong);
    return err(problems);
  }
  const [lab = '', arm = ''] = target.split('/');
  const network = networkOf(lab, arm);
  const lines = readLines(written);
  const names = new Set(lines.flatMap((line) => (line.kind === 'edge' ? [line.id, line.from, line.to] : [])));
  for (const line of lines) if (line.kind === 'node') names.add(line.id);
  const besideAt = written.findIndex((line) => besideLine.test(line));
  const beside = new Set(
    besideLine
      .exec(written[besideAt] ?? '')?.[1]
      ?.split(/[\s,]+/)
      .filter(Boolean),
  );
  for (const name of beside) {
    if (names.has(name)) continue;
    problem(besideAt, name, message('Nothing in this diagram is called “{name}”.', { name }));
  }

  const told = new Set<string>();
  const checkName = (line: number, name: string): void => {
    if (network === null || beside.has(name) || network.names.has(name) || told.has(name)) return;
    told.add(name);
    const has = [...network.names.keys()].join(', ');
    problem(
      line,
      name,
      message(
        'In the lab “{lab}” the arm “{arm}” has no “{name}”; it has {has}. What the lab does not have is listed in “%% beside: …”.',
        { lab, arm, name, has },
      ),
    );
  };
  lines.forEach((line, index) => {
    if (line.kind === 'unknown') {
      problem(
        index,
        '',
        message('In a diagram with measured numbers each line is a node, name["words"], or an edge, from e1@--> to.'),
      );
    }
    if (line.kind === 'node') checkName(index, line.id);
    if (line.kind !== 'edge') return;
    const { id, from, to } = line;
    checkName(index, from);
    checkName(index, to);
    if (network === null || isBeside(line, beside) || hasWay(network, from, to)) return;
    const text = message('In the lab “{lab}” the arm “{arm}” has no way from “{from}” to “{to}”.', {
      lab,
      arm,
      from,
      to,
    });
    problem(index, id, text);
  });
  if (problems.length > 0) return err(problems);
  const measured = lines.filter((line) => line.kind !== 'edge' || !isBeside(line, beside));
  return ok({
    lab,
    arm,
    template: lines.flatMap((line, index) => [...(index === 0 ? [] : ['\n']), ...partsOf(line, beside)]),
    nodes: measured.flatMap((line) =>
      line.kind === 'node' && !beside.has(line.id)
        ? [{ id: line.id, name: firstLine(line.label), stands: network?.names.get(line.id) ?? [line.id] }]
        : [],
    ),
    edges: measured.flatMap((line) => (line.kind === 'edge' ? [{ id: line.id, from: line.from, to: line.to }] : [])),
  });
}

/** What is wrong with `lab/arm`; null: nothing. */
function wrongTarget(target: string, written: readonly string[], labs: readonly LabReference[]): Message | null {
  const [, id, arm] = /^([a-z0-9-]+)\/([a-z0-9@-]+)$/.exec(target) ?? [];
  if (id === undefined || arm === undefined) {
    return message('What a diagram measures is written “%% measured: lab/arm”.');
  }
  const lab = labs.find((candidate) => candidate.id === id);
  if (lab === undefined) return message('There is no lab “{lab}” in this course.', { lab: id });
  // A lab that could not be read lists no arms: its own problems are shown in its place.
  if (lab.arms.length > 0 && !lab.arms.includes(arm)) {
    return message('The lab “{lab}” has no arm “{arm}”.', { lab: id, arm });
  }
  const isFlowchart = written.some((line) => /^\s*flowchart\s/.test(line));
  return isFlowchart ? null : message('Only a flowchart can carry measured numbers.');
}

type Line =
  | { readonly kind: 'other' | 'unknown'; readonly text: string }
  /** `before` and `after` are what stands around the label, brackets and quotation marks among it. */
  | {
      readonly kind: 'node';
      readonly text: string;
      readonly id: string;
      readonly before: string;
      readonly label: string;
      readonly after: string;
    }
  /** `label` is empty where there is none; then `before` and `after` have no `|"` and `"|`. */
  | {
      readonly kind: 'edge';
      readonly text: string;
      readonly id: string;
      readonly from: string;
      readonly to: string;
      readonly before: string;
      readonly label: string;
      readonly after: string;
    };

const node = /^(\s*([A-Za-z][\w-]*)\s*[[({>]+")([^"]*)("[\])}]+\s*)$/;
const edge = /^(\s*([A-Za-z][\w-]*)\s+([A-Za-z]\w*)@<?[-=.]+>?)(?:\|"([^"]*)"\|)?(\s*([A-Za-z][\w-]*)\s*)$/;
/** What has no room for numbers: the kind of diagram, its titles, groups and looks. */
const other =
  /^\s*(%%|flowchart\s|acc(Title|Descr)\b|subgraph\s|end\s*$|direction\s|class(Def)?\s|style\s|linkStyle\s|$)/;

function readLines(written: readonly string[]): readonly Line[] {
  let isDescription = false;
  return written.map((text): Line => {
    if (/^\s*accDescr\s*\{/.test(text)) isDescription = true;
    if (isDescription) {
      isDescription = !text.includes('}');
      return { kind: 'other', text };
    }
    const asNode = node.exec(text);
    if (asNode !== null) {
      const [, before = '', id = '', label = '', after = ''] = asNode;
      return { kind: 'node', text, id, before, label, after };
    }
    const asEdge = edge.exec(text);
    if (asEdge !== null) {
      const [, before = '', from = '', id = '', label = '', after = '', to = ''] = asEdge;
      return { kind: 'edge', text, id, from, to, before, label, after };
    }
    return { kind: other.test(text) ? 'other' : 'unknown', text };
  });
}

function partsOf(line: Line, beside: ReadonlySet<string>): readonly DiagramPart[] {
  if (line.kind === 'node' && !beside.has(line.id)) {
    return [`${line.before}${line.label}<br/>`, { node: line.id }, line.after];
  }
  if (line.kind === 'edge' && !isBeside(line, beside)) {
    const label = line.label === '' ? '' : `${line.label}<br/>`;
    return [`${line.before}|"${label}`, { edge: line.id }, `"|${line.after}`];
  }
  return [line.text];
}

/** An edge that ends where the lab has nothing has no numbers either. */
function isBeside({ id, from, to }: Extract<Line, { kind: 'edge' }>, beside: ReadonlySet<string>): boolean {
  return [id, from, to].some((name) => beside.has(name));
}

/** Also true where one of the ends is not known: that is told by itself. */
function hasWay({ names, edges }: LabNetwork, from: string, to: string): boolean {
  const [sources, targets] = [names.get(from), names.get(to)];
  if (sources === undefined || targets === undefined) return true;
  return edges.some((way) => sources.includes(way.from) && targets.includes(way.to));
}

function firstLine(label: string): string {
  return label.split(/<br\s*\/?>/)[0] ?? label;
}

/** Where a word stands in a line of the fence; '': all of the line but its indent. */
function wordSpan(fence: Fence, written: readonly string[], line: number, word: string): Span {
  const text = written[line] ?? '';
  const found = word === '' ? -1 : text.search(new RegExp(`(?<![\\w-])${word}(?![\\w-])`));
  if (found !== -1) return spanInFence(fence, line, found + 1, word.length);
  const indent = text.length - text.trimStart().length;
  return spanInFence(fence, line, indent + 1, Math.max(1, text.trim().length));
}
