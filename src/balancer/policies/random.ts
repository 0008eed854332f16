import { message } from '../../base/message';
import type { Random } from '../../base/random';
import { err, ok } from '../../base/result';
import type { Peer, Pick, Picker, PickRequest, Policy } from '../policy';
import { fallBack, tooManyMisses } from './fallBack';
import { compareLoad } from './leastConn';
import { isEligible, type PeerLists, peerAtWeight, peerLists, peerName } from './peerLists';
import { argumentsWithin, invalidParameter } from './problems';

export interface RandomConfig {
  /** Draw two, take the one with less in flight for its weight. */
  readonly two: boolean;
}

/** https://nginx.org/en/docs/http/ngx_http_upstream_module.html#random */
export const random: Policy<RandomConfig> = {
  name: 'random',
  directive: 'random',
  contexts: ['http', 'stream'],
  allowsBackup: false,
  parse(directive) {
    if (directive === null) return ok({ two: false });
    const form = message('Write it as {form}.', { form: 'random [two [least_conn]];' });
    const args = argumentsWithin(directive, 0, 2, form);
    if (!args.ok) return args;
    const [two, method] = args.value;
    if (two !== undefined && two.value !== 'two') return err([invalidParameter(two, form)]);
    if (method !== undefined && method.value !== 'least_conn') return err([invalidParameter(method, form)]);
    return ok({ two: two !== undefined });
  },
  nameOf: ({ two }) => (two ? 'random two' : 'random'),
  createPicker({ two }, peers, source): Picker {
    const lists = peerLists(peers);
    return { pick: (request) => (two ? pickOfTwo(lists, request, source) : pickOne(lists, request, source)) };
  },
};

function pickOne(lists: PeerLists, request: PickRequest, source: Random): Pick | null {
  if (lists.single) return fallBack(lists, request, 'misses');
  const peer = drawEligible(lists, request, source, null);
  if (peer === null) return fallBack(lists, request, 'misses');
  const { traced } = request;
  return {
    peer,
    reason: traced ? message('{server} was drawn by lot, weights counted.', { server: peerName(peer) }) : null,
  };
}

function pickOfTwo(lists: PeerLists, request: PickRequest, source: Random): Pick | null {
  if (lists.single) return fallBack(lists, request, 'misses');
  const first = drawEligible(lists, request, source, null);
  const second = first && drawEligible(lists, request, source, first);
  if (first === null || second === null) return fallBack(lists, request, 'misses');
  const [peer, other] = compareLoad(second, first) > 0 ? [first, second] : [second, first];
  const facts = {
    server: peerName(peer),
    other: peerName(other),
    inFlight: peer.inFlight,
    otherInFlight: other.inFlight,
  };
  return {
    peer,
    reason: request.traced
      ? message(
          'Of the two drawn by lot, {server} ({inFlight} in flight) and {other} ({otherInFlight}), {server} is no busier for its weight.',
          facts,
        )
      : null,
  };
}

/** Draws by weight until a usable peer other than `besides` comes, or the misses of this request are used up. */
export function drawEligible(
  lists: PeerLists,
  request: PickRequest,
  source: Random,
  besides: Peer | null,
): Peer | null {
  const { progress } = request;
  while (!tooManyMisses(progress)) {
    const peer = peerAtWeight(lists.primary, Math.floor(source.next() * lists.primaryWeight));
    if (peer !== null && peer !== besides && isEligible(peer, request)) return peer;
    progress.misses += 1;
  }
  return null;
}
