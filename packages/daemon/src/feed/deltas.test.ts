import type { Delta } from "@skein/contract";
import { describe, expect, it } from "vitest";
import { makeFeed } from "./feed.ts";
import type { FeedLimits } from "./limits.ts";
import type { WatchRequest } from "./ports.ts";
import { caughtUp, everything, makeClock, makeLog, makeRecorder, until } from "./testkit/kit.ts";

const A = "ses_00000000000000000000000001";
const B = "ses_00000000000000000000000002";
const delta = (text: string, more: Partial<Delta> = {}): Delta => ({
  session: A,
  item: "i1",
  kind: "message",
  text,
  ...more,
});

const house = (limits: Partial<FeedLimits> = {}, step = 0) => {
  const log = makeLog();
  const clock = makeClock(step);
  const feed = makeFeed({ source: log, clock, limits });
  const watch = async (request: Partial<WatchRequest> = {}) => {
    const recorder = makeRecorder();
    await feed.watch({ ...everything, ...request }, recorder);
    await until("caught up", caughtUp(recorder));
    return recorder;
  };
  return { log, clock, feed, watch };
};

const heard = (recorder: ReturnType<typeof makeRecorder>): Delta[][] =>
  recorder.seen().flatMap((frame) => (frame.frame === "deltas" ? [frame.deltas] : []));

describe("live words", () => {
  it("of a short while come as one, by session, item and kind, in order", async () => {
    const { feed, clock, watch } = house();
    const watcher = await watch();
    for (const text of ["Hel", "lo", " there"]) feed.live(delta(text));
    feed.live(delta("thinking", { kind: "reasoning" }));
    feed.live(delta("other", { session: B }));
    feed.live(delta("."));
    clock.turn(39);
    expect(heard(watcher)).toEqual([]);
    clock.turn(1);
    expect(heard(watcher)).toEqual([
      [
        delta("Hello there."),
        delta("thinking", { kind: "reasoning" }),
        delta("other", { session: B }),
      ],
    ]);
    clock.turn(100);
    expect(heard(watcher)).toHaveLength(1);
  });

  it("go to those who want them, of those sessions they want", async () => {
    const { feed, clock, watch } = house();
    const [of, none, other] = [
      await watch({ sessions: [A] }),
      await watch({ live: false }),
      await watch({ sessions: [B] }),
    ];
    feed.live(delta("a"));
    feed.live(delta("b", { session: B }));
    clock.turn(40);
    expect(heard(of)).toEqual([[delta("a")]]);
    expect(heard(none)).toEqual([]);
    expect(heard(other)).toEqual([[delta("b", { session: B })]]);
  });

  it("never come after the settled item, wherever they waited", async () => {
    const { feed, log, clock, watch } = house();
    const watcher = await watch();
    feed.live(delta("late"));
    feed.live(delta("else", { item: "i2" }));
    feed.settle(A, "i1");
    feed.publish(log.record([{ stream: A, type: "session.item" }]));
    clock.turn(40);
    expect(heard(watcher)).toEqual([[delta("else", { item: "i2" })]]);
  });

  it("never come after the settled item to one whose turn had not come, though it filters the item out", async () => {
    // One watcher is served in a turn; the others wait for theirs when the item settles.
    const { feed, clock, watch, log } = house({ publishMs: 1, sliceMs: 1 }, 1);
    const many = await Promise.all(
      Array.from({ length: 10 }, () => watch({ types: ["session.status"] })),
    );
    feed.live(delta("late"));
    clock.turn(40);
    const before = many.filter((each) => heard(each).length > 0).length;
    expect(before).toBeLessThan(10);
    feed.settle(A, "i1");
    feed.publish(log.record([{ stream: A, type: "session.item" }]));
    // Two for each of the ten: the line is empty long before.
    for (let turns = 0; turns < 20; turns += 1)
      await new Promise((resolve) => setImmediate(resolve));
    feed.publish(log.record([{ stream: A, type: "session.status" }]));
    await until("the event", () => many.every((each) => each.positions().length === 1));
    expect(many.filter((each) => heard(each).length > 0)).toHaveLength(before);
  });

  it("are dropped for one that is behind, and flow again when it is not", async () => {
    const { feed, log, clock, watch } = house();
    const [slow, quick] = [await watch(), await watch()];
    slow.stall();
    feed.publish(log.record([{ stream: A }]));
    feed.live(delta("lost"));
    clock.turn(40);
    slow.open();
    feed.live(delta("heard"));
    clock.turn(40);
    expect(heard(slow)).toEqual([[delta("heard")]]);
    expect(heard(quick)).toEqual([[delta("lost")], [delta("heard")]]);
  });

  it("are told once, also to one whose carrier was full while others had their turn", async () => {
    const { feed, clock, watch } = house({ publishMs: 1, sliceMs: 1 }, 1);
    const many = await Promise.all(Array.from({ length: 10 }, () => watch()));
    for (const each of many) each.stall();
    feed.live(delta("once"));
    clock.turn(40);
    const first = many.filter((each) => heard(each).length > 0);
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThan(10);
    for (const each of first) each.open();
    await until("the others", () => many.every((each) => heard(each).length > 0));
    for (let turns = 0; turns < 20; turns += 1)
      await new Promise((resolve) => setImmediate(resolve));
    expect(many.map(heard)).toEqual(many.map(() => [[delta("once")]]));
  });

  it("go out at once when much waits, and nothing is gathered when nobody listens", async () => {
    const { feed, clock, watch } = house({ deltaBytes: 10 });
    feed.live(delta("x".repeat(1_000)));
    const watcher = await watch();
    clock.turn(100);
    expect(heard(watcher)).toEqual([]);
    feed.live(delta("12345"));
    expect(heard(watcher)).toEqual([]);
    feed.live(delta("67890"));
    expect(heard(watcher)).toEqual([[delta("1234567890")]]);
  });
});
