/** Who watches, and how a watch ends. */
import { endOf, resumeAt } from "./audience.ts";
import type { Watcher } from "./audience.ts";
import type { Audiences } from "./audiences.ts";
import { farewellFrame } from "./encode.ts";
import { makeFilter } from "./filter.ts";
import { FIRST_PAGE } from "./pages.ts";
import type { WatchRequest, WatchSink } from "./ports.ts";

type Roster = {
  readonly all: ReadonlySet<Watcher>;
  readonly enter: (request: WatchRequest, sink: WatchSink) => Watcher;
  /** From now on it gets what is published. */
  readonly attach: (watcher: Watcher) => void;
  /** It has gone; nothing is sent to it any more. Safe to call twice. */
  readonly leave: (watcher: Watcher) => void;
  /** The feed ends it: it is told where to resume when its turn comes. `published`: where the feed is. */
  readonly end: (watcher: Watcher, why: "lagged" | "going-away", published: number) => void;
};

export const makeRoster = (deps: {
  readonly audiences: Audiences;
  readonly enqueue: (watcher: Watcher) => void;
  /** The last one has gone. */
  readonly empty: () => void;
}): Roster => {
  const { audiences, enqueue, empty } = deps;
  const all = new Set<Watcher>();

  const detach = (watcher: Watcher): void => {
    const { audience } = watcher;
    watcher.phase = "ended";
    watcher.audience = null;
    if (audience !== null) {
      audience.watchers.delete(watcher);
      audiences.left(audience);
    }
    if (all.delete(watcher) && all.size === 0) empty();
  };

  return {
    all,
    enter(request, sink) {
      const watcher = makeWatcher(request, sink);
      all.add(watcher);
      return watcher;
    },
    attach(watcher) {
      const audience = audiences.join(watcher.filter);
      audience.watchers.add(watcher);
      watcher.phase = "live";
      watcher.audience = audience;
      watcher.place = endOf(audience);
      watcher.heard = audience.deltas;
    },
    leave(watcher) {
      detach(watcher);
      watcher.farewell = null;
    },
    end(watcher, why, published) {
      if (watcher.phase === "ended") return;
      const { audience, place, position } = watcher;
      const from = audience === null ? position : resumeAt(audience, place, published);
      detach(watcher);
      watcher.farewell = farewellFrame(why, from);
      enqueue(watcher);
    },
  };
};

const makeWatcher = (request: WatchRequest, sink: WatchSink): Watcher => ({
  filter: makeFilter(request),
  sink,
  phase: "catching",
  position: request.after ?? 0,
  page: FIRST_PAGE,
  audience: null,
  place: 0,
  open: true,
  queued: false,
  heard: null,
  farewell: null,
});
