/** The end of a daemon, seen from outside. */
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import type { WatchSink } from "../../packages/daemon/src/feed/ports.ts";
import { TOKENS, openHouse } from "./house.ts";
import { dial, dialIn } from "./wire.ts";

const connects = (target: { path: string } | { host: string; port: number }): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(target as { path: string }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

describe("a daemon that stops", () => {
  test("says so, tells watchers where to resume, finishes what it began, and is gone", async () => {
    const write = Promise.withResolvers<unknown>();
    const sinks: WatchSink[] = [];
    const goingAway = {
      frame: "going-away",
      position: 5,
      text: '{"frame":"going-away","resumeFrom":5}',
    } as const;
    const house = await openHouse({
      operate: (name) => (name === "backends.refresh" ? write.promise : Promise.resolve({})),
      openWatch: async (_input, sink) => {
        sinks.push(sink);
        return { close: () => {} };
      },
      endWatches: async () => {
        for (const sink of sinks) {
          sink.send(goingAway);
          sink.end();
        }
      },
    });
    const wire = await dialIn(house.port, TOKENS.admin);
    await wire.call("events.watch", {});
    const slow = house.ask({
      method: "POST",
      path: "/api/backends/refresh",
      body: "{}",
      token: TOKENS.admin,
    });
    const onSocket = wire.call("backends.refresh", {});
    const stream = house.ask({ path: "/api/events/watch", token: TOKENS.read });
    await expect.poll(() => house.calls.length + sinks.length).toBe(4);

    const closing = house.server.close();
    await wire.frame(({ event }) => event === "shutdown");
    await wire.frame(({ payload }) => payload?.["frame"] === "going-away");
    expect((await stream).text).toContain('"resumeFrom":5');
    expect((await wire.call("sessions.list", {})).error?.details?.["code"]).toBe("shutting_down");
    expect(await connects({ host: "127.0.0.1", port: house.port })).toBe(false);
    expect(await connects({ path: house.socketPath })).toBe(false);

    write.resolve({ backends: [] });
    expect((await slow).status).toBe(200);
    expect((await onSocket).ok).toBe(true);
    expect((await wire.ended).code).toBe(1001);
    await closing;
    await expect(stat(house.socketPath)).rejects.toThrow("ENOENT");
    await house[Symbol.asyncDispose]();
  });

  test("does not wait longer than it may, for anyone", async () => {
    const signals: AbortSignal[] = [];
    const house = await openHouse({
      operate: (_name, _input, _caller, signal) => {
        signals.push(signal);
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("gave up")), { once: true });
        });
      },
    });
    const deaf = await dialIn(house.port, TOKENS.admin);
    const read = house.ask({ path: "/api/wait?sessions=x", token: TOKENS.read });
    const write = house.ask({ method: "POST", path: "/api/stop", body: "{}", token: TOKENS.admin });
    await expect.poll(() => signals.length).toBe(2);
    deaf.websocket.pause();

    const closing = house.server.close();
    house.clock.turn(251);
    expect((await read).json().error?.code).toBe("shutting_down");
    await expect.poll(() => signals.filter((signal) => signal.aborted).length).toBe(1);
    house.clock.turn(5_000);
    expect((await write).json().error?.code).toBe("shutting_down");
    await closing;
    deaf.websocket.resume();
    await deaf.ended;
    await house[Symbol.asyncDispose]();
  });

  test("stops all the same when its watchers cannot be told", async () => {
    const house = await openHouse({ endWatches: () => Promise.reject(new Error("no feed")) });
    const wire = await dialIn(house.port, TOKENS.read);
    await house.server.close();
    expect((await wire.ended).code).toBe(1001);
    expect(house.lines.join()).toContain("no feed");
    await house[Symbol.asyncDispose]();
  });

  test("may be told twice", async () => {
    const house = await openHouse();
    expect(await Promise.all([house.server.close(), house.server.close()])).toHaveLength(2);
    await house[Symbol.asyncDispose]();
    await expect(dial(house.port)).rejects.toThrow("ECONNREFUSED");
  });
});

describe("a caller that leaves", () => {
  test("ends its reads, never its writes", async () => {
    const signals = new Map<string, AbortSignal>();
    await using house = await openHouse({
      operate: (name, _input, _caller, signal) => {
        signals.set(name, signal);
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("gone")), { once: true });
        });
      },
    });
    const wire = await dialIn(house.port, TOKENS.admin);
    wire.send({ type: "req", id: "1", method: "sessions.wait", params: { sessions: ["x"] } });
    wire.send({ type: "req", id: "2", method: "system.stop", params: {} });
    await expect.poll(() => signals.size).toBe(2);
    wire.websocket.terminate();
    await expect.poll(() => signals.get("sessions.wait")?.aborted).toBe(true);
    expect(signals.get("system.stop")?.aborted).toBe(false);
    house.clock.turn(10);
    const closing = house.server.close();
    house.clock.turn(6_000);
    await closing;
  });
});
