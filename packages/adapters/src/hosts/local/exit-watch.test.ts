import type { Clock, Exit } from "@skein/sdk";
import { expect, test } from "vitest";
import { makeExitWatch } from "./exits.ts";
import type { Processes } from "./processes.ts";

const born = { pid: 42, started: "7" };
const stat = { ...born, group: 42, session: 42 };
/** It never rings. */
const clock: Clock = { now: () => 0, monotonic: () => 0, after: () => () => undefined };

test("what cannot be told is no end; a process that is gone, or another by now, is one", async () => {
  let told: () => Promise<typeof stat | null>;
  const processes: Pick<Processes, "stat"> = { stat: () => told() };
  const watch = makeExitWatch(clock, processes as Processes);
  const ends: Exit[] = [];
  watch.watch(born, (exit) => ends.push(exit));
  for (told of [async () => stat, () => Promise.reject(new Error("too many open files"))])
    await watch.look();
  expect(ends).toEqual([]);
  told = async () => ({ ...stat, started: "8" });
  await watch.look();
  expect(ends).toEqual([{ exitCode: null, signal: null, witnessed: false }]);
  told = async () => null;
  await watch.look();
  expect(ends).toHaveLength(1);
});
