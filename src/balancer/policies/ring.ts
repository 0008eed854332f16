import { type Message, message } from '../../base/message';
import type { Peer, Pick, Picker, PickRequest } from '../policy';
import { crc32Byte, crc32Finish, crc32Start, crc32Text } from './crc32';
import { fallBack, tooManyMisses } from './fallBack';
import { type PeerLists, peerName } from './peerLists';
import { chooseSmoothly } from './roundRobin';

const pointsPerWeight = 160;

/** Peers whose server lines have the same text; they own the same points. */
type Owners = readonly Peer[];

interface Ring {
  /** Ascending, each once. */
  readonly hashes: Uint32Array;
  /** Who owns the point of the same index. */
  readonly owners: readonly Owners[];
}

/**
 * `hash KEY consistent`: each server owns 160 points per weight on a ring of 32-bit numbers, and a key belongs to the
 * first point at or after its own CRC-32 (ketama). A server that goes away gives up its own keys and moves no other.
 */
export function ringPicker(lists: PeerLists): Picker {
  const ring = buildRing(lists.primary);
  return { pick: (request) => pickOnRing(ring, lists, request) };
}

function pickOnRing(ring: Ring, lists: PeerLists, request: PickRequest): Pick | null {
  const { progress } = request;
  if (lists.single || request.key === '') return fallBack(lists, request, 'no key');
  if (progress.hash < 0) progress.hash = firstPointFrom(ring, crc32Finish(crc32Text(crc32Start, request.key)));
  while (!tooManyMisses(progress)) {
    const owners = ring.owners[progress.hash % ring.owners.length] ?? [];
    const choice = chooseSmoothly(owners, request);
    if (choice !== null) return { peer: choice.peer, reason: request.traced ? ringReason(choice.peer, request) : null };
    progress.hash += 1;
    progress.misses += 1;
  }
  return fallBack(lists, request, 'misses');
}

function ringReason(peer: Peer, request: PickRequest): Message {
  const facts = { key: request.key, server: peerName(peer), misses: request.progress.misses };
  return request.progress.misses === 0
    ? message('On the ring, the first point from the key "{key}" on belongs to {server}.', facts)
    : message(
        'On the ring, {misses} point(s) from the key "{key}" on belong to servers that cannot be used; the next one belongs to {server}.',
        facts,
      );
}

function buildRing(peers: readonly Peer[]): Ring {
  const ownersOf = new Map<string, Peer[]>();
  for (const peer of peers) ownersOf.set(peer.serverText, [...(ownersOf.get(peer.serverText) ?? []), peer]);

  const points: { readonly hash: number; readonly owners: Owners }[] = [];
  for (const peer of peers) {
    const owners = ownersOf.get(peer.serverText) ?? [];
    for (const hash of pointsOf(peer)) points.push({ hash, owners });
  }
  // The sort is stable, so that of equal points the one of the earlier server line stays.
  points.sort((a, b) => a.hash - b.hash);
  const distinct = points.filter((point, i) => i === 0 || point.hash !== points[i - 1]?.hash);
  return { hashes: Uint32Array.from(distinct, (point) => point.hash), owners: distinct.map((point) => point.owners) };
}

/** crc32(HOST \0 PORT PREVIOUS), each point feeding the next, as Cache::Memcached::Fast does. */
function* pointsOf(peer: Peer): Iterable<number> {
  const { host, port } = splitServer(peer.serverText);
  const base = crc32Text(crc32Byte(crc32Text(crc32Start, host), 0), port);
  let previous = 0;
  for (let i = 0; i < peer.weight * pointsPerWeight; i += 1) {
    let state = base;
    for (const shift of [0, 8, 16, 24]) state = crc32Byte(state, (previous >>> shift) & 0xff);
    previous = crc32Finish(state);
    yield previous;
  }
}

/** A port is what only digits part from the last colon; a server line without one hashes an empty port. */
function splitServer(text: string): { readonly host: string; readonly port: string } {
  if (/^unix:/i.test(text)) return { host: text.slice(5), port: '' };
  const match = /^(.*):(\d*)$/s.exec(text);
  return match === null ? { host: text, port: '' } : { host: match[1] ?? '', port: match[2] ?? '' };
}

/** Index of the first point at or after `hash`; one past the last wraps around to the first. */
function firstPointFrom(ring: Ring, hash: number): number {
  let low = 0;
  let high = ring.hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ring.hashes[middle] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}
