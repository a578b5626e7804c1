/**
 * Serves watchers one after another, each one frame a turn, and gives the loop back when its time is up.
 * The first are served in the turn of the publish; the rest in turns of their own, with input and output between them.
 */
import type { Watcher } from "./audience.ts";
import type { FeedClock, FeedLimits } from "./limits.ts";
import { makeLine } from "./line.ts";

export type Fanout = {
  /** Something waits for it. */
  readonly enqueue: (watcher: Watcher) => void;
  /** Serves the line now, for a short while; what is left follows by itself. */
  readonly serve: () => void;
  /** Resolves when nobody stands in the line. */
  readonly drained: () => Promise<void>;
};

export const makeFanout = (deps: {
  readonly clock: FeedClock;
  readonly limits: FeedLimits;
  /** Gives it one frame; true when it is to stand in line again. */
  readonly next: (watcher: Watcher) => boolean;
}): Fanout => {
  const { clock, limits, next } = deps;
  const line = makeLine<Watcher>();
  let scheduled = false;
  let waiting: (() => void)[] = [];

  const enqueue = (watcher: Watcher): void => {
    if (watcher.queued) return;
    watcher.queued = true;
    line.push(watcher);
  };
  /** Bounded by time; and each round takes one off the line or moves it on by a frame. */
  const slice = (budget: number): void => {
    const until = clock.monotonic() + budget;
    while (line.length > 0) {
      const watcher = line.shift();
      if (watcher === undefined) break;
      watcher.queued = false;
      if (next(watcher)) enqueue(watcher);
      if (clock.monotonic() >= until) break;
    }
    if (line.length > 0) schedule();
    else settle();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      slice(limits.sliceMs);
    });
  };
  const settle = (): void => {
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  };

  return {
    enqueue,
    serve() {
      // While a turn of its own is due, a publish only adds to the line: many in a row must not each take their while.
      if (!scheduled) slice(limits.publishMs);
    },
    drained: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (line.length === 0) settle();
        else schedule();
      }),
  };
};
