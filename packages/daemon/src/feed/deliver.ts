/** Gives a watcher what comes next for it, and minds whether its carrier can take more. */
import { endOf, frameAt } from "./audience.ts";
import type { Watcher } from "./audience.ts";
import type { FeedLimits } from "./limits.ts";
import type { EncodedFrame } from "./ports.ts";

export type Deliver = {
  /** Sends one frame. False: its carrier is full; `opened` follows when it can take more. */
  readonly send: (watcher: Watcher, frame: EncodedFrame) => boolean;
  /** Sends what waits, one frame of it; true when more waits and can be taken. */
  readonly next: (watcher: Watcher) => boolean;
};

export const makeDeliver = (deps: {
  readonly limits: FeedLimits;
  readonly opened: (watcher: Watcher) => void;
}): Deliver => {
  const { limits, opened } = deps;

  const send = (watcher: Watcher, frame: EncodedFrame): boolean => {
    watcher.open = watcher.sink.send(frame);
    if (watcher.open) return true;
    watcher.sink.ready(() => {
      if (watcher.open || watcher.phase === "ended") return;
      watcher.open = true;
      opened(watcher);
    });
    return false;
  };

  return {
    send,
    next(watcher) {
      if (watcher.farewell !== null) {
        watcher.sink.send(watcher.farewell);
        watcher.sink.end();
        watcher.farewell = null;
        return false;
      }
      const { audience, heard } = watcher;
      if (audience === null) return false;
      const { deltas } = audience;
      watcher.heard = deltas;
      if (!watcher.open) return false;
      const events = frameAt(audience, watcher.place, limits);
      if (events !== null) {
        // Who is behind gets no live words: the settled item carries the text.
        watcher.place = events.end;
        return send(watcher, events.frame) && watcher.place < endOf(audience);
      }
      if (deltas !== null && deltas !== heard) send(watcher, deltas.frame);
      return false;
    },
  };
};
