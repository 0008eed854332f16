import { message } from '../../base/message';
import { ok } from '../../base/result';
import type { Picker, PickRequest, Policy } from '../policy';
import { hashedAddressBytes } from './addressBytes';
import { fallBack, tooManyMisses } from './fallBack';
import { isEligible, peerAtWeight, peerLists, peerName } from './peerLists';
import { argumentsWithin } from './problems';

/** Constants of nginx's ip_hash: where the hash begins, what each octet multiplies it by, and the prime it stays below. */
const seed = 89;
const multiplier = 113;
const modulus = 6271;

/**
 * Hashes the client's network (first three octets of IPv4, the whole of IPv6) to a peer by weight. A peer that cannot be
 * used makes the hash go on from where it was, so that the other clients stay where they are.
 * https://nginx.org/en/docs/http/ngx_http_upstream_module.html#ip_hash
 */
export const ipHash: Policy<null> = {
  name: 'ip_hash',
  directive: 'ip_hash',
  contexts: ['http'],
  allowsBackup: false,
  parse(directive) {
    if (directive === null) return ok(null);
    const args = argumentsWithin(directive, 0, 0, message('Write it as {form}.', { form: 'ip_hash;' }));
    return args.ok ? ok(null) : args;
  },
  createPicker(_config, peers): Picker {
    const lists = peerLists(peers);
    return {
      pick(request: PickRequest) {
        const { progress } = request;
        if (lists.single || tooManyMisses(progress)) return fallBack(lists, request, 'misses');
        const octets = hashedAddressBytes(request.clientAddress);
        let hash = progress.hash < 0 ? seed : progress.hash;
        for (;;) {
          for (const octet of octets) hash = (hash * multiplier + octet) % modulus;
          const peer = peerAtWeight(lists.primary, hash % lists.primaryWeight);
          if (peer !== null && isEligible(peer, request)) {
            progress.hash = hash;
            const facts = { client: request.clientAddress, server: peerName(peer), misses: progress.misses };
            if (!request.traced) return { peer, reason: null };
            const reason =
              progress.misses === 0
                ? message(
                    'The network of client {client} hashes to {server}; it stays there while {server} lives.',
                    facts,
                  )
                : message(
                    'The network of client {client} hashes to a server that cannot be used; hashing on {misses} time(s) led to {server}.',
                    facts,
                  );
            return { peer, reason };
          }
          progress.misses += 1;
          if (tooManyMisses(progress)) return fallBack(lists, request, 'misses');
        }
      },
    };
  },
};
