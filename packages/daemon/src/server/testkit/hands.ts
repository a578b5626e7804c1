/** A clock whose hands the test turns: timers run when their time has been turned past, in order. */
import type { ServerClock } from "../settings.ts";

export type Hands = ServerClock & { turn(ms: number): void };

export const makeHands = (start = 1_000_000): Hands => {
  let at = start;
  let timers: { due: number; run: () => void }[] = [];
  return {
    now: () => at,
    monotonic: () => at,
    after: (ms, run) => {
      const timer = { due: at + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    turn: (ms) => {
      const end = at + ms;
      for (;;) {
        const next = timers.filter(({ due }) => due <= end).toSorted((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        at = Math.max(at, next.due);
        next.run();
      }
      at = end;
    },
  };
};
