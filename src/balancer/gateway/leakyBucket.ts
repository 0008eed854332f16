import type { BucketLevel } from '../../measurement/snapshot';
import { ZoneMemory } from './zoneMemory';

/** One client (or whatever the key stands for) of a `limit_req_zone`. */
interface Bucket {
  readonly key: string;
  /** Thousandths of a request that came earlier than the rate allows. */
  excess: number;
  lastMs: number;
  /** Of the limit that was applied last, thousandths; for whoever draws the bucket. */
  burst: number;
}

/** A bucket as it stands now; `excess` and `burst` in requests, `rate` in requests per second. */
export interface BucketState {
  readonly zone: string;
  readonly key: string;
  readonly excess: number;
  readonly burst: number;
  readonly rate: number;
}

/** Bytes of a state without its key, and of the zone's own tree and queue (ngx_http_limit_req_module, 64 bits). */
const STATE_BYTES = 80;
const ZONE_BYTES = 80;
/** A bucket that has not been used for so long, and is empty, makes room for others, ms. */
const IDLE_MS = 60_000;

export type Offer =
  | { readonly kind: 'busy'; readonly excess: number }
  /** It may pass; `take()` counts it. Null: not counted yet because other limits are still to be asked. */
  | { readonly kind: 'room'; readonly excess: number; readonly bucket: Bucket }
  /** The zone is full, and nothing in it may be forgotten. */
  | { readonly kind: 'full' };

/**
 * The leaky buckets of one `limit_req_zone` (ngx_http_limit_req_lookup, _account and _expire): each request pours 1000
 * into its bucket, `rate` of which runs out per second; a bucket over `burst` overflows. All in whole thousandths and
 * whole milliseconds, as nginx counts.
 */
export class BucketZone {
  /** Least recently used first. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #memory: ZoneMemory;
  #rate: number;

  constructor(
    readonly name: string,
    ratePerSecond: number,
    bytes: number,
  ) {
    this.#memory = new ZoneMemory(bytes, ZONE_BYTES);
    this.#rate = thousandths(ratePerSecond);
  }

  /** A reload may change it; the buckets stay. */
  set ratePerSecond(rate: number) {
    this.#rate = thousandths(rate);
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Whether a request may pass. It is poured in at once where `account` is set, else by account() once all limits agree. */
  offer(key: string, nowMs: number, burst: number, account: boolean): Offer {
    const found = this.#buckets.get(key);
    if (found !== undefined) {
      this.#buckets.delete(key);
      this.#buckets.set(key, found);
      found.burst = burst;
      const excess = this.#poured(found, nowMs);
      if (excess > burst) return { kind: 'busy', excess };
      if (account) this.#pour(found, nowMs);
      return { kind: 'room', excess, bucket: found };
    }
    const bytes = STATE_BYTES + key.length;
    this.#expire(nowMs, false);
    if (!this.#memory.take(bytes)) {
      this.#expire(nowMs, true);
      if (!this.#memory.take(bytes)) return { kind: 'full' };
    }
    // The first request of a key finds the bucket empty and leaves it empty.
    const bucket = { key, excess: 0, lastMs: account ? nowMs : Number.NEGATIVE_INFINITY, burst };
    this.#buckets.set(key, bucket);
    return { kind: 'room', excess: 0, bucket };
  }

  /** Pours a request in that offer() let pass; the bucket's excess with it. */
  account(bucket: Bucket, nowMs: number): number {
    return this.#pour(bucket, nowMs);
  }

  /** How long a request waits that is this far over what may pass at once, ms. */
  delayMs(excess: number, delay: number): number {
    return excess <= delay ? 0 : Math.floor(((excess - delay) * 1000) / this.#rate);
  }

  states(nowMs: number): BucketState[] {
    return [...this.#buckets.values()].map((bucket) => ({
      zone: this.name,
      key: bucket.key,
      excess: Math.max(0, bucket.excess - this.#drained(bucket, nowMs)) / 1000,
      burst: bucket.burst / 1000,
      rate: this.#rate / 1000,
    }));
  }

  /** The fullest of them; null: there is none yet. */
  level(nowMs: number): BucketLevel | null {
    let fullest: Bucket | null = null;
    let most = -1;
    for (const bucket of this.#buckets.values()) {
      const excess = Math.max(0, bucket.excess - this.#drained(bucket, nowMs));
      if (excess > most) {
        most = excess;
        fullest = bucket;
      }
    }
    if (fullest === null) return null;
    return {
      zone: this.name,
      level: most / 1000,
      burst: fullest.burst / 1000,
      rate: this.#rate / 1000,
      keys: this.#buckets.size,
    };
  }

  #drained({ lastMs }: Bucket, nowMs: number): number {
    return Math.floor((this.#rate * Math.max(0, nowMs - lastMs)) / 1000);
  }

  #poured(bucket: Bucket, nowMs: number): number {
    return Math.max(0, bucket.excess - this.#drained(bucket, nowMs) + 1000);
  }

  #pour(bucket: Bucket, nowMs: number): number {
    bucket.excess = this.#poured(bucket, nowMs);
    if (nowMs > bucket.lastMs) bucket.lastMs = nowMs;
    return bucket.excess;
  }

  /** Forgets up to two idle, empty buckets; by force the oldest before them. */
  #expire(nowMs: number, force: boolean): void {
    let left = force ? 3 : 2;
    for (const bucket of this.#buckets.values()) {
      const forced = left === 3;
      const idleMs = nowMs - bucket.lastMs;
      if (!forced && (idleMs < IDLE_MS || bucket.excess > this.#drained(bucket, nowMs))) return;
      this.#buckets.delete(bucket.key);
      this.#memory.release(STATE_BYTES + bucket.key.length);
      left--;
      if (left === 0) return;
    }
  }
}

/** nginx divides whole numbers: 1r/m is 16 thousandths of a request per second. */
function thousandths(perSecond: number): number {
  return Math.floor(perSecond * 1000 + 1e-6);
}
