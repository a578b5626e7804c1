/**
 * From where a watcher stopped to the present: a snapshot when it has nothing, then the pages it missed, then caught-up; at that
 * instant it hangs on the live feed. Between reading the last page and hanging there is no await, so nothing falls between.
 */
import type { Watcher } from "./audience.ts";
import type { Deliver } from "./deliver.ts";
import { caughtUpFrame } from "./encode.ts";
import type { FeedClock, FeedLimits } from "./limits.ts";
import type { Pages } from "./pages.ts";
import { makeTurns } from "./turns.ts";

type CatchUp = {
  /** Begins, in a later turn. `snapshot`: the watcher has nothing. */
  readonly begin: (watcher: Watcher, snapshot: boolean) => void;
  /** Goes on: its carrier can take more. */
  readonly resume: (watcher: Watcher) => void;
  /** The published position has moved: those that had read ahead of it go on. */
  readonly published: () => void;
};

export const makeCatchUp = (deps: {
  readonly clock: FeedClock;
  readonly limits: FeedLimits;
  readonly pages: Pages;
  readonly send: Deliver["send"];
  readonly head: () => number;
  /** Hangs it on the live feed; must happen at once. */
  readonly attach: (watcher: Watcher) => void;
  /** It cannot go on: the store did not answer. */
  readonly failed: (watcher: Watcher) => void;
}): CatchUp => {
  const { pages, send, head, attach, failed } = deps;
  const turns = makeTurns(deps.clock, deps.limits.catchUpMs);
  /** They have seen something that is recorded but not yet published. */
  let ahead: Watcher[] = [];

  const step = async (watcher: Watcher): Promise<void> => {
    if (watcher.phase !== "catching" || !watcher.open) return;
    const upTo = head();
    if (watcher.position > upTo) {
      ahead.push(watcher);
      return;
    }
    if (watcher.position === upTo) {
      attach(watcher);
      send(watcher, caughtUpFrame(upTo));
      return;
    }
    const page = await pages.read(watcher.filter, watcher.position, upTo, watcher.page);
    // It may have been closed while the page was read.
    if (watcher.phase !== "catching") return;
    watcher.position = page.position;
    watcher.page = page.next;
    if (page.frame === null || send(watcher, page.frame)) resume(watcher);
  };
  const snapshot = async (watcher: Watcher): Promise<void> => {
    const frame = await pages.snapshot(watcher.filter, head());
    if (watcher.phase !== "catching") return;
    watcher.position = frame.position ?? 0;
    if (send(watcher, frame)) resume(watcher);
  };
  const take = (watcher: Watcher, what: (watcher: Watcher) => Promise<void>): void =>
    turns.add(() => what(watcher).catch(() => failed(watcher)));
  const resume = (watcher: Watcher): void => take(watcher, step);

  return {
    begin: (watcher, first) => take(watcher, first ? snapshot : step),
    resume,
    published() {
      if (ahead.length === 0) return;
      const woken = ahead;
      ahead = [];
      for (const watcher of woken) resume(watcher);
    },
  };
};
