/**
 * Serves watchers one after another and gives the loop back when its time is up: the first in the turn of the publish, the rest
 * in turns of their own, with input and output between them. Publishing costs the same however many they are: an audience
 * stands in line as one (walks.ts).
 */
import type { Audience, Watcher } from "./audience.ts";
import type { FeedClock, FeedLimits } from "./limits.ts";
import { makeLine } from "./line.ts";
import { makeWalks } from "./walks.ts";

type Fanout = {
  /** Something waits for all of these. */
  readonly due: (audience: Audience) => void;
  /** Something waits for this one alone. */
  readonly enqueue: (watcher: Watcher) => void;
  /** Serves the line now, for a short while; what is left follows by itself. */
  readonly serve: () => void;
  /** Resolves when nobody stands in the line. */
  readonly drained: () => Promise<void>;
};

type FanoutDeps = {
  readonly clock: FeedClock;
  readonly limits: FeedLimits;
  /** Gives it one frame; true when it is to stand in line again. */
  readonly next: (watcher: Watcher) => boolean;
};

export const makeFanout = ({ clock, limits, next }: FanoutDeps): Fanout => {
  const line = makeLine<Audience | Watcher>();
  let scheduled = false;
  let waiting: (() => void)[] = [];

  const enqueue = (watcher: Watcher): void => {
    if (watcher.queued) return;
    watcher.queued = true;
    line.push(watcher);
  };
  const { due, stride } = makeWalks({
    clock,
    next,
    enqueue,
    queue: (audience) => line.push(audience),
  });
  /** Bounded by time; and each round takes one off the line or moves it on. */
  const slice = (budget: number): void => {
    const until = clock.monotonic() + budget;
    while (line.length > 0) {
      const first = line.shift();
      if (first === undefined) break;
      if ("sink" in first) {
        first.queued = false;
        if (next(first)) enqueue(first);
      } else stride(first, until);
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
    due,
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
