/** Over there, where nobody can look whether a process lives: its scripts run here, on a machine that has no /proc. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, SYSTEM_PATH } from "@skein/sdk";
import { settled } from "@skein/sdk/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Ask } from "./ask.ts";
import { makeDetached, type DetachedDeps } from "./detached.ts";
import { makeProcesses } from "./processes.ts";
import { oneLine, READER } from "./script.ts";
import type { Link } from "./link.ts";
import { startThere } from "./start.ts";
import { makeWriter } from "./writer.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "skein-ends-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const askWith =
  (words: string, proc = "/no-such-folder/"): Ask =>
  async (script, { input = Buffer.alloc(0) } = {}) => {
    const whole = `bye() { exit "$1"; }\n${words}\n${script.replaceAll("/proc/", proc)}`;
    const child = spawn("/bin/sh", ["-c", READER], { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.end(Buffer.concat([Buffer.from(oneLine(whole)), input]));
    const parts: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => parts.push(bytes));
    child.stderr.resume();
    const [code] = (await once(child, "close")) as [number];
    return { code, output: Buffer.concat(parts), errors: "" };
  };

const owner = { session: "ses_test", generation: 1 };
const start = (words: string, program: string) =>
  startThere(
    { home: dir, ask: askWith(words) },
    {
      dir: join(dir, "spool"),
      argv: ["sh", "-c", `echo $$ >${dir}/pid; ${program}`],
      env: { PATH: SYSTEM_PATH },
      folder: dir,
      owner,
    },
  );
const begun = (name: string): Promise<string> =>
  settled(
    () => readFile(join(dir, name), "utf8").catch(() => ""),
    (text) => text !== "",
  );

/** Those that carry the marks, when none is left, or for good. */
const left = () => {
  const ask = askWith("", "/proc/");
  const processes = makeProcesses({ home: dir, clock: systemClock, ask });
  return settled(processes.owned, (all) => all.length === 0);
};

/** What ends it, as `words` let it look; how often it was swept. */
const end = async (words: string, graceMs: number) => {
  const process = await start(
    "",
    `trap 'sleep 0.2; echo bye >${dir}/said; exit' TERM; while :; do sleep 0.05; done`,
  );
  await begun("pid");
  let swept = 0;
  const deps = {
    ask: askWith(words),
    clock: systemClock,
    guard: { watch: () => () => undefined },
    processes: { sweep: async () => (swept += 1) },
  } as unknown as DetachedDeps;
  const detached = makeDetached(deps, { dir: join(dir, "spool"), owner, process });
  const told = await detached.terminate(graceMs).then(String, String);
  return { told, swept: () => swept, pid: process.pid };
};

test("an agent that cannot be looked at is not ended without having been asked to", async () => {
  const { told, swept, pid } = await end("ps() { return 1; }", 5_000);
  process.kill(-pid, "SIGKILL");
  expect(told).toContain("cannot be looked at");
  expect(swept()).toBe(0);
});

test("an agent that cannot be looked at for a moment keeps the rest of its time to end", async () => {
  const looks = `ps() { echo >>${dir}/looks; [ "$(wc -l <${dir}/looks)" -ne 2 ] && command ps "$@"; }`;
  await end(looks, 10_000);
  expect(await left()).toEqual([]);
  expect(await readFile(join(dir, "said"), "utf8").catch(() => "")).toBe("bye\n");
});

test("an agent that nobody could find again is not left behind by its start", async () => {
  await expect(start("ps() { return 1; }", "sleep 1000")).rejects.toThrow("could not be started");
  expect(await left()).toEqual([]);
});

test("a line is claimed by a writer that others can look at, or begun anew", async () => {
  const process = await start("", 'read line; echo "$line" >>got; read line');
  const itself = `ps() { case $* in *"$$,$$") [ -e ${dir}/looked ] || { : >${dir}/looked; return 1; };; esac; command ps "$@"; }`;
  const codes: number[] = [];
  const ask: Ask = async (...given) => {
    const answer = await askWith(itself)(...given);
    codes.push(answer.code);
    return answer;
  };
  const link = { up: async () => undefined } as unknown as Link;
  const deps = { ask, link, clock: systemClock, random: () => 0 };
  const writer = makeWriter(deps, { dir: join(dir, "spool"), process });
  await writer.write("one");
  expect(await begun("got")).toBe("one\n");
  expect(codes).toEqual([30, 0]);
  await writer.write("two");
  expect(await left()).toEqual([]);
});
