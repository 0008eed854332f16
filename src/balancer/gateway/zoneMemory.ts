/**
 * What a shared memory zone of nginx has room for, so that a full zone behaves as nginx's does: states take chunks of a
 * power of two, out of 4 KB pages (ngx_slab_init, ngx_slab_alloc_locked; sizes of 64-bit systems).
 */

const PAGE = 4096;
/** ngx_slab_pool_t, and nine slots with their statistics. */
const POOL_HEADER = 200 + 9 * (24 + 32);
const PAGE_HEADER = 24;

export class ZoneMemory {
  #free: number;

  /** `header`: bytes of what the module itself keeps in the zone. One page goes to the zone's text for the log. */
  constructor(bytes: number, header: number) {
    const pages = Math.floor((bytes - POOL_HEADER) / (PAGE + PAGE_HEADER));
    this.#free = Math.max(0, pages - 1) * PAGE - chunk(header);
  }

  /** False: there is no room. */
  take(bytes: number): boolean {
    const size = chunk(bytes);
    if (size > this.#free) return false;
    this.#free -= size;
    return true;
  }

  release(bytes: number): void {
    this.#free += chunk(bytes);
  }
}

function chunk(bytes: number): number {
  // Beyond half a page whole pages are given out.
  if (bytes > PAGE / 2) return Math.ceil(bytes / PAGE) * PAGE;
  let size = 8;
  while (size < bytes) size *= 2;
  return size;
}
