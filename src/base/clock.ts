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
