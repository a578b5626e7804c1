/**
 * Serves an audience a few watchers at a time, so that a big one does not keep a small one waiting. What comes while it is walked
 * through reaches those who are still to be served at once, and the others in another walk after it.
 */
import { endOf, trim } from "./audience.ts";
import type { Audience, Watcher } from "./audience.ts";
import type { FeedClock } from "./limits.ts";

/** Watchers served before the next in line has its turn. */
const STRIDE = 16;

type Walks = {
  /** Something waits for all of them. */
  readonly due: (audience: Audience) => void;
  /** Goes on with a walk, not past `until`; queues the audience again when it is not at its end. */
  readonly stride: (audience: Audience, until: number) => void;
};

export const makeWalks = (deps: {
  readonly clock: FeedClock;
  /** Gives a watcher one frame; true when more waits for it. */
  readonly next: (watcher: Watcher) => boolean;
  readonly enqueue: (watcher: Watcher) => void;
  readonly queue: (audience: Audience) => void;
}): Walks => {
  const { clock, next, enqueue, queue } = deps;

  const begin = (audience: Audience): void => {
    audience.walk = audience.watchers.values();
    audience.again = false;
    audience.slowest = Number.MAX_SAFE_INTEGER;
    queue(audience);
  };
  /** All were served: what none of them needs any more can go. Places only rise, so the least one seen is good still. */
  const arrive = (audience: Audience): void => {
    audience.walk = null;
    trim(audience, Math.min(audience.slowest, endOf(audience)));
    if (audience.again) begin(audience);
    else audience.deltas = null;
  };

  return {
    due(audience) {
      if (audience.walk === null) begin(audience);
      else audience.again = true;
    },
    stride(audience, until) {
      for (let served = 0; served < STRIDE; served += 1) {
        const step = audience.walk?.next();
        if (step === undefined || step.done === true) return arrive(audience);
        const watcher = step.value;
        if (next(watcher)) enqueue(watcher);
        if (watcher.audience === audience)
          audience.slowest = Math.min(audience.slowest, watcher.place);
        if (clock.monotonic() >= until) break;
      }
      queue(audience);
    },
  };
};
