import { assertNever } from '../../src/base/assertNever';
import type { Decision, DecisionPeer, RequestSample, Stage } from '../../src/measurement/snapshot';
import { type Child, h } from '../dom';
import { count, milliseconds, say, seconds, t } from '../strings';

/** The answer to "Why this backend?" for one request, with the peers as the policy saw them at that moment. */
export function whyDetail(sample: RequestSample): HTMLElement {
  return h('div', { class: 'why' }, h('p', { class: 'why-request' }, requestLine(sample)), answer(sample));
}

function requestLine(sample: RequestSample): string {
  return t('Request {id}, {at} after the start: {status} from {server} in {latency}.', {
    id: sample.id,
    at: seconds(sample.atMs),
    status: sample.status,
    server: sample.server ?? t('nobody'),
    latency: milliseconds(sample.latencyMs),
  });
}

function answer(sample: RequestSample): Child {
  const { why } = sample;
  switch (why.kind) {
    case 'decided':
      return [
        h('p', { class: 'why-answer' }, h('strong', {}, t('The balancer decided.')), ' ', say(why.decision.reason)),
        decisionDetail(why.decision),
      ];
    case 'bound':
      return [
        h(
          'p',
          { class: 'why-answer' },
          h('strong', {}, t('No decision: the connection was already bound.')),
          ' ',
          boundText(why.decision, why.requestsBefore),
        ),
        h('p', { class: 'hint' }, t('The decision that bound it:'), ' ', say(why.decision.reason)),
        decisionDetail(why.decision),
      ];
    case 'client':
      return h(
        'p',
        { class: 'why-answer' },
        h('strong', {}, t('The client decided.')),
        ' ',
        t('Its own policy {policy} takes turns over its connections to {servers}.', {
          policy: why.policy,
          servers: why.servers.join(', '),
        }),
      );
    case 'own':
      return h('p', { class: 'why-answer' }, h('strong', {}, t('No server was asked.')), ' ', ownText(why.stage));
    case 'unknown':
      return h('p', { class: 'why-answer' }, t('Its decision is no longer recorded.'));
    default:
      return assertNever(why);
  }
}

function ownText(stage: Stage | null): string {
  switch (stage) {
    case 'route':
      return t('Routing answered it: the configuration says so, or has nothing for this path.');
    case 'limit':
      return t('The rate limit refused it.');
    case 'auth':
      return t('Authentication refused it.');
    case 'static':
      return t('The balancer answered with a file of its own.');
    case null:
      return t('The balancer had none left to ask.');
    default:
      return assertNever(stage);
  }
}

function boundText(decision: Decision, requestsBefore: number | null): string {
  const args = { server: chosenServer(decision), policy: decision.policy, when: moment(decision.atMs) };
  return requestsBefore === null
    ? t('It was bound to {server} by {policy}, {when}.', args)
    : t('It was bound to {server} by {policy}, {when}; requests over it before this one: {count}.', {
        ...args,
        count: count(requestsBefore),
      });
}

/** A connection that was made while the lab got ready was bound before the run's clock began. */
function moment(atMs: number): string {
  return atMs < 0 ? t('before the first request') : t('{at} after the start', { at: seconds(atMs) });
}

function chosenServer(decision: Decision): string {
  return decision.peers.find((peer) => peer.address === decision.chosen)?.serverId ?? decision.chosen;
}

function decisionDetail(decision: Decision): HTMLElement {
  const heads = [t('Weight'), t('Effective weight'), t('Current weight'), t('In flight'), t('Fails')];
  return h(
    'div',
    { class: 'table-scroll', role: 'group', 'aria-label': t('Servers at the moment of the decision'), tabindex: 0 },
    h(
      'table',
      { class: 'numbers' },
      h(
        'caption',
        {},
        t('{policy} in upstream {upstream}, {when}, try {attempt}', {
          policy: decision.policy,
          upstream: decision.upstream,
          when: moment(decision.atMs),
          attempt: decision.attempt,
        }),
      ),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, t('Server')),
          heads.map((text) => h('th', { scope: 'col', class: 'number' }, text)),
          h('th', { scope: 'col' }, t('State')),
        ),
      ),
      h(
        'tbody',
        {},
        decision.peers.map((peer) => peerRow(peer, peer.address === decision.chosen)),
      ),
    ),
  );
}

function peerRow(peer: DecisionPeer, chosen: boolean): HTMLElement {
  const numbers = [peer.weight, peer.effectiveWeight, peer.currentWeight, peer.inFlight, peer.fails];
  return h(
    'tr',
    { class: chosen ? 'chosen' : undefined },
    h(
      'th',
      { scope: 'row' },
      peer.serverId ?? peer.address,
      h('span', { class: 'address' }, peer.serverId === null ? '' : peer.address),
    ),
    numbers.map((n) => h('td', { class: 'number' }, count(n))),
    h('td', {}, chosen ? t('✓ chosen') : peerState(peer.state)),
  );
}

function peerState(state: DecisionPeer['state']): string {
  switch (state) {
    case 'eligible':
      return t('eligible');
    case 'down':
      return t('down');
    case 'unavailable':
      return t('unavailable');
    case 'busy':
      return t('busy');
    case 'backup':
      return t('backup');
    case 'tried':
      return t('tried already');
    default:
      return assertNever(state);
  }
}
