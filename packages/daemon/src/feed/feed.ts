/**
 * Tells watchers what was recorded: ordered, no gap, no duplicate, resumable from any position. What is published together comes
 * together, up to the size of a frame. A watcher that cannot keep up is told where to resume and ended; nobody waits for it.
 */
import { refuse } from "@skein/contract";
import type { StoredEvent } from "../engine/ports.ts";
import { makeAudiences } from "./audiences.ts";
import { makeBroadcast } from "./broadcast.ts";
import { makeCatchUp } from "./catchup.ts";
import { makeDeliver } from "./deliver.ts";
import { makeDeltas } from "./deltas.ts";
import { makeFanout } from "./fanout.ts";
import { FEED_LIMITS } from "./limits.ts";
import type { FeedClock, FeedLimits } from "./limits.ts";
import { makePages } from "./pages.ts";
import type { Feed, FeedSource } from "./ports.ts";
import { makeRoster } from "./roster.ts";

type FeedDeps = {
  readonly source: FeedSource;
  readonly clock: FeedClock;
  readonly limits?: Partial<FeedLimits>;
};

/**
 * Nothing is sent to a sink before its `watch` has resolved. When the store fails while a watcher catches up, the watcher is told
 * `lagged` with the position it has. A hole between two publishes would be a bug: then all are told to resume, and read it.
 */
export const makeFeed = ({ source, clock, limits: given }: FeedDeps): Feed => {
  /** The newest position that was published, or was recorded before anything was; null until it is known. */
  let published: number | null = null;
  let closed = false;
  const { fanout, broadcast, catchUp, deltas, roster, audiences } = assemble(
    { source, clock, limits: { ...FEED_LIMITS, ...given } },
    () => published ?? 0,
  );

  return {
    publish(events) {
      const fresh = published === null ? events : newerThan(published, events);
      const first = fresh[0];
      const last = fresh.at(-1);
      if (closed || first === undefined || last === undefined) return;
      const before = published ?? first.position - 1;
      if (first.position > before + 1)
        for (const watcher of roster.all) roster.end(watcher, "lagged", before);
      broadcast.events(fresh, { before, position: last.position });
      published = last.position;
      catchUp.published();
      fanout.serve();
    },
    live(delta) {
      if (!closed && audiences.size > 0) deltas.add(delta);
    },
    settle(session, item) {
      deltas.settle(session, item);
      broadcast.settle(session, item);
    },
    async watch(request, sink) {
      const newest = await source.head();
      published ??= newest;
      await mustBeRetained(source, request.after, Math.max(published, newest));
      if (closed)
        throw refuse(
          "shutting_down",
          "The daemon is stopping.",
          "Watch again when it is back; nothing is lost.",
        );
      const watcher = roster.enter(request, sink);
      catchUp.begin(watcher, request.after === undefined);
      return { close: () => roster.leave(watcher) };
    },
    get watchers() {
      return roster.all.size;
    },
    async close() {
      closed = true;
      deltas.close();
      for (const watcher of roster.all) roster.end(watcher, "going-away", published ?? 0);
      await fanout.drained();
    },
  };
};

/** The parts, wired. `head` is where the feed is. */
const assemble = (deps: Required<FeedDeps> & { limits: FeedLimits }, head: () => number) => {
  const { source, clock, limits } = deps;
  const audiences = makeAudiences();
  const pages = makePages(source, limits);
  const deliver = makeDeliver({
    limits,
    opened(watcher) {
      if (watcher.phase === "catching") return catchUp.resume(watcher);
      fanout.enqueue(watcher);
      fanout.serve();
    },
  });
  const fanout = makeFanout({ clock, limits, next: deliver.next });
  const roster = makeRoster({ audiences, enqueue: fanout.enqueue, empty: pages.forget });
  const broadcast = makeBroadcast({
    audiences,
    limits,
    due: fanout.due,
    lagging: (watcher) => roster.end(watcher, "lagged", head()),
  });
  const catchUp = makeCatchUp({
    clock,
    limits,
    pages,
    head,
    send: deliver.send,
    attach: roster.attach,
    failed(watcher) {
      roster.end(watcher, "lagged", head());
      fanout.serve();
    },
  });
  const deltas = makeDeltas({
    clock,
    limits,
    flush(gathered) {
      broadcast.deltas(gathered);
      fanout.serve();
    },
  });
  return { audiences, fanout, broadcast, catchUp, deltas, roster };
};

/** What is new of a publish: all of it, but for the first ones after a start. */
const newerThan = (position: number, events: readonly StoredEvent[]): readonly StoredEvent[] =>
  (events[0]?.position ?? 0) > position
    ? events
    : events.filter((event) => event.position > position);

const mustBeRetained = async (
  source: FeedSource,
  from: number | undefined,
  head: number,
): Promise<void> => {
  if (from === undefined || from === head) return;
  if (from > head)
    throw refuse(
      "cursor_ahead",
      `Position ${from} is ahead of the log, which ends at ${head}.`,
      "Watch without a position, and go on from the snapshot that comes first.",
      { head },
    );
  const [first] = await source.events({ after: from, limit: 1 });
  if (first !== undefined && first.position > from + 1)
    throw refuse(
      "cursor_compacted",
      `What came after position ${from} is not kept any more; the log begins at ${first.position}.`,
      "Watch without a position, and go on from the snapshot that comes first.",
      { first: first.position },
    );
};
