/** A connection that is dead but does not say so: after a time without a single byte it is ended from this side. */

type SilenceGuard = {
  /** Aborts when the given signal does, or when nothing was heard for too long. */
  readonly signal: AbortSignal;
  /** Passes on what comes, and takes note that it came. */
  watched<T>(source: AsyncIterable<T>): AsyncGenerator<T>;
  /** Must be called at the end: it aborts what is still open. */
  end(): void;
};

export const silenceGuard = (signal: AbortSignal, ms: number): SilenceGuard => {
  const guarded = new AbortController();
  let heard = true;
  const end = (): void => {
    clearInterval(timer);
    signal.removeEventListener("abort", end);
    guarded.abort();
  };
  // A connection is given up after one to two of these.
  const timer = setInterval(() => {
    if (!heard) return end();
    heard = false;
  }, ms);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return {
    signal: guarded.signal,
    end,
    async *watched(source) {
      for await (const value of source) {
        heard = true;
        yield value;
      }
    },
  };
};
