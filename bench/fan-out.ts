/** One event to ten thousand watchers, one of whom has stopped reading. The watchers live in a process of their own. */
import { fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { median, type Figure } from "./figures.ts";
import { openWire } from "./socket.ts";
import { here, type World } from "./world.ts";

const WATCHERS = 10_000;
const EVENTS = 7;

type Report = { readonly lastMs: number };

const rss = async (world: World): Promise<number> =>
  (await world.ask<{ rss: number }>("memory")).rss;

export const measureFanOut = async (
  world: World,
  token: string,
  session: string,
): Promise<Figure[]> => {
  const crowd = fork(here("crowd.ts"), [world.address, token, session, String(WATCHERS)]);
  const next = <T>(): Promise<T> =>
    new Promise((resolve) => crowd.once("message", (message) => resolve(message as T)));
  await next<{ ready: true }>();
  const producer = await openWire(world.address, token);
  const blocked: number[] = [];
  const last: number[] = [];
  for (let round = 0; round <= EVENTS; round++) {
    await world.ask("watch the loop");
    const report = next<Report>();
    await producer.request("events.append", {
      session,
      events: [{ type: "bench.fan", data: { round }, clientId: `f${round}` }],
    });
    last.push((await report).lastMs);
    blocked.push((await world.ask<{ loopMaxMs: number }>("how was the loop")).loopMaxMs);
  }
  const stalled = await measureStalled(world, token, session);
  producer.close();
  crowd.kill();
  return [
    {
      what: "one event to 10,000 watchers: the loop is blocked for",
      measured: Math.max(...blocked.slice(1)),
      unit: "ms",
      reach: { atMost: 20 },
      note: `worst of ${EVENTS}; median ${median(blocked.slice(1)).toFixed(1)} ms; last watcher after ${median(last.slice(1)).toFixed(0)} ms (watchers share the cores)`,
    },
    ...stalled,
  ];
};

/** A reader that takes nothing while 60 MB are published past it, beside one that reads. */
const measureStalled = async (world: World, token: string, session: string): Promise<Figure[]> => {
  const stalled = await openWire(world.address, token);
  await stalled.request("events.watch", { filter: { sessions: [session] } });
  const producer = await openWire(world.address, token);
  const big = "y".repeat(30_000);
  const flood = async (name: string, count: number): Promise<number> => {
    const begin = performance.now();
    for (let number = 0; number < count; number++) {
      await producer.request("events.append", {
        session,
        events: [{ type: "bench.flood", data: { big }, clientId: `${name}${number}` }],
      });
    }
    return performance.now() - begin;
  };
  await flood("warm", 500);
  const before = await rss(world);
  const free = await flood("free", 1_000);
  const between = await rss(world);
  stalled.ws.pause();
  const held = await flood("held", 1_000);
  await pause(50);
  const after = await rss(world);
  stalled.ws.terminate();
  producer.close();
  const added = Math.max(0, after - between) / 1024 / 1024;
  return [
    {
      what: "one stalled reader adds",
      measured: added,
      unit: "MB",
      reach: { atMost: 20 },
      note: `30 MB published past it; without it the same flood added ${(Math.max(0, between - before) / 1024 / 1024).toFixed(1)} MB`,
    },
    {
      what: "appends beside a stalled reader, time against without",
      measured: held / free,
      unit: "x",
      reach: { atMost: 1.2 },
      note: "1,000 appends of 30 kB each",
    },
  ];
};
