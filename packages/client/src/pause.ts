/** Waiting between attempts. */

/** Resolves after `ms`, or as soon as the signal aborts: whoever waits looks at the signal. */
export type Pause = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

export const pause: Pause = (ms, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });

const FIRST_MS = 250;
const LAST_MS = 10_000;

/** Doubles from a quarter of a second to ten, with a quarter of it left to chance, so that many do not come back at once. */
export const backOff = (attempt: number): number => {
  const ms = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
  return ms * (0.75 + Math.random() * 0.25);
};

/** After so many attempts in a row without a word from the daemon a watch gives up: about a quarter of an hour. */
export const ATTEMPTS = 100;
