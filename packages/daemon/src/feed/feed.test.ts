import { describe, expect, it } from "vitest";
import { makeFeed } from "./feed.ts";
import type { FeedLimits } from "./limits.ts";
import type { WatchRequest } from "./ports.ts";
import { caughtUp, everything, makeClock, makeLog, makeRecorder, until } from "./testkit/kit.ts";

const house = (limits: Partial<FeedLimits> = {}, step = 0) => {
  const log = makeLog();
  const clock = makeClock(step);
  const feed = makeFeed({ source: log, clock, limits });
  const say = (...streams: string[]) =>
    feed.publish(log.record(streams.map((stream) => ({ stream }))));
  const watch = async (request: Partial<WatchRequest> = {}) => {
    const recorder = makeRecorder();
    const hold = await feed.watch({ ...everything, ...request }, recorder);
    return { ...recorder, ...hold };
  };
  const watchLive = async (request: Partial<WatchRequest> = {}) => {
    const recorder = await watch(request);
    await until("caught up", caughtUp(recorder));
    return recorder;
  };
  return { log, clock, feed, say, watch, watchLive };
};

describe("a watch", () => {
  it("begins with a snapshot, then caught-up, then what is published, in the turn of the publish", async () => {
    const { log, say, watchLive } = house();
    log.record([{ stream: "a" }, { stream: "a" }]);
    const watcher = await watchLive();
    expect(watcher.seen()).toEqual([
      { frame: "snapshot", position: 2, sessions: [], approvals: [], truncated: false },
      { frame: "caught-up", position: 2 },
    ]);
    say("a", "b");
    const last = watcher.seen().at(-1);
    expect(last).toMatchObject({
      frame: "events",
      events: [
        { position: 3, stream: "a", seq: 3, at: "2023-11-14T22:13:20.000Z", data: {} },
        { position: 4, stream: "b", seq: 1 },
      ],
    });
  });

  it("sends nothing before it has been given back", async () => {
    const { feed } = house();
    const recorder = makeRecorder();
    await feed.watch(everything, recorder);
    expect(recorder.frames).toEqual([]);
  });

  it("resumes after a position, without snapshot, gap or duplicate", async () => {
    const { log, say, watchLive } = house();
    log.record(Array.from({ length: 100 }, () => ({ stream: "a" })));
    const watcher = await watchLive({ after: 40 });
    say("a");
    expect(watcher.positions()).toEqual(Array.from({ length: 61 }, (_, index) => index + 41));
    expect(watcher.seen().filter(({ frame }) => frame === "snapshot")).toEqual([]);
  });

  it("misses nothing that is published while it reads", async () => {
    const { log, feed, say } = house({ pageEvents: 32 });
    log.record(Array.from({ length: 200 }, () => ({ stream: "a" })));
    const recorder = makeRecorder();
    await feed.watch({ ...everything, after: 0 }, recorder);
    for (let turns = 0; turns < 30; turns += 1) {
      say("a", "b");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until("all of it", () => recorder.positions().length === 260);
    expect(recorder.positions()).toEqual(Array.from({ length: 260 }, (_, index) => index + 1));
    expect(recorder.frames.filter(({ frame }) => frame === "caught-up")).toHaveLength(1);
  });

  it("does not repeat what the snapshot showed and is published only then", async () => {
    const { log, feed, watch } = house();
    feed.publish(log.record([{ stream: "a" }]));
    const recorded = log.record([{ stream: "a" }, { stream: "b" }]);
    const watcher = await watch();
    await until("the snapshot", () => watcher.frames.length > 0);
    expect(watcher.frames[0]?.position).toBe(3);
    feed.publish(recorded);
    await until("caught up", caughtUp(watcher));
    feed.publish(log.record([{ stream: "b" }]));
    expect(watcher.positions()).toEqual([4]);
  });

  it("is not shown what is recorded and not yet published, and gets it once", async () => {
    const { log, feed, watch } = house();
    feed.publish(log.record([{ stream: "a" }, { stream: "b" }]));
    const recorded = log.record([{ stream: "a" }, { stream: "b" }]);
    const all = await watch({ after: 0 });
    const two = await watch({ after: 0, sessions: ["a", "b"] });
    await until("caught up", () => caughtUp(all)() && caughtUp(two)());
    expect([all.positions(), two.positions()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    feed.publish(recorded);
    expect([all.positions(), two.positions()]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
  });

  it("does not repeat what was recorded before the feed began and is published after", async () => {
    const { log, feed, watchLive } = house();
    const recorded = log.record([{ stream: "a" }, { stream: "b" }]);
    const watcher = await watchLive({ after: 0 });
    feed.publish(recorded);
    feed.publish(log.record([{ stream: "b" }]));
    expect(watcher.positions()).toEqual([1, 2, 3]);
  });

  it("reads several streams no further than it has read all of them", async () => {
    const { log, watchLive } = house({ pageEvents: 4 });
    const streams = Array.from({ length: 60 }, (_, at) => (at % 7 === 0 ? "b" : "a"));
    log.record(streams.map((stream) => ({ stream })));
    const watcher = await watchLive({ after: 0, sessions: ["a", "b"] });
    expect(watcher.positions()).toEqual(streams.map((_, at) => at + 1));
  });

  it("gets nothing of a page that was being read when it was closed", async () => {
    const { log, clock } = house();
    log.record([{ stream: "a" }]);
    let answer = (): void => {};
    let asked = 0;
    const feed = makeFeed({
      clock,
      source: {
        ...log,
        async events(query) {
          asked += 1;
          if (asked > 1) await new Promise<void>((resolve) => (answer = resolve));
          return log.events(query);
        },
      },
    });
    const recorder = makeRecorder();
    const hold = await feed.watch({ ...everything, after: 0 }, recorder);
    await until("the page is asked for", () => asked === 2);
    hold.close();
    answer();
    for (let turns = 0; turns < 5; turns += 1)
      await new Promise((resolve) => setImmediate(resolve));
    expect(recorder.frames).toEqual([]);
  });

  it("is refused ahead of the log, and before what is kept", async () => {
    const { log, watch, clock } = house();
    log.record([{ stream: "a" }]);
    await expect(watch({ after: 2 })).rejects.toMatchObject({ problem: { code: "cursor_ahead" } });
    const compacted = makeFeed({
      clock,
      source: {
        ...log,
        events: async () => log.all.slice(-1).map((e) => ({ ...e, position: 9 })),
        head: async () => 9,
      },
    });
    await expect(
      compacted.watch({ ...everything, after: 3 }, makeRecorder()),
    ).rejects.toMatchObject({
      problem: { code: "cursor_compacted" },
    });
    expect(compacted.watchers).toBe(0);
  });

  it("gets what it asked for alone, by session and by the beginning of a type", async () => {
    const { log, feed, watchLive } = house();
    const old = [
      { stream: "a", type: "session.turn.started" },
      { stream: "b", type: "session.turn.started" },
      { stream: "a", type: "session.turned" },
      { stream: "a", type: "session.turn" },
    ];
    log.record(old);
    const bySession = await watchLive({ after: 0, sessions: ["a", "c"] });
    const byType = await watchLive({ after: 0, types: ["session.turn"] });
    const both = await watchLive({ after: 0, sessions: ["a"], types: ["session.turn"] });
    feed.publish(log.record([...old, { stream: "c", type: "x" }]));
    expect(bySession.positions()).toEqual([1, 3, 4, 5, 7, 8, 9]);
    expect(byType.positions()).toEqual([1, 2, 4, 5, 6, 8]);
    expect(both.positions()).toEqual([1, 4, 5, 8]);
  });

  it("shares one frame among all who get the same", async () => {
    const { say, watchLive } = house();
    const two = [
      await watchLive({ sessions: ["a", "b"] }),
      await watchLive({ sessions: ["b", "a"] }),
    ];
    say("a");
    expect(two[0]?.frames.at(-1)).toBe(two[1]?.frames.at(-1));
  });

  it("is over when it is closed, also for what was on its way", async () => {
    const { say, feed, watchLive } = house({}, 5);
    const [first, second] = [await watchLive(), await watchLive()];
    say("a");
    second.close();
    second.close();
    first.close();
    const before = [first.frames.length, second.frames.length];
    say("a");
    await until("nothing", () => feed.watchers === 0);
    expect([first.frames.length, second.frames.length]).toEqual(before);
    expect(second.ended()).toBe(false);
  });

  it("is told where to resume when the store fails under it", async () => {
    const { log, clock } = house();
    log.record(Array.from({ length: 200 }, () => ({ stream: "a" })));
    const source = {
      ...log,
      events: async (query: Parameters<typeof log.events>[0]) => {
        if (query.after >= 32) throw new Error("disk");
        return log.events(query);
      },
    };
    const feed = makeFeed({ source, clock });
    const recorder = makeRecorder();
    await feed.watch({ ...everything, after: 0 }, recorder);
    await until("the end", recorder.ended);
    expect(recorder.seen().at(-1)).toEqual({ frame: "lagged", resumeFrom: 32 });
  });

  it("is told where to resume when a publish was left out", async () => {
    const { log, say, feed, watchLive } = house();
    const watcher = await watchLive();
    log.record([{ stream: "a" }]);
    say("a");
    await until("the end", watcher.ended);
    expect(watcher.seen().at(-1)).toEqual({ frame: "lagged", resumeFrom: 0 });
    expect(feed.watchers).toBe(0);
  });
});

describe("a slow watcher", () => {
  it("is told where to resume when too many events wait, and delays nobody", async () => {
    const { say, watchLive } = house({ queueEvents: 10 });
    const [slow, quick] = [await watchLive(), await watchLive()];
    slow.stall();
    for (let count = 1; count <= 20; count += 1) {
      say("a");
      expect(quick.positions()).toHaveLength(count);
    }
    await until("the end", slow.ended);
    // It took the first and was full then.
    expect(slow.positions()).toEqual([1]);
    expect(slow.seen().at(-1)).toEqual({ frame: "lagged", resumeFrom: 1 });
  });

  it("is told so by bytes too, but never for one long publish alone", async () => {
    const { log, feed, watchLive } = house({ queueBytes: 1_000, frameBytes: 500 });
    const watcher = await watchLive();
    watcher.stall();
    const long = { stream: "a", data: JSON.stringify("x".repeat(900)) };
    feed.publish(log.record([long, long, long]));
    expect(watcher.ended()).toBe(false);
    watcher.open();
    await until("all three", () => watcher.positions().length === 3);
    watcher.stall();
    feed.publish(log.record([long, long, long]));
    feed.publish(log.record([long]));
    await until("the end", watcher.ended);
    expect(watcher.seen().at(-1)).toEqual({ frame: "lagged", resumeFrom: 4 });
  });

  it("gets all that waits in one frame when it can take more, the same as others at its place", async () => {
    const { say, watchLive } = house();
    const slow = [await watchLive(), await watchLive()];
    for (const each of slow) each.stall();
    for (let count = 0; count < 5; count += 1) say("a");
    for (const each of slow) each.open();
    expect(slow.map((each) => each.positions())).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5],
    ]);
    expect(slow[0]?.frames).toHaveLength(4);
    expect(slow[0]?.frames.at(-1)).toBe(slow[1]?.frames.at(-1));
  });

  it("that catches up waits for its carrier, and no store is read meanwhile", async () => {
    const { log, clock } = house();
    log.record(Array.from({ length: 5_000 }, () => ({ stream: "a" })));
    let reads = 0;
    const feed = makeFeed({
      clock,
      source: { ...log, events: (query) => ((reads += 1), log.events(query)) },
    });
    const slow = makeRecorder();
    slow.stall();
    await feed.watch({ ...everything, after: 0 }, slow);
    await until("the first page", () => slow.frames.length > 0);
    const quick = makeRecorder();
    await feed.watch({ ...everything, after: 4_990 }, quick);
    await until("the other", caughtUp(quick));
    expect(slow.frames).toHaveLength(1);
    expect(reads).toBeLessThan(6);
    slow.open();
    await until("all", () => slow.positions().length === 5_000);
  });

  it("that catches up through long events reads fewer at once", async () => {
    const { log, watchLive } = house({ frameBytes: 10_000 });
    const long = { stream: "a", data: JSON.stringify("x".repeat(3_000)) };
    log.record(Array.from({ length: 100 }, () => long));
    const watcher = await watchLive({ after: 0 });
    const sizes = watcher.frames.map(({ text }) => text.length).slice(1, -1);
    expect(Math.max(...sizes)).toBeLessThan(60_000);
    expect(watcher.positions()).toHaveLength(100);
  });
});

describe("a publish to many", () => {
  it("serves some in its own turn and the rest in slices, none twice", async () => {
    // Each look at the clock costs a millisecond: two are served at once, eight in a slice.
    const { say, watchLive } = house({}, 1);
    const many = await Promise.all(Array.from({ length: 100 }, () => watchLive()));
    const served = () => many.filter((each) => each.positions().length > 0).length;
    say("a");
    expect(served()).toBeGreaterThan(0);
    expect(served()).toBeLessThanOrEqual(2);
    let before = served();
    for (let slices = 0; served() < 100; slices += 1) {
      expect(slices).toBeLessThan(50);
      await new Promise((resolve) => setImmediate(resolve));
      expect(served() - before).toBeLessThanOrEqual(8);
      before = served();
    }
    expect(many.every((each) => each.positions().length === 1)).toBe(true);
  });

  it("merges what came while the line was served", async () => {
    const { say, watchLive } = house({}, 1);
    const many = await Promise.all(Array.from({ length: 50 }, () => watchLive()));
    for (let count = 0; count < 6; count += 1) say("a");
    // Publishes in a row take one turn's time together, not each its own.
    expect(many.filter((each) => each.positions().length > 0).length).toBeLessThanOrEqual(2);
    await until("all", () => many.every((each) => each.positions().length === 6));
    const last = many.at(-1);
    expect(last?.frames.filter(({ frame }) => frame === "events")).toHaveLength(1);
  });
});

describe("going away", () => {
  it("tells everyone where to resume, each its own place, and takes nobody after it", async () => {
    const { say, log, feed, watch, watchLive } = house();
    const [quick, slow, filtered] = [
      await watchLive(),
      await watchLive(),
      await watchLive({ sessions: ["z"] }),
    ];
    say("a");
    slow.stall();
    say("a");
    say("a");
    await feed.close();
    const last = (each: typeof quick) => each.seen().at(-1);
    expect(last(quick)).toEqual({ frame: "going-away", resumeFrom: 3 });
    expect(last(slow)).toEqual({ frame: "going-away", resumeFrom: 2 });
    expect(last(filtered)).toEqual({ frame: "going-away", resumeFrom: 3 });
    expect([quick, slow, filtered].every((each) => each.ended())).toBe(true);
    feed.publish(log.record([{ stream: "a" }]));
    await expect(watch()).rejects.toMatchObject({ problem: { code: "shutting_down" } });
  });
});
