import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import fc from "fast-check";
import { systemClock, isAdapterFailure, type Clock } from "@skein/sdk";
import { expect, test } from "vitest";
import { parseStat } from "../marks.ts";
import type { Ask } from "./ask.ts";
import { oneLine, READER } from "./script.ts";
import { makeWriter } from "./writer.ts";

/** Nobody waits here: what would wait comes next. */
const hurried: Clock = {
  ...systemClock,
  after: (ms, run) => systemClock.after(Math.min(ms, 1), run),
};

/**
 * What may befall a trip. `lost`: all was done, and the answer did not come. `early`: nor was it waited for. `short`: half of it came.
 * `held`: it came whole, and began when all was long over.
 */
type Fate = "well" | "lost" | "early" | "short" | "never" | "held";

const runHere = async (script: string, input: Buffer): Promise<number> => {
  const child = spawn("/bin/sh", ["-c", READER], { stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.on("error", () => undefined);
  child.stdin.end(Buffer.concat([Buffer.from(oneLine(`bye() { exit "$1"; }\n${script}`)), input]));
  const [code] = (await once(child, "close")) as [number];
  return code;
};

const makeAgent = async () => {
  const dir = await mkdtemp(join(tmpdir(), "skein-writer-"));
  execFileSync("mkfifo", [join(dir, "in")]);
  const stdin = openSync(join(dir, "in"), constants.O_RDWR);
  const stdout = openSync(join(dir, "out"), "a");
  const child = spawn("cat", [], { stdio: [stdin, stdout, "ignore"] });
  closeSync(stdin);
  closeSync(stdout);
  const pid = child.pid ?? 0;
  const started = parseStat(pid, readFileSync(`/proc/${pid}/stat`, "latin1"))?.started ?? "";
  return {
    dir,
    place: { dir, process: { pid, started } },
    /** All that it read, once the line `last` is the newest of it: a pipe keeps the order. */
    readUpTo: async (last: string): Promise<string> => {
      for (let tries = 0; tries < 2_000; tries += 1) {
        const out = await readFile(join(dir, "out"), "utf8");
        if (out.endsWith(`${last}\n`)) return out;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      throw new Error(`The line ${last} did not come.`);
    },
    kill: async (): Promise<void> => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await rm(dir, { recursive: true, force: true });
    },
  };
};

const makeTrips = (fates: readonly Fate[]) => {
  const left = [...fates];
  const running: Promise<unknown>[] = [];
  const held: (() => Promise<unknown>)[] = [];
  const ask: Ask = async (script, { input = Buffer.alloc(0) } = {}) => {
    const fate = left.shift() ?? "well";
    if (fate === "never") throw new Error("no way there");
    if (fate === "held") {
      held.push(() => runHere(script, input));
      throw new Error("the link is gone, and what was sent is on its way");
    }
    const part = fate === "short" ? input.subarray(0, input.length / 2) : input;
    const run = runHere(script, part);
    running.push(run);
    if (fate === "early") throw new Error("the link is gone already");
    const code = await run;
    if (fate === "lost") throw new Error("the answer was lost");
    return { code, output: Buffer.alloc(0), errors: "" };
  };
  const settled = async (): Promise<void> => {
    await Promise.all(running);
    for (const run of held) await run();
  };
  return { ask, settled };
};

const link = { up: async () => undefined } as unknown as Parameters<typeof makeWriter>[0]["link"];

test(
  "whatever befalls a trip, each line is written once, whole and in order",
  { timeout: 60_000 },
  async () => {
    const fate = fc.constantFrom<Fate>("well", "lost", "early", "short", "never", "held");
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { maxLength: 12 }), async (fates) => {
        await using agent = await makeAgent();
        const trips = makeTrips(fates);
        const writer = makeWriter(
          { ask: trips.ask, link, clock: hurried, random: () => 0 },
          agent.place,
        );
        const lines = Array.from({ length: 8 }, (_, at) => `line ${at} ${"x".repeat(at * 1_000)}`);
        // Some wait while others are on their way, and go together.
        for (const pair of [
          lines.slice(0, 1),
          lines.slice(1, 2),
          lines.slice(2, 5),
          lines.slice(5),
        ])
          await Promise.all(pair.map((line) => writer.write(line)));
        await trips.settled();
        await writer.write("last");
        expect(await agent.readUpTo("last")).toBe([...lines, "last", ""].join("\n"));
      }),
      { numRuns: 10 },
    );
  },
);

test("a line for an agent that is dead is refused, and not waited with", async () => {
  await using agent = await makeAgent();
  await agent.kill();
  const { ask } = makeTrips(["lost"]);
  const writer = makeWriter({ ask, link, clock: hurried, random: () => 0 }, agent.place);
  const refused = await writer.write("x").catch((error: unknown) => error);
  expect(isAdapterFailure(refused) && refused.failure.code).toBe("backend_unavailable");
});

/** The one that copies a line into the FIFO of that folder, once it is there. */
const copierIn = async (dir: string): Promise<number> => {
  for (let tries = 0; tries < 2_000; tries += 1) {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
      if (isCopier(pid, dir)) return Number(pid);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("Nothing writes there.");
};

const isCopier = (pid: string, dir: string): boolean => {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return words.startsWith("cat\0s.") && readlinkSync(`/proc/${pid}/cwd`) === dir;
  } catch {
    return false;
  }
};

test("a line that is cut while its agent lives is told as that, and spoils no other", async () => {
  await using agent = await makeAgent();
  const { ask } = makeTrips([]);
  const writer = makeWriter({ ask, link, clock: hurried, random: () => 0 }, agent.place);
  process.kill(agent.place.process.pid, "SIGSTOP");
  // Longer than the FIFO: what copies it has to wait.
  const long = writer.write("x".repeat(200_000)).catch((error: unknown) => error);
  process.kill(await copierIn(agent.dir), "SIGKILL");
  const failure = await long;
  expect(isAdapterFailure(failure) && failure.failure.kind).toBe("protocol");
  process.kill(agent.place.process.pid, "SIGCONT");
  await writer.write("next");
  await writer.write("last");
  expect(await agent.readUpTo("last")).toMatch(/^x+\nnext\nlast\n$/);
});
