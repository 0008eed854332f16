import type { MeasuredDiagram } from '../../src/course/courseView';
import type { Snapshot } from '../../src/measurement/snapshot';
import type { Topology } from '../../src/protocol/run';
import type { LabResult, LabState } from '../../src/protocol/webview';
import { type EdgeOverlay, type NodeOverlay, type Overlay, overlayOf } from './overlayModel';

/** What a diagram of the text shows of its lab. No DOM. */
export type DiagramReading =
  | { readonly kind: 'nothing' }
  /** `snapshot` is null until the run has its first. */
  | { readonly kind: 'running'; readonly snapshot: Snapshot | null }
  | { readonly kind: 'measured'; readonly snapshot: Snapshot; readonly last: LabResult };

/** The run that is going on if it is of the diagram's arm, else the reader's last run of it. `live`: the lab's last snapshot. */
export function diagramReading(
  lab: Pick<LabState, 'running' | 'selectedArm' | 'params' | 'results'>,
  arm: string,
  live: Snapshot | null,
): DiagramReading {
  // "round-robin@one-slow" is the arm under that scenario.
  const [id, scenario] = arm.split('@');
  const isOfArm = lab.selectedArm === id && (scenario === undefined || lab.params.scenario === scenario);
  if (lab.running && isOfArm) return { kind: 'running', snapshot: live };
  const last = lab.results[arm];
  return last === undefined ? { kind: 'nothing' } : { kind: 'measured', snapshot: last.snapshot, last };
}

/** The lab's numbers by the ids of the diagram, where a node may stand for several servers and an edge for all their ways. */
export function textOverlay(diagram: MeasuredDiagram, snapshot: Snapshot | null, topology: Topology): Overlay {
  const lab = overlayOf(snapshot, topology);
  const stands = new Map(diagram.nodes.map((node) => [node.id, node.stands]));
  const edges = diagram.edges.map(({ id, from, to }) => {
    const ways = topology.edges.filter(
      (way) => stands.get(from)?.includes(way.from) === true && stands.get(to)?.includes(way.to) === true,
    );
    return [id, together(ways.flatMap((way) => lab.edges.get(way.id) ?? []))] as const;
  });
  const servers = new Set(topology.nodes.flatMap(({ id, kind }) => (kind === 'server' ? [id] : [])));
  const balancers = new Set(topology.nodes.flatMap(({ id, kind }) => (kind === 'balancer' ? [id] : [])));
  // Where servers ask others, a share of all that was answered, inside and outside, would say nothing of a way.
  const hasTiers = topology.edges.some(({ from, to }) => servers.has(from) && balancers.has(to));
  const nodes = diagram.nodes.map((node) => {
    const whole = nodesTogether(node.stands.flatMap((part) => lab.nodes.get(part) ?? []));
    return [node.id, hasTiers ? { ...whole, share: null } : whole] as const;
  });
  return { edges: new Map(edges), nodes: new Map(nodes) };
}

function together(ways: readonly EdgeOverlay[]): EdgeOverlay {
  const sum = (of: (way: EdgeOverlay) => number): number => ways.reduce((total, way) => total + of(way), 0);
  const connectionsOpen = sum((way) => way.connectionsOpen);
  const connections = sum((way) => way.connections);
  const isDown = ways.length > 0 && ways.every((way) => way.health === 'down');
  const [{ kind } = { kind: undefined }] = ways;
  return {
    connections,
    connectionsOpen,
    requests: sum((way) => way.requests),
    share: Math.min(
      1,
      sum((way) => way.share),
    ),
    health: isDown ? 'down' : connectionsOpen > 0 ? 'open' : connections > 0 ? 'closed' : 'idle',
    ...(kind === undefined ? {} : { kind }),
  };
}

/** Of several servers that are not all in the same state, those that are up answer for all. */
function nodesTogether(parts: readonly NodeOverlay[]): NodeOverlay {
  const [first] = parts;
  if (first === undefined) return { state: null, share: null };
  if (parts.length === 1) return first;
  const shares = parts.flatMap(({ share }) => (share === null ? [] : [share]));
  return {
    state: parts.every(({ state }) => state === first.state) ? first.state : 'up',
    share: shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0),
  };
}
