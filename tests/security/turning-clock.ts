/** The real clock, whose hands a test can turn forward: timers that would have run meanwhile run at once. */
import type { ServerClock } from "../../packages/daemon/src/server/server.ts";

export type TurningClock = ServerClock & {
  turn(ms: number): void;
  /** Resolves when a timer of just that length is set the next time. */
  armed(ms: number): Promise<void>;
};

export const makeTurningClock = (): TurningClock => {
  let ahead = 0;
  const monotonic = (): number => performance.now() + ahead;
  const waiting = new Set<{ due: number; run: () => void }>();
  const watched = new Map<number, PromiseWithResolvers<void>>();
  return {
    now: () => Date.now() + ahead,
    monotonic,
    after: (ms, run) => {
      const timer = setTimeout(() => waiting.delete(entry) && run(), ms).unref();
      const entry = { due: monotonic() + ms, run };
      waiting.add(entry);
      watched.get(ms)?.resolve();
      watched.delete(ms);
      return () => {
        waiting.delete(entry);
        clearTimeout(timer);
      };
    },
    armed: (ms) => {
      const next = watched.get(ms) ?? Promise.withResolvers<void>();
      watched.set(ms, next);
      return next.promise;
    },
    turn: (ms) => {
      ahead += ms;
      const due = [...waiting].filter((entry) => entry.due <= monotonic());
      for (const entry of due.toSorted((a, b) => a.due - b.due)) {
        if (waiting.delete(entry)) entry.run();
      }
    },
  };
};
