/** Time and timers, injected so that tests and the simulator own them. */
export interface Clock {
  /** Monotonic milliseconds with a fraction. The system clock's zero is the Unix epoch as the thread knew it at its
   * start, so that values from different threads of one process may be held against each other. */
  now(): number;
  /** Milliseconds since the Unix epoch. */
  wallNow(): number;
  setTimeout(callback: () => void, ms: number): Timer;
  setInterval(callback: () => void, ms: number): Timer;
}

export interface Timer {
  cancel(): void;
}

/** The machine's own clock. Timers do not keep the process alive unless `keepAlive` is set. */
export function systemClock(options: { readonly keepAlive?: boolean } = {}): Clock {
  const origin = performance.timeOrigin;
  const settle = (handle: NodeJS.Timeout, clear: (handle: NodeJS.Timeout) => void): Timer => {
    if (options.keepAlive !== true) handle.unref();
    return { cancel: () => clear(handle) };
  };
  return {
    now: () => origin + performance.now(),
    wallNow: () => Date.now(),
    setTimeout: (callback, ms) => settle(setTimeout(callback, ms), clearTimeout),
    setInterval: (callback, ms) => settle(setInterval(callback, ms), clearInterval),
  };
}

/** Runs it when all that has arrived in this turn of the event loop was read: no timer, and no wait. */
export function atEndOfTurn(callback: () => void): void {
  setImmediate(callback);
}

/**
 * The same clock, read once per turn of the event loop, as nginx keeps the time (ngx_time_update): all that one turn
 * brings happens at the same moment. A turn that reads the clock also ends it, so that no value outlives a wait.
 */
export function turnClock(clock: Clock): Clock {
  let now = Number.NaN;
  let wallNow = Number.NaN;
  const forget = () => {
    now = Number.NaN;
    wallNow = Number.NaN;
  };
  const read = () => {
    now = clock.now();
    wallNow = clock.wallNow();
    atEndOfTurn(forget);
  };
  return {
    now: () => {
      if (Number.isNaN(now)) read();
      return now;
    },
    wallNow: () => {
      if (Number.isNaN(now)) read();
      return wallNow;
    },
    setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
    setInterval: (callback, ms) => clock.setInterval(callback, ms),
  };
}
