import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { acquireLock } from "./lock.ts";
import { makeFolder } from "./testkit/files.ts";

/** A process that tries for the lock, says what came of it, and holds what it has until it is killed. */
const contender = (folder: string): ChildProcess => {
  const script = `
    const { acquireLock } = await import(${JSON.stringify(new URL("./lock.ts", import.meta.url).href)});
    process.stdout.write("ready");
    process.stdin.once("data", () => process.stdout.write(acquireLock(${JSON.stringify(folder)}) ? "won" : "lost"));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
};

const word = async (child: ChildProcess): Promise<string> => {
  if (child.stdout === null) throw new Error("no stdout");
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return said.toString();
};

it("is held by one at a time, and given on", () => {
  const folder = makeFolder();
  const first = acquireLock(folder);
  expect(first).not.toBeNull();
  expect(acquireLock(folder)).toBeNull();
  first?.release();
  first?.release();
  const second = acquireLock(folder);
  expect(second).not.toBeNull();
  second?.release();
  expect(acquireLock(makeFolder())).not.toBeNull();
});

it(
  "goes to exactly one of twenty at once, and to the next when that one is killed",
  { timeout: 30_000 },
  async () => {
    const folder = makeFolder();
    const all = Array.from({ length: 20 }, () => contender(folder));
    expect(await Promise.all(all.map(word))).toEqual(all.map(() => "ready"));
    const answers = Promise.all(all.map(word));
    for (const child of all) child.stdin?.write("go");
    const outcome = await answers;
    expect(outcome.filter((said) => said === "won")).toHaveLength(1);
    expect(outcome.filter((said) => said === "lost")).toHaveLength(19);

    expect(acquireLock(folder)).toBeNull();
    const winner = all[outcome.indexOf("won")];
    winner?.kill("SIGKILL");
    if (winner !== undefined) await once(winner, "exit");
    // Its file is there still, and means nothing.
    expect(readdirSync(join(folder, "run"))).toContain("daemon.lock");
    const lock = acquireLock(folder);
    expect(lock).not.toBeNull();
    lock?.release();
  },
);
