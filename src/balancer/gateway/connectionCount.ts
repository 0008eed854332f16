import { ZoneMemory } from './zoneMemory';

/** Bytes of a state without its key, and of the zone's own tree (ngx_http_limit_conn_module, 64 bits). */
const STATE_BYTES = 36;
const ZONE_BYTES = 64;

/** How many requests (http) or connections (stream) of each key of a `limit_conn_zone` are under way. */
export class CountZone {
  readonly #counts = new Map<string, number>();
  readonly #memory: ZoneMemory;

  constructor(
    readonly name: string,
    bytes: number,
  ) {
    this.#memory = new ZoneMemory(bytes, ZONE_BYTES);
  }

  get size(): number {
    return this.#counts.size;
  }

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** False: as many as may be are there already ('busy'), or the zone has no room for another key ('full'). */
  take(key: string, most: number): 'taken' | 'busy' | 'full' {
    const before = this.#counts.get(key);
    if (before === undefined) {
      if (!this.#memory.take(STATE_BYTES + key.length)) return 'full';
    } else if (before >= most) return 'busy';
    this.#counts.set(key, (before ?? 0) + 1);
    return 'taken';
  }

  release(key: string): void {
    const left = this.count(key) - 1;
    if (left > 0) this.#counts.set(key, left);
    else if (this.#counts.delete(key)) this.#memory.release(STATE_BYTES + key.length);
  }

  states(): { readonly zone: string; readonly key: string; readonly count: number }[] {
    return [...this.#counts].map(([key, count]) => ({ zone: this.name, key, count }));
  }
}
