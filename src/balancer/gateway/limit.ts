import { message } from '../../base/message';
import type { Problem } from '../../base/problem';
import type { BucketLevel } from '../../measurement/snapshot';
import type { LimitConn, LimitConnZone, LimitReq, LimitZones } from '../plan';
import type { VariableSource } from '../template';
import { CountZone } from './connectionCount';
import { type BucketState, BucketZone } from './leakyBucket';

export type { BucketState } from './leakyBucket';

/** Values of `$limit_req_status`; `$limit_conn_status` has those without DELAYED. */
export type LimitOutcome = 'PASSED' | 'DELAYED' | 'REJECTED' | 'DELAYED_DRY_RUN' | 'REJECTED_DRY_RUN';

/** How the messages of a limit are logged; nginx's levels: refusals as errors, delays as warnings. */
export type LimitLog = (level: 'error' | 'warn', text: string) => void;

export type RequestVerdict =
  /** `outcome` null: no limit was asked (none here, or all keys empty). */
  | { readonly kind: 'pass'; readonly outcome: LimitOutcome | null }
  /** Go on after so long. The next phase is limit_conn's; limit_req is not asked again. */
  | { readonly kind: 'delay'; readonly ms: number; readonly outcome: 'DELAYED' }
  /** Answer with limit_req_status. */
  | { readonly kind: 'refuse'; readonly outcome: 'REJECTED' };

export type ConnectionVerdict =
  /** `release` once, when the request (its log written) or the connection is over; null: nothing was counted. */
  | { readonly kind: 'pass'; readonly outcome: LimitOutcome | null; readonly release: (() => void) | null }
  /** Answer with limit_conn_status, or close the connection (stream). */
  | { readonly kind: 'refuse'; readonly outcome: 'REJECTED' };

const NO_LIMIT: RequestVerdict = { kind: 'pass', outcome: null };
const NOT_COUNTED: ConnectionVerdict = { kind: 'pass', outcome: null, release: null };

/** A longer key is no key (ngx_http_limit_req_handler, ngx_http_limit_conn_handler). */
const LONGEST_REQUEST_KEY = 65_535;
const LONGEST_CONNECTION_KEY = 255;

/**
 * `limit_req` and `limit_conn` of one running balancer. In the preaccess phase ask request(), then (after its delay)
 * connection(). As in nginx each is asked once per client request, also where an error page or another internal redirect
 * leads to a location with limits of its own: ask again only while the outcome so far is null.
 *
 * Zones are known by name and survive a reload, as nginx's shared memory does; a zone of another size is a new one, and
 * one with another key is refused (conflicts()).
 */
export class RequestLimits {
  readonly #now: () => number;
  readonly #buckets = new Map<string, BucketZone>();
  readonly #counts = new Map<string, CountZone>();
  readonly #declared: Record<'limit_req' | 'limit_conn_zone', readonly Omit<LimitConnZone, 'span'>[]> = {
    limit_req: [],
    limit_conn_zone: [],
  };

  /** `now`: milliseconds on a scale that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** What a configuration may not do with the zones that stand (ngx_http_limit_req_init_zone). */
  conflicts(zones: LimitZones): Problem[] {
    const of = (kind: 'limit_req' | 'limit_conn_zone', declared: LimitZones['connections']) =>
      declared.flatMap((zone) => {
        const before = this.#declared[kind].find(({ name, bytes }) => name === zone.name && bytes === zone.bytes);
        if (before === undefined || before.key.source === zone.key.source) return [];
        const text = message('{directive} "{zone}" uses the "{key}" key while previously it used the "{before}" key', {
          directive: kind,
          zone: zone.name,
          key: zone.key.source,
          before: before.key.source,
        });
        return [{ severity: 'error' as const, message: text, span: zone.span }];
      });
    return [...of('limit_req', zones.requests), ...of('limit_conn_zone', zones.connections)];
  }

  /** The zones of the configuration that serves from now on; what is in no other is forgotten. */
  adopt(zones: LimitZones): void {
    this.#declared.limit_req = zones.requests;
    this.#declared.limit_conn_zone = zones.connections;
    forgetOthers(this.#buckets, zones.requests);
    forgetOthers(this.#counts, zones.connections);
  }

  /** Applies the `limit_req`s of a location (ngx_http_limit_req_handler). */
  request(limits: readonly LimitReq[], dryRun: boolean, variables: VariableSource, log: LimitLog): RequestVerdict {
    if (limits.length === 0) return NO_LIMIT;
    const nowMs = Math.floor(this.#now());
    const poured: { readonly zone: BucketZone; readonly limit: LimitReq; readonly account: () => number }[] = [];
    let worst: { readonly limit: LimitReq; readonly ms: number; readonly excess: number } | null = null;
    let asked = false;
    for (const [i, limit] of limits.entries()) {
      const key = this.#key(limit.zone.key.evaluate(variables), limit.zone.key.source, LONGEST_REQUEST_KEY, log);
      if (key === '') continue;
      asked = true;
      const zone = this.#bucketZone(limit);
      const isLast = i === limits.length - 1;
      const offer = zone.offer(key, nowMs, limit.burst * 1000, isLast);
      if (offer.kind !== 'room') {
        if (offer.kind === 'busy') log('error', limited(offer.excess, limit, dryRun));
        return dryRun ? { kind: 'pass', outcome: 'REJECTED_DRY_RUN' } : { kind: 'refuse', outcome: 'REJECTED' };
      }
      if (isLast) worst = { limit, ms: zone.delayMs(offer.excess, inThousandths(limit.delay)), excess: offer.excess };
      else poured.push({ zone, limit, account: () => zone.account(offer.bucket, nowMs) });
    }
    if (!asked) return NO_LIMIT;
    // All agree: only now it counts for the others, and the longest of their delays holds.
    for (const { zone, limit, account } of poured.reverse()) {
      const excess = account();
      const ms = zone.delayMs(excess, inThousandths(limit.delay));
      if (ms > (worst?.ms ?? 0)) worst = { limit, ms, excess };
    }
    if (worst === null || worst.ms === 0) return { kind: 'pass', outcome: 'PASSED' };
    log('warn', delayed(worst.excess, worst.limit, dryRun));
    if (dryRun) return { kind: 'pass', outcome: 'DELAYED_DRY_RUN' };
    return { kind: 'delay', ms: worst.ms, outcome: 'DELAYED' };
  }

  /** Applies the `limit_conn`s of a location or a stream server (ngx_http_limit_conn_handler, ngx_stream_limit_conn_handler). */
  connection(
    limits: readonly LimitConn[],
    dryRun: boolean,
    variables: VariableSource,
    log: LimitLog,
  ): ConnectionVerdict {
    if (limits.length === 0) return NOT_COUNTED;
    const taken: { readonly zone: CountZone; readonly key: string }[] = [];
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      for (const { zone, key } of taken) zone.release(key);
    };
    let asked = false;
    for (const limit of limits) {
      const key = this.#key(limit.zone.key.evaluate(variables), limit.zone.key.source, LONGEST_CONNECTION_KEY, log);
      if (key === '') continue;
      asked = true;
      const zone = this.#countZone(limit);
      const answer = zone.take(key, limit.connections);
      if (answer === 'taken') {
        taken.push({ zone, key });
        continue;
      }
      if (answer === 'busy') log('error', `limiting connections${dryRun ? ', dry run,' : ''} by zone "${zone.name}"`);
      release();
      if (dryRun) return { kind: 'pass', outcome: 'REJECTED_DRY_RUN', release: null };
      return { kind: 'refuse', outcome: 'REJECTED' };
    }
    return asked ? { kind: 'pass', outcome: 'PASSED', release } : NOT_COUNTED;
  }

  /** Every bucket as it stands now, for telemetry; zone by zone, least recently used first. */
  buckets(): BucketState[] {
    const nowMs = Math.floor(this.#now());
    return [...this.#buckets.values()].flatMap((zone) => zone.states(nowMs));
  }

  /** The fullest bucket of each zone, for whoever draws zones rather than keys. */
  levels(): BucketLevel[] {
    const nowMs = Math.floor(this.#now());
    return [...this.#buckets.values()].flatMap((zone) => zone.level(nowMs) ?? []);
  }

  /** Requests or connections under way per key, for telemetry. */
  connections(): { readonly zone: string; readonly key: string; readonly count: number }[] {
    return [...this.#counts.values()].flatMap((zone) => zone.states());
  }

  #key(value: string, source: string, longest: number, log: LimitLog): string {
    if (value.length <= longest) return value;
    log('error', `the value of the "${source}" key is more than ${longest} bytes: "${value}"`);
    return '';
  }

  #bucketZone({ zone }: LimitReq): BucketZone {
    const id = idOf(zone);
    let found = this.#buckets.get(id);
    if (found === undefined) {
      found = new BucketZone(zone.name, zone.ratePerSecond, zone.bytes);
      this.#buckets.set(id, found);
    }
    found.ratePerSecond = zone.ratePerSecond;
    return found;
  }

  #countZone({ zone }: LimitConn): CountZone {
    const id = idOf(zone);
    let found = this.#counts.get(id);
    if (found === undefined) {
      found = new CountZone(zone.name, zone.bytes);
      this.#counts.set(id, found);
    }
    return found;
  }
}

function forgetOthers(zones: Map<string, unknown>, declared: LimitZones['connections']): void {
  const kept = new Set(declared.map(idOf));
  for (const id of [...zones.keys()]) if (!kept.has(id)) zones.delete(id);
}

const ids = new WeakMap<object, string>();

function idOf(zone: Omit<LimitConnZone, 'span'>): string {
  let id = ids.get(zone);
  if (id === undefined) {
    id = `${zone.name} ${zone.bytes} ${zone.key.source}`;
    ids.set(zone, id);
  }
  return id;
}

function inThousandths(requests: number): number {
  return requests === Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : requests * 1000;
}

function shown(excess: number): string {
  return (excess / 1000).toFixed(3);
}

function limited(excess: number, { zone }: LimitReq, dryRun: boolean): string {
  return `limiting requests${dryRun ? ', dry run' : ''}, excess: ${shown(excess)} by zone "${zone.name}"`;
}

function delayed(excess: number, { zone }: LimitReq, dryRun: boolean): string {
  return `delaying request${dryRun ? ', dry run' : ''}, excess: ${shown(excess)}, by zone "${zone.name}"`;
}
