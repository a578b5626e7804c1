/** How long to wait before the next try: twice as long each time, each daemon a little different. */
import type { Clock } from "@skein/sdk";

type Backoff = {
  /** Milliseconds until the next try. */
  next(longestMs?: number): number;
  /** It worked, at this moment. */
  worked(): void;
};

/**
 * Only a success that has lasted `steadyMs` when the next failure comes begins from the start again: what breaks every few
 * seconds is tried ever more seldom.
 */
export const makeBackoff = (
  clock: Clock,
  random: () => number,
  times: { readonly firstMs: number; readonly longestMs: number; readonly steadyMs: number },
): Backoff => {
  let tries = 0;
  let since: number | null = null;
  return {
    next: (longestMs = times.longestMs) => {
      if (since !== null && clock.monotonic() - since >= times.steadyMs) tries = 0;
      since = null;
      const whole = Math.min(longestMs, times.firstMs * 2 ** Math.min(tries, 20));
      tries += 1;
      return whole * (0.5 + random() / 2);
    },
    worked: () => {
      since ??= clock.monotonic();
    },
  };
};
