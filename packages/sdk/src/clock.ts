/** Time, injected: so that tests turn the hands themselves. */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never go backwards; only differences mean anything. */
  monotonic(): number;
  /** Calls `run` once after `ms`; the returned function cancels it. Never keeps a process alive. */
  after(ms: number, run: () => void): () => void;
};

/** The real one. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or as soon as the signal aborts: whoever waits looks at the signal. Leaves nothing behind. */
export const pause = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> => {
  if (signal?.aborted === true) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => {
    cancel();
    signal?.removeEventListener("abort", end);
    resolve();
  };
  const cancel = clock.after(ms, end);
  signal?.addEventListener("abort", end, { once: true });
  return promise;
};
