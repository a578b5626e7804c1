/**
 * Any history of publishing, watching, stalling and resuming: what each watcher has seen at the end must be what the log holds,
 * in order, without gap or duplicate, and in whole publishes.
 */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { makeFeed } from "./feed.ts";
import type { FeedLimits } from "./limits.ts";
import type { Feed, Watch, WatchRequest } from "./ports.ts";
import { everything, makeClock, makeLog, makeRecorder, until } from "./testkit/kit.ts";
import type { Log, Recorder } from "./testkit/kit.ts";

const stream = fc.constantFrom("a", "b", "c");
const type = fc.constantFrom("session.turn.started", "session.turn.ended", "session.item");

const request = fc.record({
  sessions: fc.option(fc.uniqueArray(stream, { minLength: 1, maxLength: 3 }), { nil: undefined }),
  types: fc.option(fc.constantFrom(["session.turn"], ["session.item"]), { nil: undefined }),
  /** A part of the log; null: with a snapshot. */
  from: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }),
});

type Step =
  | {
      readonly do: "publish";
      readonly events: readonly { stream: string; type: string; data: string }[];
    }
  | {
      readonly do: "watch";
      readonly sessions: readonly string[] | undefined;
      readonly types: readonly string[] | undefined;
      readonly from: number | null;
    }
  | { readonly do: "record" | "stall" | "open" | "close" | "turn"; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      events: fc.array(
        fc.record({
          stream,
          type,
          data: fc.integer({ min: 0, max: 120 }).map((length) => `"${"x".repeat(length)}"`),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    }),
  },
  { weight: 3, arbitrary: request.map((drawn) => ({ do: "watch" as const, ...drawn })) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "record" as const,
        "stall" as const,
        "open" as const,
        "close" as const,
        "turn" as const,
        "turn" as const,
      ),
      which: fc.nat(20),
    }),
  },
);

type Seen = {
  readonly recorder: Recorder;
  readonly asked: WatchRequest;
  readonly hold: Watch;
  closed: boolean;
};

const wanted = (log: Log, { sessions, types }: WatchRequest, after: number, upTo: number) =>
  log.all
    .filter(({ position }) => position > after && position <= upTo)
    .filter((event) => sessions === undefined || sessions.includes(event.stream))
    .filter((event) => types === undefined || types.some((t) => event.type.startsWith(t)))
    .map(({ position }) => position);

/** Where it began, as far as it has come, and whether it is over. */
const read = ({ recorder, asked }: Seen) => {
  const frames = recorder.seen();
  let from = asked.after ?? null;
  let to = asked.after ?? 0;
  let live = false;
  let over: number | null = null;
  for (const [index, frame] of frames.entries()) {
    const { position } = recorder.frames[index] ?? {};
    expect(over).toBeNull();
    if (typeof position === "number") {
      expect(position).toBeGreaterThanOrEqual(to);
      if (frame.frame !== "lagged" && frame.frame !== "going-away") to = position;
    }
    if (frame.frame === "snapshot") {
      expect(index).toBe(0);
      from = frame.position;
    }
    if (frame.frame === "caught-up") {
      expect(live).toBe(false);
      live = true;
    }
    if (frame.frame === "lagged" || frame.frame === "going-away") over = frame.resumeFrom;
  }
  return { from, to, live, over };
};

const check = (log: Log, seen: Seen): void => {
  const { from, to, over } = read(seen);
  if (from === null) return expect(seen.recorder.frames.length).toBeLessThanOrEqual(1);
  const reached = over ?? to;
  expect(seen.recorder.positions()).toEqual(wanted(log, seen.asked, from, reached));
};

/** Every live frame must hold whole publishes: as many as it likes, cut nowhere. */
const checkWhole = (seen: Seen, publishes: readonly (readonly [number, number])[]): void => {
  const frames = seen.recorder.seen();
  const start = frames.findIndex(({ frame }) => frame === "caught-up");
  if (start < 0) return;
  for (const { position, frame } of seen.recorder.frames.slice(start + 1)) {
    if (frame !== "events") continue;
    expect(publishes.map(([, last]) => last)).toContain(position);
  }
};

const play = async (steps: readonly Step[], limits: Partial<FeedLimits>, cost: number) => {
  const log = makeLog();
  const feed = makeFeed({ source: log, clock: makeClock(cost), limits });
  const watchers: Seen[] = [];
  const publishes: [number, number][] = [];
  let unpublished: ReturnType<Log["record"]> = [];
  const publish = (): void => {
    const [first, last] = [unpublished[0], unpublished.at(-1)];
    if (first === undefined || last === undefined) return;
    publishes.push([first.position, last.position]);
    feed.publish(unpublished);
    unpublished = [];
  };
  const watch = async (asked: WatchRequest): Promise<void> => {
    const recorder = makeRecorder();
    watchers.push({ recorder, asked, hold: await feed.watch(asked, recorder), closed: false });
  };

  for (const each of steps) {
    if (each.do === "publish") {
      publish();
      unpublished = log.record(each.events);
      publish();
    } else if (each.do === "record") {
      // Recorded now, published with a later step: what a commit looks like from a snapshot.
      publish();
      unpublished = log.record([{ stream: "a" }, { stream: "b" }]);
    } else if (each.do === "watch") {
      const { sessions, types } = each;
      const after = each.from === null ? undefined : Math.floor(each.from * log.all.length);
      await watch({ ...everything, sessions, types, after });
    } else if (each.do === "turn") {
      await new Promise((resolve) => setImmediate(resolve));
    } else act(each.do, watchers[each.which % Math.max(1, watchers.length)]);
  }
  publish();
  await finish(feed, log, watchers);
  return { log, watchers, publishes };
};

const act = (what: "stall" | "open" | "close", seen: Seen | undefined): void => {
  if (seen === undefined) return;
  if (what === "stall") seen.recorder.stall();
  if (what === "open") seen.recorder.open();
  if (what === "close") {
    seen.hold.close();
    seen.closed = true;
  }
};

/** Everyone takes what there is; who lagged comes back at the position it was told. */
const finish = async (feed: Feed, log: Log, watchers: Seen[]): Promise<void> => {
  for (let rounds = 0; rounds < 3; rounds += 1) {
    for (const { recorder } of watchers) recorder.open();
    await until("everyone has everything or was ended", () =>
      watchers.every((seen) => {
        if (seen.closed || seen.recorder.ended()) return true;
        const { from, live } = read(seen);
        const last = seen.recorder.positions().at(-1) ?? 0;
        return (
          live &&
          from !== null &&
          last === (wanted(log, seen.asked, from, log.all.length).at(-1) ?? 0)
        );
      }),
    );
    for (const seen of watchers.filter((each) => each.recorder.ended() && !each.closed)) {
      seen.closed = true;
      const after = read(seen).over ?? 0;
      const recorder = makeRecorder();
      const asked = { ...seen.asked, after };
      watchers.push({ recorder, asked, hold: await feed.watch(asked, recorder), closed: false });
    }
  }
};

const tight: Partial<FeedLimits> = {
  queueBytes: 900,
  queueEvents: 12,
  frameBytes: 400,
  pageEvents: 8,
};

it.each([
  { name: "with tight limits", limits: tight, cost: 0 },
  { name: "with tight limits and a slow loop", limits: tight, cost: 1 },
  { name: "with the limits of the house", limits: {}, cost: 0 },
  { name: "with the limits of the house and a slow loop", limits: {}, cost: 1 },
])("keeps its promises over any history, $name", { timeout: 60_000 }, async ({ limits, cost }) => {
  const outcome = await fc.check(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { log, watchers, publishes } = await play(steps, limits, cost);
      for (const seen of watchers) {
        check(log, seen);
        if (limits.frameBytes === undefined) checkWhole(seen, publishes);
      }
    }),
    { numRuns: 150 },
  );
  expect(fc.defaultReportMessage(outcome)).toBeUndefined();
});
