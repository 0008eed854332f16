import type { Clock } from '../../base/clock';

/** So many at once, and so many each second over a long time: a bucket that leaks. */
interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** Calls that clients reset; as nghttp2 allows them against rapid resets (CVE-2023-44487). */
const RESETS: Allowance = { burst: 1_000, perSecond: 33 };
/** Frames that cost work and bring nothing: PING, SETTINGS, PRIORITY, unknown ones, empty DATA, WINDOW_UPDATE. */
const IDLE_FRAMES: Allowance = { burst: 2_000, perSecond: 200 };
/** Requests and frames in error that leave the connection standing. */
const FAULTS: Allowance = { burst: 100, perSecond: 5 };

class Bucket {
  #level = 0;
  #at = 0;

  constructor(readonly allowance: Allowance) {}

  /** False: that was one too many. */
  take(now: number, amount: number): boolean {
    const { burst, perSecond } = this.allowance;
    this.#level = Math.max(0, this.#level - ((now - this.#at) / 1_000) * perSecond) + amount;
    this.#at = now;
    return this.#level <= burst;
  }

  giveBack(amount: number): void {
    if (this.#level > 0) this.#level = Math.max(0, this.#level - amount);
  }
}

/** Counts what one HTTP/2 client does to no purpose. Each method answers false where it has gone too far. */
export class Floods {
  readonly #resets = new Bucket(RESETS);
  readonly #idle = new Bucket(IDLE_FRAMES);
  readonly #faults = new Bucket(FAULTS);

  constructor(readonly clock: Clock) {}

  reset(): boolean {
    return this.#resets.take(this.clock.now(), 1);
  }

  idleFrame(cost = 1): boolean {
    return this.#idle.take(this.clock.now(), cost);
  }

  fault(): boolean {
    return this.#faults.take(this.clock.now(), 1);
  }

  /** Payload went one way or the other: honest clients answer it with WINDOW_UPDATE and PING. */
  payload(): void {
    this.#idle.giveBack(4);
  }
}
