import { type Message, message } from '../../src/base/message';
import type { RunPhase, Snapshot, Stage, TimelineEvent } from '../../src/measurement/snapshot';
import { answersOtherThanSuccess } from './connectionsSentence';

/** What is worth interrupting a screen reader for: a few moments of a run, never a tick. No DOM. */
export interface Heard {
  readonly phase: RunPhase | null;
  readonly events: number;
}

export const NOTHING_HEARD: Heard = { phase: null, events: 0 };

const WORTH_SAYING: ReadonlySet<TimelineEvent['kind']> = new Set([
  'kill',
  'revive',
  'add',
  'fail',
  'reload',
  'reload-refused',
]);

export function announcements(heard: Heard, snapshot: Snapshot): { readonly heard: Heard; readonly say: Message[] } {
  const say: Message[] = [];
  // A shorter timeline is that of a new run.
  const from = snapshot.timeline.length < heard.events ? 0 : heard.events;
  for (const event of snapshot.timeline.slice(from)) if (WORTH_SAYING.has(event.kind)) say.push(event.text);
  if (snapshot.phase !== heard.phase) {
    const words = phaseWords(snapshot, heard.phase);
    if (words !== null) say.push(words);
    const stages = isOver(snapshot.phase) ? stageSummary(snapshot) : null;
    if (stages !== null) say.push(stages);
  }
  return { heard: { phase: snapshot.phase, events: snapshot.timeline.length }, say };
}

function isOver(phase: RunPhase): boolean {
  return phase === 'done' || phase === 'stopped';
}

/** Where a gateway refused requests; null: the arm has none. */
function stageSummary({ findings }: Snapshot): Message | null {
  if (findings?.stages === undefined) return null;
  const refused = (stage: Stage): string =>
    (findings.stages?.find((counts) => counts.stage === stage)?.refused ?? 0).toLocaleString('en');
  return message('Refused by routing: {route}, by the rate limit: {limit}, by authentication: {auth}.', {
    route: refused('route'),
    limit: refused('limit'),
    auth: refused('auth'),
  });
}

function phaseWords(snapshot: Snapshot, before: RunPhase | null): Message | null {
  switch (snapshot.phase) {
    case 'running':
      return before === 'draining' ? null : message('Run started.');
    case 'done':
    case 'stopped':
      return finishedSummary(snapshot);
    case 'failed':
      return message('The run failed.');
    default:
      return null;
  }
}

/** One sentence that tells connections and requests apart, for the status line and the summary. */
export function finishedSummary(snapshot: Snapshot): Message {
  const { client, servers } = snapshot;
  const used = servers.filter((server) => server.requests > 0).length;
  const odd = answersOtherThanSuccess(client.answered, client.outcomes, snapshot.findings?.typeCheck);
  const args = {
    answered: client.answered.toLocaleString('en'),
    odd: odd.toLocaleString('en'),
    failed: client.failed.toLocaleString('en'),
    servers: used,
    connections: client.connectionsOpened.toLocaleString('en'),
  };
  if (client.isBrowser === true) {
    return snapshot.phase === 'stopped'
      ? message('Stopped. Answered: {answered}, failed: {failed}, servers reached: {servers}.', args)
      : message('Finished. Answered: {answered}, failed: {failed}, servers reached: {servers}.', args);
  }
  if (snapshot.phase === 'stopped') {
    return odd === 0
      ? message(
          'Stopped. Answered: {answered}, failed: {failed}, servers reached: {servers}, client connections: {connections}.',
          args,
        )
      : message(
          'Stopped. Answered: {answered} ({odd} not with success), failed: {failed}, servers reached: {servers}, client connections: {connections}.',
          args,
        );
  }
  return odd === 0
    ? message(
        'Finished. Answered: {answered}, failed: {failed}, servers reached: {servers}, client connections: {connections}.',
        args,
      )
    : message(
        'Finished. Answered: {answered} ({odd} not with success), failed: {failed}, servers reached: {servers}, client connections: {connections}.',
        args,
      );
}
