/**
 * Lets those that catch up take turns: a few at once, one step each, and the loop back between them when the time of a
 * turn is up. Nothing runs in the call that adds it.
 */
import type { FeedClock } from "./limits.ts";
import { makeLine } from "./line.ts";

/** Steps under way at once, so that one that waits for its store does not hold up the others. */
const AT_ONCE = 4;

/** `step` must not reject. */
type Turns = { add(step: () => Promise<void>): void };

export const makeTurns = (clock: FeedClock, sliceMs: number): Turns => {
  const line = makeLine<() => Promise<void>>();
  let running = 0;
  let until = Number.NEGATIVE_INFINITY;

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const run = async (): Promise<void> => {
    await turn();
    while (line.length > 0) {
      if (clock.monotonic() >= until) {
        await turn();
        // The first to wake begins the new turn; the others find it begun. Each takes a step, however short the turn.
        if (clock.monotonic() >= until) until = clock.monotonic() + sliceMs;
      }
      await line.shift()?.();
    }
    running -= 1;
  };

  return {
    add(step) {
      line.push(step);
      if (running >= AT_ONCE) return;
      running += 1;
      void run();
    },
  };
};
