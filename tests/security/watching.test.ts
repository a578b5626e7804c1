/** Watches over the socket and as server-sent events: order, names, resuming, slow readers. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { refuse } from "@skein/contract";
import type { EncodedFrame, WatchSink } from "../../packages/daemon/src/feed/ports.ts";
import { TOKENS, openHouse, type House } from "./house.ts";
import { dialIn } from "./wire.ts";

const frame = (position: number, text = ""): EncodedFrame => ({
  frame: "events",
  position,
  text: JSON.stringify({ frame: "events", events: [{ position, text }] }),
});
const lagged: EncodedFrame = {
  frame: "lagged",
  position: 9,
  text: '{"frame":"lagged","resumeFrom":9}',
};

type Feed = { opened: { after: number | undefined; sink: WatchSink; closed: boolean }[] };

const openFeed = (early: EncodedFrame[] = []) => {
  const feed: Feed = { opened: [] };
  const openWatch = async (input: { after: number | undefined }, sink: WatchSink) => {
    if (input.after === 666) throw refuse("cursor_ahead", "ahead", "look at head");
    const entry = { after: input.after, sink, closed: false };
    feed.opened.push(entry);
    for (const one of early) sink.send(one);
    return { close: () => void (entry.closed = true) };
  };
  return { feed, openWatch };
};

/** The events of a stream so far, and a way to leave it. */
const follow = (house: House, path: string, headers: Record<string, string> = {}, unix = false) =>
  new Promise<{
    response: IncomingMessage;
    text: () => string;
    ended: Promise<void>;
    leave: () => void;
  }>((resolve, reject) => {
    let text = "";
    const request = httpRequest(
      {
        ...(unix ? { socketPath: house.socketPath } : { host: "127.0.0.1", port: house.port }),
        path,
        agent: false,
        headers: {
          host: `127.0.0.1:${house.port}`,
          ...(unix ? {} : { authorization: `Bearer ${TOKENS.read}` }),
          ...headers,
        },
      },
      (response) => {
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("error", () => {});
        const ended = new Promise<void>((done) => response.once("close", () => done()));
        resolve({ response, text: () => text, ended, leave: () => request.destroy() });
      },
    );
    request.on("error", reject);
    request.end();
  });

describe("on the socket", () => {
  test("the name comes first, then the frames, in order, under that name", async () => {
    const { feed, openWatch } = openFeed([frame(1), frame(2)]);
    await using house = await openHouse({ openWatch });
    const wire = await dialIn(house.port, TOKENS.read);
    const answer = await wire.call("events.watch", { after: 0 });
    expect(answer.payload).toEqual({ watch: "w1" });
    feed.opened[0]?.sink.send(frame(3));
    await wire.frame(({ payload }) => JSON.stringify(payload).includes('"position":3'));
    const kinds = wire.frames.slice(2).map((one) => one.event ?? one.type);
    expect(kinds).toEqual(["res", "skein.watch", "skein.watch", "skein.watch"]);
    expect(wire.frames.at(-1)?.payload).toMatchObject({ watch: "w1", frame: "events" });
    wire.close();
    await expect.poll(() => feed.opened[0]?.closed).toBe(true);
  });

  test("a refusal is an answer; the socket stays", async () => {
    const { openWatch } = openFeed();
    await using house = await openHouse({ openWatch });
    const wire = await dialIn(house.port, TOKENS.read);
    expect((await wire.call("events.watch", { after: 666 })).error?.details?.["code"]).toBe(
      "cursor_ahead",
    );
    expect((await wire.call("events.watch", { after: 1 })).ok).toBe(true);
    expect((await wire.call("events.unwatch", { watch: "w1" })).payload).toEqual({ ended: false });
    wire.close();
  });

  test("after unwatch nothing more comes, and its own end frees its place", async () => {
    const { feed, openWatch } = openFeed();
    await using house = await openHouse({ openWatch });
    const wire = await dialIn(house.port, TOKENS.read);
    await wire.call("events.watch", {});
    await wire.call("events.watch", {});
    const [first, second] = feed.opened;
    expect((await wire.call("events.unwatch", { watch: "w1" })).payload).toEqual({ ended: true });
    expect(first?.closed).toBe(true);
    first?.sink.send(frame(5, "must not come"));
    second?.sink.send(lagged);
    second?.sink.end();
    await wire.frame(({ payload }) => payload?.["frame"] === "lagged");
    expect((await wire.call("events.unwatch", { watch: "w2" })).payload).toEqual({ ended: false });
    expect(JSON.stringify(wire.frames)).not.toContain("must not come");
    wire.close();
  });

  test("a reader that stops reading is reported to the feed, and called back when it reads again", async () => {
    const { feed, openWatch } = openFeed();
    await using house = await openHouse({ openWatch });
    const wire = await dialIn(house.port, TOKENS.read);
    await wire.call("events.watch", {});
    wire.websocket.pause();
    const sink = feed.opened[0]?.sink as WatchSink;
    const big = "x".repeat(100_000);
    let sent = 0;
    while (sink.send(frame(++sent, big))) expect(sent).toBeLessThan(1_000);
    let ready = false;
    sink.ready(() => (ready = true));
    expect(ready).toBe(false);
    wire.websocket.resume();
    await expect.poll(() => ready).toBe(true);
    await expect
      .poll(() => wire.frames.filter(({ event }) => event === "skein.watch").length)
      .toBe(sent);
    wire.close();
  });
});

describe("as server-sent events", () => {
  test.each([[false], [true]])(
    "each frame carries its position (through the unix socket: %s)",
    async (unix) => {
      const { feed, openWatch } = openFeed([frame(3)]);
      await using house = await openHouse({ openWatch });
      const stream = await follow(house, "/api/events/watch?after=2", {}, unix);
      expect(stream.response.headers["content-type"]).toContain("text/event-stream");
      expect(stream.response.headers["x-content-type-options"]).toBe("nosniff");
      const sink = feed.opened[0]?.sink as WatchSink;
      sink.send({ frame: "deltas", position: null, text: '{"frame":"deltas","deltas":[]}' });
      sink.send(frame(4));
      await expect.poll(() => stream.text()).toContain("id: 4\n");
      const events = stream
        .text()
        .split("\n\n")
        .filter((one) => one.includes("data:"));
      expect(events.map((one) => /^id: (\d+)/.exec(one)?.[1])).toEqual(["3", undefined, "4"]);
      expect(feed.opened[0]?.after).toBe(2);
      stream.leave();
      await expect.poll(() => feed.opened[0]?.closed).toBe(true);
    },
  );

  test("a reader that comes back is taken up where it was", async () => {
    const { feed, openWatch } = openFeed([frame(1)]);
    await using house = await openHouse({ openWatch });
    const ask = async (path: string, last?: string) => {
      const stream = await follow(house, path, last === undefined ? {} : { "last-event-id": last });
      stream.leave();
      return feed.opened.at(-1)?.after;
    };
    expect(await ask("/api/events/watch")).toBeUndefined();
    expect(await ask("/api/events/watch?after=4")).toBe(4);
    expect(await ask("/api/events/watch?after=4", "17")).toBe(17);
    expect(await ask("/api/events/watch?after=4", "junk")).toBe(4);
    expect(await ask("/api/events/watch?after=4", "-1")).toBe(4);
  });

  test("the end of the watch is the end of the answer", async () => {
    const { feed, openWatch } = openFeed([frame(1)]);
    await using house = await openHouse({ openWatch });
    const stream = await follow(house, "/api/events/watch");
    feed.opened[0]?.sink.send(lagged);
    feed.opened[0]?.sink.end();
    await stream.ended;
    expect(stream.text()).toContain('"resumeFrom":9');
  });

  test("a refusal is a plain answer", async () => {
    const { openWatch } = openFeed();
    await using house = await openHouse({ openWatch });
    const answer = await house.ask({ path: "/api/events/watch?after=666", token: TOKENS.read });
    expect(answer.status).toBe(400);
    expect(answer.json().error?.code).toBe("cursor_ahead");
  });

  test("a quiet one is kept alive, and ends when its token does", async () => {
    const { openWatch } = openFeed();
    await using house = await openHouse({ openWatch });
    const stream = await follow(house, "/api/events/watch");
    house.clock.turn(30_001);
    await expect.poll(() => stream.text()).toContain(": still here");
    house.revoked.add("tok_read");
    house.clock.turn(30_001);
    await stream.ended;
  });

  test("a reader that stops reading is reported to the feed", async () => {
    const { feed, openWatch } = openFeed([frame(1)]);
    await using house = await openHouse({ openWatch });
    const stream = await follow(house, "/api/events/watch");
    stream.response.pause();
    const sink = feed.opened[0]?.sink as WatchSink;
    let sent = 1;
    while (sink.send(frame(++sent, "x".repeat(100_000)))) expect(sent).toBeLessThan(1_000);
    let ready = false;
    sink.ready(() => (ready = true));
    stream.response.resume();
    await expect.poll(() => ready).toBe(true);
    stream.leave();
  });
});
