import { type Message, message } from '../../base/message';
import { err, ok } from '../../base/result';
import type { Word } from '../../conf/ast';
import type { Peer, Pick, Picker, PickRequest, Policy } from '../policy';
import { crc32Finish, crc32Start, crc32Text } from './crc32';
import { fallBack, tooManyMisses } from './fallBack';
import { isEligible, type PeerLists, peerAtWeight, peerLists, peerName } from './peerLists';
import { argumentsWithin, invalidParameter } from './problems';
import { ringPicker } from './ring';

export interface HashConfig {
  readonly key: Word;
  /** Ketama's ring in place of a sum of hashes. */
  readonly consistent: boolean;
}

/** https://nginx.org/en/docs/http/ngx_http_upstream_module.html#hash */
export const hash: Policy<HashConfig> = {
  name: 'hash',
  directive: 'hash',
  contexts: ['http', 'stream'],
  allowsBackup: false,
  parse(directive) {
    if (directive === null) throw new Error('hash is never the default policy');
    const form = message('Write it as {form}.', { form: 'hash KEY [consistent];' });
    const args = argumentsWithin(directive, 1, 2, form);
    if (!args.ok) return args;
    const [key = directive.name, mode] = args.value;
    if (mode !== undefined && mode.value !== 'consistent') return err([invalidParameter(mode, form)]);
    return ok({ key, consistent: mode !== undefined });
  },
  nameOf: ({ consistent }) => (consistent ? 'hash consistent' : 'hash'),
  keyArgument: ({ key }) => ({ source: key.value, span: key.span }),
  createPicker({ consistent }, peers): Picker {
    const lists = peerLists(peers);
    if (consistent) return ringPicker(lists);
    return { pick: (request) => pickByKey(lists, request) };
  },
};

/**
 * The key's CRC-32 chooses a peer by weight, as Cache::Memcached does. A peer that cannot be used adds the hash of
 * "1KEY", then "2KEY" and so on, to the sum.
 */
function pickByKey(lists: PeerLists, request: PickRequest): Pick | null {
  const { progress } = request;
  if (lists.single || request.key === '') return fallBack(lists, request, 'no key');
  while (!tooManyMisses(progress)) {
    progress.hash = Math.max(0, progress.hash) + hashOfAttempt(request.key, progress.rehash);
    progress.rehash += 1;
    const peer = peerAtWeight(lists.primary, progress.hash % lists.primaryWeight);
    if (peer !== null && isEligible(peer, request))
      return { peer, reason: request.traced ? hashReason(peer, request) : null };
    progress.misses += 1;
  }
  return fallBack(lists, request, 'misses');
}

function hashOfAttempt(key: string, rehash: number): number {
  const state = rehash > 0 ? crc32Text(crc32Start, String(rehash)) : crc32Start;
  return (crc32Finish(crc32Text(state, key)) >>> 16) & 0x7fff;
}

function hashReason(peer: Peer, request: PickRequest): Message {
  const facts = { key: request.key, server: peerName(peer), misses: request.progress.misses };
  return request.progress.misses === 0
    ? message('The key "{key}" hashes to {server}.', facts)
    : message(
        'The key "{key}" hashes to a server that cannot be used; hashing it again {misses} time(s) led to {server}.',
        facts,
      );
}
